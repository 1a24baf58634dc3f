import type { FlightAction, FlightClient, FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch, Schema } from 'apache-arrow';

/** What a query cost, and whether its answer is whole: said by the querier with the last message. */
export interface Outcome {
  readonly status: 'COMPLETE' | 'PARTIAL';
  /** Why the answer is partial. */
  readonly reasons: readonly string[];
  readonly inspectedBytes: number;
  readonly inspectedFiles: number;
  readonly inspectedSpans: number;
  readonly inspectedTraces: number;
}

/** All of a small answer. */
export interface Answer {
  readonly schema: Schema | undefined;
  readonly batches: readonly RecordBatch[];
  readonly outcome: Outcome;
  /** Rows were left out because the answer grew past `bytesMax`. */
  readonly cut: boolean;
}

/** What a ticket says: see the querier's README. */
export type Ticket = Readonly<Record<string, unknown>> & { readonly kind: string; readonly tenant: string };

/** One querier that can be asked. */
export type Querier = Pick<FlightClient, 'location' | 'doGet' | 'doAction'>;

/** The queriers that are there now. */
export interface QuerierSource {
  /** In the order in which to try them; empty where none is there. */
  queriers(): readonly Querier[];
}

const complete: Outcome = {
  status: 'COMPLETE',
  reasons: [],
  inspectedBytes: 0,
  inspectedFiles: 0,
  inspectedSpans: 0,
  inspectedTraces: 0,
};

/**
 * Runs a ticket and streams the answer. While nothing has come yet, a querier that can't be reached, or has no room for one more query, is
 * replaced by the next one. Throws UNAVAILABLE where there is none.
 */
export async function* runTicket(
  source: QuerierSource,
  ticket: Ticket,
  options: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
): AsyncGenerator<FlightMessage> {
  const body = Buffer.from(JSON.stringify(ticket));
  const tried = new Tried();
  for (const querier of source.queriers()) {
    let started = false;
    try {
      for await (const message of querier.doGet(body, options)) {
        started = true;
        yield message;
      }
      return;
    } catch (error) {
      if (started) throw error;
      tried.failed(querier, error);
    }
  }
  throw tried.error;
}

/** Runs an action on a querier that can be reached, and answers its results. Throws as `runTicket`. */
export async function runAction(
  source: QuerierSource,
  action: FlightAction,
  options: { readonly signal?: AbortSignal },
): Promise<Uint8Array[]> {
  const tried = new Tried();
  for (const querier of source.queriers()) {
    try {
      return await actionResults(querier, action, options);
    } catch (error) {
      tried.failed(querier, error);
    }
  }
  throw tried.error;
}

/** All that one querier answers to an action. */
export async function actionResults(
  querier: Querier,
  action: FlightAction,
  options: { readonly signal?: AbortSignal },
): Promise<Uint8Array[]> {
  const results: Uint8Array[] = [];
  for await (const result of querier.doAction(action, options)) results.push(result);
  return results;
}

/** Queriers that didn't take what they were asked. */
class Tried {
  #error = new GrpcError(Status.UNAVAILABLE, 'no querier is registered yet; try again in a moment');

  /** Throws what another querier would answer just the same. */
  failed({ location }: Querier, error: unknown): void {
    if (!(error instanceof GrpcError)) throw error;
    if (error.code === Status.RESOURCE_EXHAUSTED && error.metadata?.has(busyHeader)) this.#error = error;
    else if (error.code === Status.UNAVAILABLE) this.#error = asUnreachable(error, location);
    else throw error;
  }

  get error(): GrpcError {
    return this.#error;
  }
}

/** A querier's refusal bears it where another one may have room. */
const busyHeader = 'x-signaldb-busy';

/** The transport's own words aren't for people. */
function asUnreachable(error: GrpcError, location: string): GrpcError {
  if (!/^(No connection established|Connection dropped|Name resolution failed)/.test(error.details)) return error;
  const reason = /ECONNREFUSED/.test(error.details) ? 'connection refused' : 'no connection';
  return new GrpcError(
    Status.UNAVAILABLE,
    `no querier answers (the last one tried is at ${location}: ${reason}); try again in a moment`,
    undefined,
    { cause: error },
  );
}

/** Gathers an answer in memory, up to `bytesMax` of Arrow buffers. */
export async function collect(
  messages: AsyncIterable<FlightMessage>,
  bytesMax = Number.POSITIVE_INFINITY,
): Promise<Answer> {
  const batches: RecordBatch[] = [];
  let schema: Schema | undefined;
  let outcome = complete;
  let bytes = 0;
  let cut = false;
  for await (const message of messages) {
    schema ??= message.schema ?? message.batch?.schema;
    if (message.batch && message.batch.numRows > 0) {
      bytes += message.batch.data.byteLength;
      if (bytes > bytesMax) cut = true;
      else batches.push(message.batch);
    }
    if (message.appMetadata?.length) outcome = readOutcome(message.appMetadata);
  }
  return { schema, batches, outcome, cut };
}

/** The querier's last word on an answer. */
export function readOutcome(appMetadata: Uint8Array): Outcome {
  const { status, reasons, metrics = {} } = JSON.parse(Buffer.from(appMetadata).toString('utf8'));
  return {
    status: status === 'PARTIAL' ? 'PARTIAL' : 'COMPLETE',
    reasons: reasons ?? [],
    inspectedBytes: Number(metrics.inspected_bytes ?? 0),
    inspectedFiles: Number(metrics.inspected_files ?? 0),
    inspectedSpans: Number(metrics.inspected_spans ?? 0),
    inspectedTraces: Number(metrics.inspected_traces ?? 0),
  };
}

/** Of several answers (one a tenant): partial if any is. */
export function joinOutcomes(outcomes: readonly Outcome[]): Outcome {
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  return {
    status: outcomes.some((o) => o.status === 'PARTIAL') ? 'PARTIAL' : 'COMPLETE',
    reasons: outcomes.flatMap((o) => o.reasons),
    inspectedBytes: sum((o) => o.inspectedBytes),
    inspectedFiles: sum((o) => o.inspectedFiles),
    inspectedSpans: sum((o) => o.inspectedSpans),
    inspectedTraces: sum((o) => o.inspectedTraces),
  };
}
