import { encodeSchemaBytes, type FlightMessage, type FlightService } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { Logger } from '@signaldb/runtime';
import type { RecordBatch } from 'apache-arrow';
import type { QueryContext, QueryRun } from './context.ts';
import type { QuerierMetrics } from './metrics.ts';
import { Outcome } from './outcome.ts';
import { searchTraces } from './search/search.ts';
import type { SqlService } from './sql/sql-service.ts';
import type { TagNames } from './tags/tag-names.ts';
import { tagValues } from './tags/tag-values.ts';
import { parseDescribe, parsePlan, parseTables, parseTicket, type Ticket } from './ticket.ts';
import { traceById } from './traces/trace-by-id.ts';

export interface FlightServiceOptions {
  readonly context: QueryContext;
  readonly sql: SqlService;
  readonly tagNames: TagNames;
  readonly metrics: QuerierMetrics;
  readonly logger: Logger;
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** The querier as routers see it: `DoGet` with a ticket of JSON, and the actions `describe` and `tables`. */
export function createFlightService(options: FlightServiceOptions): Partial<FlightService> {
  const { sql } = options;
  return {
    doGet: (bytes, { signal }) => answer(options, parseTicket(bytes), signal),
    async *doAction({ type, body }, { signal }) {
      if (type === 'describe') {
        const { tenant, sql: text } = parseDescribe(body);
        const found = await timed(options, 'describe', signal, () => sql.describe(tenant, text, signal));
        const base64 = (schema: Parameters<typeof encodeSchemaBytes>[0]): string =>
          Buffer.from(encodeSchemaBytes(schema)).toString('base64');
        yield json({
          statement_type: found.statementType,
          schema: found.schema === undefined ? null : base64(found.schema),
          parameters: found.parameters === undefined ? null : base64(found.parameters),
        });
      } else if (type === 'tables') {
        const { tenant } = parseTables(body);
        for (const table of await timed(options, 'tables', signal, () => sql.tables(tenant))) yield json(table);
      } else if (type === 'plan') {
        const request = parsePlan(body);
        yield json((await timed(options, 'plan', signal, () => sql.plan(request, signal))) ?? {});
      } else throw new GrpcError(Status.UNIMPLEMENTED, `there is no action ${JSON.stringify(type)}`);
    },
    async *listActions() {
      yield { type: 'describe', description: 'what an SQL statement would answer: its columns and parameters' };
      yield { type: 'tables', description: 'the tables of a tenant, with their columns' };
      yield { type: 'plan', description: 'tickets that several queriers can answer side by side, for a large result' };
    },
  };
}

async function* answer(
  options: FlightServiceOptions,
  ticket: Ticket,
  callSignal: AbortSignal,
): AsyncGenerator<FlightMessage> {
  const { context, sql, metrics, logger } = options;
  const { sqlTimeoutMs, queryTimeoutMs } = context.config;
  const limit =
    ticket.kind === 'sql' || ticket.kind === 'share' || ticket.kind === 'write'
      ? { ms: sqlTimeoutMs, setting: 'querier.sqlTimeoutMs' }
      : { ms: queryTimeoutMs, setting: 'querier.queryTimeoutMs' };
  const timeout = AbortSignal.timeout(limit.ms);
  const run = { outcome: new Outcome(), signal: AbortSignal.any([callSignal, timeout]) };
  const ended = metrics.started(ticket.kind);
  try {
    if (ticket.kind === 'sql') yield* sql.query(ticket, run.outcome, run.signal);
    else if (ticket.kind === 'share') yield* sql.share(ticket, run.outcome, run.signal);
    else if (ticket.kind === 'write') yield* sql.write(ticket, run.outcome, run.signal);
    else {
      const batches = await rowsOf(options, ticket, run);
      for (const batch of batches) yield { schema: batch.schema, batch };
      yield { appMetadata: run.outcome.toBytes() };
    }
    ended(run.outcome.reasons.length === 0 ? 'complete' : 'partial');
  } catch (error) {
    const told = timeout.aborted && !callSignal.aborted ? tooLong(limit) : toldError(error, callSignal);
    ended(told instanceof GrpcError && told.code !== Status.INTERNAL ? 'refused' : 'failed');
    if (!(told instanceof GrpcError))
      logger.error({ err: error, kind: ticket.kind, tenant: ticket.tenant }, 'a query failed');
    throw told instanceof GrpcError ? told : new GrpcError(Status.INTERNAL, `the query failed: ${messageOf(error)}`);
  }
}

async function rowsOf(
  options: FlightServiceOptions,
  ticket: Exclude<Ticket, { kind: 'sql' | 'share' | 'write' }>,
  run: QueryRun,
): Promise<readonly RecordBatch[]> {
  const { context, tagNames } = options;
  switch (ticket.kind) {
    case 'trace':
      return traceById(context, ticket, run);
    case 'search':
      return [await searchTraces(context, ticket, run)];
    case 'tags':
      return [await tagNames.names(ticket, run)];
    case 'tag_values':
      return [await tagValues(context, ticket, run)];
  }
}

async function timed<T>(
  { metrics, logger }: FlightServiceOptions,
  kind: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const ended = metrics.started(kind);
  try {
    const result = await work();
    ended('complete');
    return result;
  } catch (error) {
    const told = toldError(error, signal);
    ended(told instanceof GrpcError ? 'refused' : 'failed');
    if (told instanceof GrpcError) throw told;
    logger.error({ err: error, kind }, 'a query failed');
    throw new GrpcError(Status.INTERNAL, `the query failed: ${messageOf(error)}`);
  }
}

function tooLong({ ms, setting }: { ms: number; setting: string }): GrpcError {
  return new GrpcError(Status.DEADLINE_EXCEEDED, `the query took longer than ${ms} ms (setting ${setting})`);
}

function toldError(error: unknown, signal: AbortSignal): unknown {
  return signal.aborted ? new GrpcError(Status.CANCELLED, 'the query was cancelled') : error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
