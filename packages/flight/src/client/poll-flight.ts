import { setTimeout as sleep } from 'node:timers/promises';
import { GrpcError, Status } from '@signaldb/grpc';
import { cancelFlightInfo } from '../actions/client-actions.ts';
import { cancelled, deadlineExceeded } from '../call-failure.ts';
import type { CallOptions, FlightClient } from '../client.ts';
import type { FlightDescriptor } from '../descriptor.ts';
import type { FlightEndpoint, FlightInfo, PollInfo } from '../flight-info.ts';

export interface PollOptions extends Pick<CallOptions, 'metadata' | 'signal' | 'timeoutMs'> {
  /** Told of each answer: progress, schema, whether the flight is ordered. */
  readonly onPoll?: (poll: PollInfo) => void;
  /** Waits between answers that say nothing new; rejects when the signal is aborted. For tests. */
  readonly wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** A server should answer when there is news; one that answers at once all the same is asked less and less often. */
const WAIT_MS = { first: 50, max: 1000 };
const CANCEL_MS = 5000;

/**
 * Polls a query until it is complete and gives its endpoints as they appear: `fetchEndpoints` takes them. A server that doesn't
 * know PollFlightInfo is asked for GetFlightInfo. Leaving it early asks the server to cancel the query. `timeoutMs` is for all of it.
 */
export async function* pollFlight(
  client: FlightClient,
  descriptor: FlightDescriptor,
  options: PollOptions = {},
): AsyncGenerator<FlightEndpoint, void, undefined> {
  const { onPoll, wait = defaultWait, signal } = options;
  const remaining = remainingOptions(options);
  let known = 0;
  let progress: number | undefined;
  let waitMs = WAIT_MS.first;
  let last: FlightInfo | undefined;
  let next: FlightDescriptor | undefined = descriptor;
  try {
    while (next) {
      const poll: PollInfo = await pollOnce(client, next, next === descriptor, remaining());
      onPoll?.(poll);
      last = poll.info ?? last;
      const fresh = poll.info?.endpoints.slice(known) ?? [];
      known += fresh.length;
      yield* fresh;
      next = poll.descriptor;
      const news = fresh.length > 0 || poll.progress !== progress;
      progress = poll.progress;
      waitMs = news ? WAIT_MS.first : Math.min(waitMs * 2, WAIT_MS.max);
      if (next && !news) {
        await wait(waitMs, signal).catch(() => {
          throw cancelled();
        });
      }
    }
    last = undefined;
  } finally {
    // Also where the signal or the deadline is why it ends: so the call has neither.
    const { metadata } = options;
    if (last)
      await cancelFlightInfo(client, last, { ...(metadata && { metadata }), timeoutMs: CANCEL_MS }).catch(() => {});
  }
}

async function pollOnce(
  client: FlightClient,
  descriptor: FlightDescriptor,
  first: boolean,
  options: CallOptions,
): Promise<PollInfo> {
  try {
    return await client.pollFlightInfo(descriptor, options);
  } catch (error) {
    if (!first || !(error instanceof GrpcError) || error.code !== Status.UNIMPLEMENTED) throw error;
    return { info: await client.getFlightInfo(descriptor, options), progress: 1 };
  }
}

function remainingOptions({ metadata, signal, timeoutMs }: PollOptions): () => CallOptions {
  const deadlineMs = Date.now() + (timeoutMs ?? 0);
  return () => {
    const own = { ...(metadata && { metadata }), ...(signal && { signal }) };
    if (timeoutMs === undefined) return own;
    const restMs = deadlineMs - Date.now();
    if (restMs <= 0) throw deadlineExceeded(timeoutMs);
    return { ...own, timeoutMs: restMs };
  };
}

async function defaultWait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal && { signal });
}
