// The Flight endpoint for everyone: SQL and tables to the queriers, writes to the acceptors.
import type { CallContext, FlightDescriptor, FlightInfo, FlightService } from '@signaldb/flight';
import { createFlightSqlService, type FlightSqlHandlers, fixedSessions } from '@signaldb/flight-sql';
import { GrpcError, Status } from '@signaldb/grpc';
import type { QuerierSource } from '../querier-pool.ts';
import { tenantHeader, tenantOf } from '../tenant.ts';
import { describe, query, tables } from './querier-sql.ts';
import { type AcceptorFor, forwardWrites, writeActions } from './writes.ts';

export interface FrontDoorOptions {
  readonly source: QuerierSource;
  readonly acceptorFor: AcceptorFor;
}

/** The one catalog that there is; its schemas are the tenants, of which a caller sees its own. */
const catalog = 'signaldb';
/** A caller that sends it as `true` takes an answer that is short, rather than none. */
const partialHeader = 'x-signaldb-allow-partial';

// A ticket never says whose rows it means: that is the caller's own tenant, whoever made the ticket.
const tenant = (context: CallContext) => tenantOf(context.metadata.get(tenantHeader));
const optionsOf = (context: CallContext) => ({
  signal: context.signal,
  allowPartial: context.metadata.get(partialHeader) === 'true',
});

export function createFrontDoor({ source, acceptorFor }: FrontDoorOptions): Partial<FlightService> {
  return createFlightSqlService(sqlHandlers(source), {
    fallback: { ...plainFlights(source), ...writesOf(acceptorFor) },
  });
}

/** Flights without Flight SQL: a path names a table, a command in text is a query. */
function plainFlights(source: QuerierSource): Partial<FlightService> {
  const info = (sql: string, schema: FlightInfo['schema'], descriptor: FlightDescriptor): FlightInfo => ({
    ...(schema && { schema }),
    descriptor,
    endpoints: [{ ticket: Buffer.from(JSON.stringify({ sql })), locations: [] }],
    totalRecords: -1,
    totalBytes: -1,
    ordered: true,
  });
  return {
    async getFlightInfo(descriptor, context) {
      const sql = statementOf(descriptor);
      const { schema } = await describe(source, tenant(context), sql, context.signal);
      return info(sql, schema, descriptor);
    },
    async getSchema(descriptor, context) {
      const { schema } = await describe(source, tenant(context), statementOf(descriptor), context.signal);
      if (!schema) throw new GrpcError(Status.INVALID_ARGUMENT, 'the statement has no rows');
      return schema;
    },
    async *listFlights(_criteria, context) {
      for (const { name, columns } of await tables(source, tenant(context), context.signal))
        yield info(tableQuery([name]), columns, { path: [name] });
    },
    async *doGet(ticket, context) {
      const { schema, batches } = await query(source, tenant(context), { sql: ticketSql(ticket) }, optionsOf(context));
      yield { schema };
      for await (const batch of batches) yield { batch };
    },
  };
}

function writesOf(acceptorFor: AcceptorFor): Partial<FlightService> {
  const writes = forwardWrites(acceptorFor);
  return {
    ...writes,
    doAction(action, context) {
      if (writeActions.some(({ type }) => type === action.type)) return writes.doAction(action, context);
      throw new GrpcError(
        Status.UNIMPLEMENTED,
        `there is no action ${JSON.stringify(action.type)}; ListActions names those that are`,
      );
    },
    async *listActions() {
      yield* writeActions;
    },
  };
}

function statementOf({ path, command }: FlightDescriptor): string {
  return path ? tableQuery(path) : Buffer.from(command).toString('utf8');
}

function tableQuery(path: readonly string[]): string {
  const name = path.at(-1);
  if (!name || path.length > 1)
    throw new GrpcError(Status.INVALID_ARGUMENT, 'a path has one part, the name of a table');
  return `SELECT * FROM "${name.replaceAll('"', '""')}"`;
}

function ticketSql(ticket: Uint8Array): string {
  try {
    const { sql } = JSON.parse(Buffer.from(ticket).toString('utf8'));
    if (typeof sql === 'string') return sql;
  } catch {
    // told below
  }
  throw new GrpcError(Status.INVALID_ARGUMENT, 'the ticket was not made by this service');
}

function sqlHandlers(source: QuerierSource): FlightSqlHandlers {
  return {
    prepare: (sql, context) => describe(source, tenant(context), sql, context.signal),
    query: (statement, context) => query(source, tenant(context), statement, optionsOf(context)),
    // Drivers ask for them when they connect, and some set them to what they are.
    sessions: fixedSessions((context) => ({ catalog, schema: tenant(context) })),
    metadata: {
      catalogs: async () => [catalog],
      schemas: async (context) => [{ catalog, schema: tenant(context) }],
      tables: async (_filter, context) => {
        const schema = tenant(context);
        const found = await tables(source, schema, context.signal);
        return found.map(({ name, type, columns }) => ({ catalog, schema, table: name, type, columns }));
      },
    },
  };
}
