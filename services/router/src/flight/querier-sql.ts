// What the front door asks a querier about SQL: descriptions, tables, rows. See the querier's README for tickets and actions.
import { decodeSchemaBytes, encodeIpcStream, type FlightClient, type FlightMessage } from '@signaldb/flight';
import type { QueryResult, SqlStatement, StatementDescription } from '@signaldb/flight-sql';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch, Schema } from 'apache-arrow';
import { type QuerierSource, readOutcome, runTicket } from '../querier-pool.ts';

export interface QuerierTable {
  readonly name: string;
  readonly type: string;
  readonly columns: Schema;
}

const schemaOf = (base64: string): Schema => decodeSchemaBytes(Buffer.from(base64, 'base64'));

/** Runs an action on a querier that can be reached, and reads its results as JSON. */
async function ask<T>(source: QuerierSource, type: string, body: object, signal: AbortSignal): Promise<T[]> {
  let last: unknown = new GrpcError(Status.UNAVAILABLE, 'no querier is registered yet; try again in a moment');
  for (const querier of source.queriers()) {
    try {
      return await results<T>(querier, type, body, signal);
    } catch (error) {
      if (!(error instanceof GrpcError) || error.code !== Status.UNAVAILABLE) throw error;
      last = error;
    }
  }
  throw last;
}

async function results<T>(querier: FlightClient, type: string, body: object, signal: AbortSignal): Promise<T[]> {
  const found: T[] = [];
  for await (const result of querier.doAction({ type, body: Buffer.from(JSON.stringify(body)) }, { signal }))
    found.push(JSON.parse(Buffer.from(result).toString()));
  return found;
}

/** Describes a statement; throws what running it would throw. */
export async function describe(
  source: QuerierSource,
  tenant: string,
  sql: string,
  signal: AbortSignal,
): Promise<StatementDescription> {
  const [found] = await ask<{ schema: string; parameters: string | null }>(source, 'describe', { tenant, sql }, signal);
  if (!found) throw new GrpcError(Status.INTERNAL, 'the querier described nothing');
  return { schema: schemaOf(found.schema), ...(found.parameters && { parameters: schemaOf(found.parameters) }) };
}

/** The tables of a tenant, as SQL sees them. */
export async function tables(source: QuerierSource, tenant: string, signal: AbortSignal): Promise<QuerierTable[]> {
  const found = await ask<{ name: string; type: string; schema: string }>(source, 'tables', { tenant }, signal);
  return found.map(({ name, type, schema }) => ({ name, type, columns: schemaOf(schema) }));
}

/** Runs a query. An answer that would be short is refused, unless the caller said that it takes one. */
export async function query(
  source: QuerierSource,
  tenant: string,
  statement: SqlStatement,
  options: { readonly signal: AbortSignal; readonly allowPartial: boolean },
): Promise<QueryResult> {
  const ticket = {
    kind: 'sql',
    tenant,
    sql: statement.sql,
    ...(statement.parameters && { parameters: parametersText(statement.parameters) }),
  };
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
