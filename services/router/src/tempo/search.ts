import { GrpcError, Status } from '@signaldb/grpc';
import { checkSearch, parse, TraceQLError } from '@signaldb/traceql';
import type { RecordBatch } from 'apache-arrow';
import { collect, joinOutcomes, type Outcome, type QuerierSource, runTicket } from '../querier-pool.ts';
import { type TimeRange, ticketRange } from './params.ts';

export interface SearchQuery {
  readonly tenants: readonly string[];
  /** TraceQL, or tags to be equal. */
  readonly q?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly minDurationNs?: bigint;
  readonly maxDurationNs?: bigint;
  readonly range: TimeRange;
  readonly limit: number;
  readonly spansPerSpanSet: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A span set in Tempo's JSON. */
export interface SpanSetJson {
  readonly spans: readonly unknown[];
  readonly matched: number;
}

/** A found trace in Tempo's JSON. */
export interface TraceSummaryJson {
  readonly traceID: string;
  readonly rootServiceName: string;
  readonly rootTraceName: string;
  readonly startTimeUnixNano: string;
  readonly durationMs: number;
  readonly spanSet?: SpanSetJson;
  readonly spanSets?: readonly SpanSetJson[];
  readonly serviceStats: Readonly<Record<string, { spanCount: number; errorCount: number }>>;
}

export interface SearchAnswer {
  readonly traces: readonly TraceSummaryJson[];
  readonly outcome: Outcome;
}

/** Refuses a query that can't be answered, before a querier is asked. Throws INVALID_ARGUMENT. */
export function checkQuery(q: string): void {
  try {
    checkSearch(parse(q));
  } catch (error) {
    if (error instanceof TraceQLError)
      throw new GrpcError(Status.INVALID_ARGUMENT, `invalid TraceQL query: ${error.message}`);
    throw error;
  }
}

/** Searches, newest traces first. */
export async function search(source: QuerierSource, query: SearchQuery): Promise<SearchAnswer> {
  if (query.q !== undefined) checkQuery(query.q);
  const answers = await Promise.all(
    query.tenants.map((tenant) =>
      collect(
        runTicket(source, ticketOf(query, tenant), {
          timeoutMs: query.timeoutMs,
          ...(query.signal && { signal: query.signal }),
        }),
      ),
    ),
  );
  const traces = answers.flatMap((answer) => answer.batches.flatMap(summaries));
  if (answers.length > 1) traces.sort((a, b) => (BigInt(a.startTimeUnixNano) < BigInt(b.startTimeUnixNano) ? 1 : -1));
  return { traces: traces.slice(0, query.limit), outcome: joinOutcomes(answers.map((answer) => answer.outcome)) };
}

function ticketOf(query: SearchQuery, tenant: string) {
  return {
    kind: 'search',
    tenant,
    ...(query.q !== undefined ? { q: query.q } : { tags: query.tags ?? {} }),
    ...ticketRange(query.range),
    limit: query.limit,
    spss: query.spansPerSpanSet,
    ...(query.minDurationNs !== undefined && { min_duration_ns: String(query.minDurationNs) }),
    ...(query.maxDurationNs !== undefined && { max_duration_ns: String(query.maxDurationNs) }),
  };
}

function summaries(batch: RecordBatch): TraceSummaryJson[] {
  const column = (name: string) => batch.getChild(name);
  const text = (name: string, row: number) => (column(name)?.get(row) as string | null) ?? undefined;
  return Array.from({ length: batch.numRows }, (_, row) => {
    const sets = text('span_sets_json', row);
    const spanSets = sets ? (JSON.parse(sets) as SpanSetJson[]) : undefined;
    return {
      // Tempo strips leading zeros here, and its clients put them back.
      traceID: text('trace_id', row)!.replace(/^0+(?=.)/, ''),
      // Neither a name nor a service: there is no root among the spans yet, which Tempo says in these words.
      rootServiceName:
        text('root_service_name', row) ??
        (text('root_trace_name', row) === undefined ? '<root span not yet received>' : ''),
      rootTraceName: text('root_trace_name', row) ?? '',
      startTimeUnixNano: String(column('start_time')!.get(row)),
      durationMs: Number(column('duration_ms')!.get(row)),
      ...(spanSets && { spanSet: spanSets[0], spanSets }),
      serviceStats: JSON.parse(text('service_stats_json', row) ?? '{}'),
    } as TraceSummaryJson;
  });
}
