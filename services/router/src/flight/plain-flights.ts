// Flights without Flight SQL: a path names a table, a command in text is a query, a ticket is a querier's own.
import { isUtf8 } from 'node:buffer';
import type { CallContext, FlightDescriptor, FlightEndpoint, FlightInfo, FlightService } from '@signaldb/flight';
import type { QueryPlan, TicketSeal } from '@signaldb/flight-sql';
import { GrpcError, Status } from '@signaldb/grpc';
import { Field, Schema } from 'apache-arrow';
import type { QuerierSource } from '../querier-pool.ts';
import { checkTicketTenant, tableInPath } from './call-tenant.ts';
import { fetchOptions, openTicket, sealedEndpoint } from './client-tickets.ts';
import { describe, rowsOf, sqlTicket, tables } from './querier-sql.ts';
import type { PlanQuery } from './split-query.ts';
import { tableFilter } from './table-filter.ts';

export interface PlainFlightsOptions {
  readonly tenant: string;
  readonly source: QuerierSource;
  /** Of tickets that a querier takes. */
  readonly seal: () => TicketSeal;
  readonly plan: PlanQuery;
  /** A name for a query, new each time. */
  readonly queryId: () => string;
}

type PlainFlights = Required<
  Pick<FlightService, 'getFlightInfo' | 'pollFlightInfo' | 'getSchema' | 'listFlights' | 'doGet'>
>;

/** The flights of one tenant. */
export function plainFlights(options: PlainFlightsOptions): PlainFlights {
  const { tenant, source, seal, plan, queryId } = options;

  const wholeTable = (name: string): FlightEndpoint => {
    const ticket = sqlTicket(tenant, { sql: tableQuery(name), id: queryId() });
    return sealedEndpoint(ticket, seal());
  };
  /** What the metadata say of a table; undefined where there is none of this name. */
  const tableOf = async (name: string, context: CallContext) =>
    (await tables(source, tenant, context.signal)).find((table) => table.name === name);

  const planned = async (descriptor: FlightDescriptor, context: CallContext): Promise<QueryPlan> => {
    const sql = statementOf(descriptor);
    const id = queryId();
    const name = descriptor.path ? tableInPath(descriptor.path) : wholeTableOf(sql);
    const whole = async (): Promise<QueryPlan> => {
      // Described, not taken from the table: rows that came just now may have brought columns.
      const schema = await schemaOf(sql, context);
      return { schema, endpoints: [sealedEndpoint(sqlTicket(tenant, { sql, id }), seal())] };
    };
    const [table, found] = await Promise.all([
      name === undefined ? undefined : tableOf(name, context),
      plan({ sql, id }, context).then((split) => split ?? whole()),
    ]);
    return { ...(table && { totalRecords: table.rows, totalBytes: table.bytes }), ...found };
  };
  const schemaOf = async (sql: string, context: CallContext) => {
    const { schema } = await describe(source, tenant, sql, context.signal);
    if (!schema)
      throw new GrpcError(
        Status.INVALID_ARGUMENT,
        'the statement has no rows; one that changes something is sent with Flight SQL’s commands',
      );
    return schema;
  };
  const getFlightInfo = async (descriptor: FlightDescriptor, context: CallContext): Promise<FlightInfo> => ({
    totalRecords: -1,
    totalBytes: -1,
    ordered: true,
    ...(await planned(descriptor, context)),
    descriptor,
  });
  return {
    getFlightInfo,
    pollFlightInfo: async (descriptor, context) => ({ info: await getFlightInfo(descriptor, context), progress: 1 }),
    getSchema: async (descriptor, context) => schemaOf(statementOf(descriptor), context),
    async *listFlights(criteria, context) {
      const wanted = tableFilter(criteria);
      for (const { name, columns, rows, bytes } of await tables(source, tenant, context.signal)) {
        if (!wanted(name)) continue;
        yield {
          schema: rowSchema(columns),
          descriptor: { path: [name] },
          endpoints: [wholeTable(name)],
          totalRecords: rows,
          totalBytes: bytes,
          ordered: true,
        };
      }
    },
    async *doGet(bytes, context) {
      const ticket = openTicket(bytes, seal());
      checkTicketTenant(context, ticket.tenant);
      const { schema, batches } = await rowsOf(source, ticket, fetchOptions(context));
      yield { schema };
      for await (const batch of batches) yield { batch };
    },
  };
}

function statementOf({ path, command }: FlightDescriptor): string {
  if (path) return tableQuery(tableInPath(path));
  if (!isUtf8(command))
    throw new GrpcError(Status.INVALID_ARGUMENT, 'a command is SQL in UTF-8, this one is not UTF-8');
  return Buffer.from(command).toString('utf8');
}

/** A table's columns as its rows come: what a key forbids, a result's schema doesn't say. */
function rowSchema({ fields }: Schema): Schema {
  return new Schema(fields.map(({ name, type, metadata }) => new Field(name, type, true, metadata)));
}

/** The table of a `SELECT * FROM` it and nothing else; undefined for other statements. */
function wholeTableOf(sql: string): string | undefined {
  const [, quoted, plain] = /^\s*select\s+\*\s+from\s+(?:"((?:[^"]|"")+)"|([a-z_]\w*))\s*;?\s*$/i.exec(sql) ?? [];
  return quoted?.replaceAll('""', '"') ?? plain;
}

function tableQuery(name: string): string {
  return `SELECT * FROM "${name.replaceAll('"', '""')}"`;
}
