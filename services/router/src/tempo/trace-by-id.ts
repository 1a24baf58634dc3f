import { encodeTraces } from '@signaldb/otlp';
import type { RecordBatch } from 'apache-arrow';
import { type Answer, collect, joinOutcomes, type Outcome, type QuerierSource, runTicket } from '../querier-pool.ts';
import { type TimeRange, ticketRange } from './params.ts';

export interface TraceQuery {
  readonly tenants: readonly string[];
  /** 32 hex digits. */
  readonly traceId: string;
  readonly range: TimeRange;
  readonly bytesMax: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A trace as its rows, with word of whether it is whole. */
export interface FoundTrace {
  readonly batches: readonly RecordBatch[];
  readonly outcome: Outcome;
  /** It is larger than `bytesMax`; what came before is here. */
  readonly cut: boolean;
}

/** All spans of a trace, over all tenants named. */
export async function findTrace(source: QuerierSource, query: TraceQuery): Promise<FoundTrace> {
  const answers: Answer[] = await Promise.all(
    query.tenants.map((tenant) =>
      collect(
        runTicket(
          source,
          { kind: 'trace', tenant, trace_id: query.traceId, ...ticketRange(query.range) },
          { timeoutMs: query.timeoutMs, ...(query.signal && { signal: query.signal }) },
        ),
        query.bytesMax,
      ),
    ),
  );
  return {
    batches: answers.flatMap((answer) => answer.batches),
    outcome: joinOutcomes(answers.map((answer) => answer.outcome)),
    cut: answers.some((answer) => answer.cut),
  };
}

/** OTLP's JSON: `{resourceSpans}`. */
export function traceJson({ batches }: FoundTrace): { resourceSpans: unknown[] } {
  return encodeTraces([...batches], 'json-otlp') as { resourceSpans: unknown[] };
}

/** A bare `Trace` message. */
export function traceBytes({ batches }: FoundTrace): Uint8Array {
  return encodeTraces([...batches], 'protobuf') as Uint8Array;
}
