// The Flight endpoint for everyone: SQL and tables to the queriers, writes to the acceptors.
import { randomBytes } from 'node:crypto';
import { type Access, accountOf } from '@signaldb/access';
import type { CallContext, FlightDescriptor, FlightService } from '@signaldb/flight';
import { createFlightSqlService, createHmacSeal } from '@signaldb/flight-sql';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RouterConfig } from '../config.ts';
import type { QuerierSource } from '../querier-pool.ts';
import { querierSeal } from '../sealed-querier.ts';
import { callTenant, namedTenant } from './call-tenant.ts';
import { plainFlights } from './plain-flights.ts';
import { SessionCookies } from './session-cookies.ts';
import { splitQuery } from './split-query.ts';
import { sqlHandlers } from './sql-handlers.ts';
import { tenantSeal } from './tenant-seal.ts';
import { type AcceptorFor, forwardWrites, writeActions } from './writes.ts';

export interface FrontDoorOptions {
  readonly source: QuerierSource;
  readonly acceptorFor: AcceptorFor;
  readonly access: Access;
  readonly config: Pick<RouterConfig, 'ticketLifetimeMs' | 'preparedLifetimeMs' | 'directEndpoints'>;
  /** SignalDB's own. */
  readonly version: string;
}

/** Tenants whose services are kept; those of others are made again. */
const tenantsMax = 1000;

/** How a client of several tenants says which one it means: they can't depend on its having said so. */
const sessionActions: readonly string[] = ['GetSessionOptions', 'SetSessionOptions', 'CloseSession'];

/** One service for all tenants: each call goes to the service of its own. */
export function createFrontDoor(options: FrontDoorOptions): Partial<FlightService> {
  const cookies = new SessionCookies(options.access.clusterKey);
  const services = new Map<string, Required<FlightService>>();
  const serviceOf = (tenant: string): Required<FlightService> => {
    let service = services.get(tenant);
    if (!service) {
      if (services.size >= tenantsMax) services.delete(services.keys().next().value!);
      service = tenantService(tenant, cookies, options) as Required<FlightService>;
      services.set(tenant, service);
    }
    return service;
  };
  const of = (context: CallContext, descriptor?: FlightDescriptor) =>
    serviceOf(callTenant(context, cookies, descriptor));
  return options.access.flight({
    async getFlightInfo(descriptor, context) {
      cookies.offer(context);
      return of(context, descriptor).getFlightInfo(descriptor, context);
    },
    pollFlightInfo: async (descriptor, context) => of(context, descriptor).pollFlightInfo(descriptor, context),
    getSchema: async (descriptor, context) => of(context, descriptor).getSchema(descriptor, context),
    listFlights: (criteria, context) => of(context).listFlights(criteria, context),
    doGet: (ticket, context) => of(context).doGet(ticket, context),
    doPut: (messages, context) => of(context).doPut(messages, context),
    doExchange: (messages, context) => of(context).doExchange(messages, context),
    doAction(action, context) {
      cookies.offer(context);
      if (sessionActions.includes(action.type)) return serviceOf(anyTenant(context, cookies)).doAction(action, context);
      return of(context).doAction(action, context);
    },
    listActions: (context) => of(context).listActions(context),
  });
}

function anyTenant(context: CallContext, cookies: SessionCookies): string {
  try {
    return callTenant(context, cookies);
  } catch (error) {
    const { tenants } = accountOf(context);
    const named = namedTenant(context) !== undefined;
    if (named || tenants === '*' || tenants[0] === undefined) throw error;
    return tenants[0];
  }
}

function tenantService(tenant: string, cookies: SessionCookies, options: FrontDoorOptions): Partial<FlightService> {
  const { source, acceptorFor, access, config, version } = options;
  const { clusterKey } = access;
  const sealOf = (purpose: string, lifetimeMs: number) =>
    tenantSeal(tenant, () => createHmacSeal({ key: clusterKey.derive(purpose), lifetimeMs }));
  const ticketSeal = () => querierSeal(clusterKey, config.ticketLifetimeMs);
  const plan = splitQuery({ tenant, source, seal: ticketSeal, direct: config.directEndpoints });
  const handlers = sqlHandlers({ tenant, source, acceptorFor, cookies, seal: ticketSeal, plan });
  return createFlightSqlService(handlers, {
    server: { name: 'SignalDB', version },
    seal: sealOf('statements', config.ticketLifetimeMs),
    handleSeal: sealOf('prepared statements', config.preparedLifetimeMs),
    fallback: {
      ...plainFlights({ tenant, source, seal: ticketSeal, plan, queryId: () => randomBytes(12).toString('hex') }),
      ...writesOf(tenant, acceptorFor),
    },
  });
}

function writesOf(tenant: string, acceptorFor: AcceptorFor): Partial<FlightService> {
  const writes = forwardWrites(tenant, acceptorFor);
  return {
    ...writes,
    doAction(action, context) {
      if (writeActions.some(({ type }) => type === action.type)) return writes.doAction(action, context);
      throw new GrpcError(
        Status.UNIMPLEMENTED,
        `there is no action ${JSON.stringify(action.type.slice(0, 80))}; ListActions names those that are`,
      );
    },
    async *listActions() {
      yield* writeActions;
    },
  };
}
