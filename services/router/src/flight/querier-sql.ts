// What the front door asks a querier about SQL: descriptions, tables, rows. See the querier's README for tickets and actions.
import { decodeSchemaBytes, encodeIpcStream, type FlightMessage } from '@signaldb/flight';
import type { QueryResult, SqlStatement, StatementDescription } from '@signaldb/flight-sql';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch, Schema } from 'apache-arrow';
import { actionResults, type QuerierSource, readOutcome, runAction, runTicket, type Ticket } from '../querier-pool.ts';

export interface QuerierTable {
  readonly name: string;
  readonly type: string;
  /** With comments and the like in the fields' metadata. */
  readonly columns: Schema;
  /** As of its newest snapshot and what the writers hold beyond it; -1 where unknown. */
  readonly rows: number;
  readonly bytes: number;
  readonly primaryKey: readonly string[];
}

const schemaOf = (base64: string): Schema => decodeSchemaBytes(Buffer.from(base64, 'base64'));

/** Asks a querier that can be reached, and reads its results as JSON. */
async function ask<T>(source: QuerierSource, type: string, body: object, signal: AbortSignal): Promise<T[]> {
  const results = await runAction(source, { type, body: Buffer.from(JSON.stringify(body)) }, { signal });
  return results.map((result) => JSON.parse(Buffer.from(result).toString()));
}

interface DescribeJson {
  /** null where the statement has no rows. */
  readonly schema: string | null;
  readonly parameters: string | null;
}

/** Describes a statement; throws what running it would throw. */
export async function describe(
  source: QuerierSource,
  tenant: string,
  sql: string,
  signal: AbortSignal,
): Promise<StatementDescription> {
  const [found] = await ask<DescribeJson>(source, 'describe', { tenant, sql }, signal);
  if (!found) throw new GrpcError(Status.INTERNAL, 'the querier described nothing');
  return {
    ...(found.schema && { schema: schemaOf(found.schema) }),
    ...(found.parameters && { parameters: schemaOf(found.parameters) }),
  };
}

interface TableJson {
  readonly name: string;
  readonly type: string;
  readonly schema: string;
  readonly rows?: number;
  readonly bytes?: number;
  readonly primary_key?: readonly string[];
}

/** How a query is split over queriers. */
export interface SplitQuery {
  readonly schema: Schema;
  readonly shares: readonly Ticket[];
  /** The shares' order is the rows' order. */
  readonly ordered: boolean;
  readonly totalRecords: number;
  readonly totalBytes: number;
}

interface SplitJson {
  readonly schema?: string;
  readonly shares?: readonly Ticket[];
  readonly ordered?: boolean;
  readonly total_records?: number;
  readonly total_bytes?: number;
}

const unplanned: ReadonlySet<number> = new Set([Status.INVALID_ARGUMENT, Status.NOT_FOUND, Status.UNIMPLEMENTED]);

/** Asks how a query could be split into so many shares; undefined where it is small, or can't be split. */
export async function split(
  source: QuerierSource,
  query: { readonly tenant: string; readonly sql: string; readonly sharesMax: number },
  signal: AbortSignal,
): Promise<SplitQuery | undefined> {
  const { tenant, sql, sharesMax } = query;
  const [found] = await ask<SplitJson>(source, 'plan', { tenant, sql, shares_max: sharesMax }, signal).catch(
    (error) => {
      // What can't be planned is described next, by who tells best what is wrong with it, if anything is. A querier of a version
      // before this one, while a cluster is brought to it, has no such action.
      if (error instanceof GrpcError && unplanned.has(error.code)) return [];
      throw error;
    },
  );
  if (!found?.schema || !found.shares?.length) return undefined;
  const { shares, ordered = false, total_records: totalRecords = -1, total_bytes: totalBytes = -1 } = found;
  return { schema: schemaOf(found.schema), shares, ordered, totalRecords, totalBytes };
}

/** Stops a query wherever it runs. Answers whether every querier that is there knows that it is not to run any more. */
export async function cancelQuery(
  source: QuerierSource,
  query: { readonly tenant: string; readonly id: string },
  signal: AbortSignal,
): Promise<boolean> {
  const body = Buffer.from(JSON.stringify({ tenant: query.tenant, query_id: query.id }));
  const outcomes = await Promise.allSettled(
    source.queriers().map((querier) => actionResults(querier, { type: 'cancel', body }, { signal })),
  );
  return outcomes.length > 0 && outcomes.every(({ status }) => status === 'fulfilled');
}

/** The tables of a tenant, as SQL sees them. */
export async function tables(source: QuerierSource, tenant: string, signal: AbortSignal): Promise<QuerierTable[]> {
  const found = await ask<TableJson>(source, 'tables', { tenant }, signal);
  return found.map(({ name, type, schema, rows = -1, bytes = -1, primary_key: primaryKey = [] }) => ({
    name,
    type,
    columns: schemaOf(schema),
    rows,
    bytes,
    primaryKey,
  }));
}

/** Runs a query. An answer that would be short is refused, unless the caller said that it takes one. */
export async function query(
  source: QuerierSource,
  tenant: string,
  statement: SqlStatement,
  options: { readonly signal: AbortSignal; readonly allowPartial: boolean },
): Promise<QueryResult> {
  return rowsOf(source, sqlTicket(tenant, statement), options);
}

/** What a querier runs for a statement. */
export function sqlTicket(tenant: string, statement: SqlStatement): Ticket {
  return {
    kind: 'sql',
    tenant,
    sql: statement.sql,
    ...(statement.id !== undefined && { query_id: statement.id }),
    ...(statement.parameters && { parameters: parametersText(statement.parameters) }),
  };
}

/** The rows of a ticket. Throws as `query`. */
export async function rowsOf(
  source: QuerierSource,
  ticket: Ticket,
  options: { readonly signal: AbortSignal; readonly allowPartial: boolean },
): Promise<QueryResult> {
  const messages = runTicket(source, ticket, { signal: options.signal })[Symbol.asyncIterator]();
  const waiting: RecordBatch[] = [];
  for (;;) {
    const next = await messages.next();
    if (next.done) throw new GrpcError(Status.INTERNAL, 'the querier sent no schema');
    checkWhole(next.value, options.allowPartial);
    const schema = next.value.schema ?? next.value.batch?.schema;
    if (next.value.batch) waiting.push(next.value.batch);
    if (schema) return { schema, batches: rest(waiting, messages, options.allowPartial) };
  }
}

const parametersText = (row: RecordBatch) =>
  Buffer.concat(encodeIpcStream({ schema: row.schema, batches: [row] })).toString('base64');

function checkWhole(message: FlightMessage, allowPartial: boolean): void {
  if (allowPartial || !message.appMetadata?.length) return;
  const { status, reasons } = readOutcome(message.appMetadata);
  if (status === 'PARTIAL') {
    throw new GrpcError(
      Status.UNAVAILABLE,
      `the answer would be incomplete: ${reasons.join('; ')} (the header x-signaldb-allow-partial: true takes it all the same)`,
    );
  }
}

async function* rest(
  first: readonly RecordBatch[],
  messages: AsyncIterator<FlightMessage>,
  allowPartial: boolean,
): AsyncGenerator<RecordBatch> {
  try {
    yield* first;
    for (let next = await messages.next(); !next.done; next = await messages.next()) {
      checkWhole(next.value, allowPartial);
      if (next.value.batch) yield next.value.batch;
    }
  } finally {
    await messages.return?.();
  }
}
