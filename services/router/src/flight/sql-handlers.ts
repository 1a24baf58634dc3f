import { accountOf, checkWrite } from '@signaldb/access';
import type { FlightSqlHandlers, TicketSeal } from '@signaldb/flight-sql';
import type { QuerierSource } from '../querier-pool.ts';
import { callTenant, catalogName, checkTicketTenant } from './call-tenant.ts';
import { fetchOptions, openTicket } from './client-tickets.ts';
import { ingestHandler } from './ingest.ts';
import { tenantMetadata } from './metadata.ts';
import { cancelQuery, describe, query } from './querier-sql.ts';
import { cookieSessions, type SessionCookies } from './session-cookies.ts';
import type { PlanQuery } from './split-query.ts';
import { updateHandler } from './updates.ts';
import type { AcceptorFor } from './writes.ts';

export interface SqlHandlersOptions {
  readonly tenant: string;
  readonly source: QuerierSource;
  readonly acceptorFor: AcceptorFor;
  readonly cookies: SessionCookies;
  /** Of tickets that a querier takes. */
  readonly seal: () => TicketSeal;
  readonly plan: PlanQuery;
}

/** Flight SQL for one tenant. */
export function sqlHandlers(options: SqlHandlersOptions): FlightSqlHandlers {
  const { tenant, source, acceptorFor, cookies, seal, plan } = options;
  const update = updateHandler({ tenant, source, acceptorFor });
  const ingest = ingestHandler({ tenant, acceptorFor });
  return {
    prepare: (sql, context) => describe(source, tenant, sql, context.signal),
    query: (statement, context) => query(source, tenant, statement, fetchOptions(context)),
    plan,
    async update(statement, context) {
      checkWrite(accountOf(context));
      return update(statement, context);
    },
    async ingest(request, messages, context) {
      checkWrite(accountOf(context));
      return ingest(request, messages, context);
    },
    metadata: tenantMetadata(tenant, source),
    sessions: cookieSessions({ cookies, catalog: catalogName, tenantOf: (context) => callTenant(context, cookies) }),
    async cancel({ id, tickets }, context) {
      const queries = new Map(id === undefined ? [] : [[`${tenant}/${id}`, { tenant, id }]]);
      for (const bytes of tickets) {
        const ticket = openTicket(bytes, seal());
        checkTicketTenant(context, ticket.tenant);
        const { query_id: name, tenant: of } = ticket;
        if (typeof name === 'string') queries.set(`${of}/${name}`, { tenant: of, id: name });
      }
      if (queries.size === 0) return 'NOT_CANCELLABLE';
      const told = await Promise.all([...queries.values()].map((one) => cancelQuery(source, one, context.signal)));
      return told.every(Boolean) ? 'CANCELLED' : 'CANCELLING';
    },
    async renew(endpoint, context) {
      const ours = seal();
      const ticket = openTicket(endpoint.ticket, ours);
      checkTicketTenant(context, ticket.tenant);
      const expirationTime = ours.expirationTime?.();
      return {
        ...endpoint,
        ticket: ours.seal(Buffer.from(JSON.stringify(ticket))),
        ...(expirationTime && { expirationTime }),
      };
    },
  };
}
