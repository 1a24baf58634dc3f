// The Flight endpoint for everyone: SQL and tables to the queriers, writes to the acceptors.
import type { CallContext, FlightDescriptor, FlightInfo, FlightService } from '@signaldb/flight';
import { commandDescriptor } from '@signaldb/flight';
import { createFlightSqlService, encodeCommand, type FlightSqlHandlers, isFlightSqlAction } from '@signaldb/flight-sql';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RouterConfig } from '../config.ts';
import type { QuerierSource } from '../querier-pool.ts';
import { tenantHeader, tenantOf } from '../tenant.ts';
import { withFirst } from './first-message.ts';
import { describe, query, tables } from './querier-sql.ts';
import { type AcceptorFor, forwardWrites, writeActions } from './writes.ts';

export interface FrontDoorOptions {
  readonly config: RouterConfig;
  readonly source: QuerierSource;
  readonly acceptorFor: AcceptorFor;
}

/** The one catalog that there is; its schemas are the tenants, of which a caller sees its own. */
const catalog = 'signaldb';
const partialHeader = 'x-signaldb-allow-partial';

const tenant = (context: CallContext) => tenantOf(context.metadata.get(tenantHeader));

export function createFrontDoor({ source, acceptorFor }: FrontDoorOptions): Partial<FlightService> {
  const sql = createFlightSqlService(sqlHandlers(source));
  const writes = forwardWrites(acceptorFor);
  // A path names a table, and a command that is no Flight SQL is a query in text: both are statements.
  const statement = (descriptor: FlightDescriptor): FlightDescriptor => {
    const text = descriptor.path ? tableQuery(descriptor.path) : sqlText(descriptor.command);
    return text === undefined
      ? descriptor
      : commandDescriptor(encodeCommand('CommandStatementQuery', { query: text, transactionId: Buffer.alloc(0) }));
  };
  return {
    ...sql,
    getFlightInfo: (descriptor, context) => sql.getFlightInfo!(statement(descriptor), context),
    getSchema: (descriptor, context) => sql.getSchema!(statement(descriptor), context),
    async *listFlights(_criteria, context): AsyncGenerator<FlightInfo> {
      for (const { name, columns } of await tables(source, tenant(context), context.signal)) {
        const descriptor = { path: [name] };
        yield { schema: columns, descriptor, endpoints: [], totalRecords: -1, totalBytes: -1, ordered: false };
      }
    },
    // Rows for a path go to the write path; updates and bulk ingest are Flight SQL's, and so is a stream without any message.
    async *doPut(messages, context) {
      const { first, all } = await withFirst(messages);
      yield* first?.descriptor?.path ? writes.doPut(all, context) : sql.doPut!(all, context);
    },
    doExchange: writes.doExchange,
    doAction: (action, context) =>
      isFlightSqlAction(action.type) ? sql.doAction!(action, context) : writes.doAction(knownAction(action), context),
    async *listActions(context) {
      yield* sql.listActions!(context);
      yield* writeActions;
    },
  };
}

function knownAction<A extends { readonly type: string }>(action: A): A {
  if (!writeActions.some(({ type }) => type === action.type))
    throw new GrpcError(Status.UNIMPLEMENTED, `there is no action ${action.type}; ListActions names those that are`);
  return action;
}

function tableQuery(path: readonly string[]): string {
  const name = path.at(-1);
  if (!name || path.length > 2)
    throw new GrpcError(Status.INVALID_ARGUMENT, 'a path names a table: ["traces"], or ["tenant", "traces"]');
  return `SELECT * FROM "${name.replaceAll('"', '""')}"`;
}

function sqlText(command: Uint8Array | undefined): string | undefined {
  const text = Buffer.from(command ?? []).toString('utf8');
  return /^\s*(select|with|from|values|explain|describe|show|summarize|table)\b/i.test(text) ? text : undefined;
}

function sqlHandlers(source: QuerierSource): FlightSqlHandlers {
  return {
    prepare: (sql, context) => describe(source, tenant(context), sql, context.signal),
    query: (statement, context) =>
      query(source, tenant(context), statement, {
        signal: context.signal,
        allowPartial: context.metadata.get(partialHeader) === 'true',
      }),
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
