import { setTimeout as sleep } from 'node:timers/promises';
import { type GrpcError, type Metadata, Status } from '@signaldb/grpc';
import { asGrpcError, cancelled, deadlineExceeded } from '../call-failure.ts';
import type { CallOptions } from '../client.ts';
import type { FlightCall } from '../service.ts';
import { retryHint } from './retry-hint.ts';
import { type ClientMiddleware, wrapClient } from './wrap-calls.ts';

export interface RetryOptions {
  /** Which calls are repeated, of those that can be. Default: all of them. */
  readonly calls?: readonly FlightCall[];
  /** How often a call is made at most, the first time counted. Default 4. */
  readonly attemptsMax?: number;
  /** The longest wait before the second attempt; it doubles with each further one. Default 100 ms. */
  readonly backoffMs?: number;
  /** The longest wait of all; a server that asks for more isn't asked again. Default 5000 ms. */
  readonly backoffMsMax?: number;
  /** Told of each attempt that failed and is repeated after `waitMs`. */
  readonly onRetry?: (retry: { call: FlightCall; attempt: number; error: GrpcError; waitMs: number }) => void;
  /** A number from 0 to 1, for tests. */
  readonly random?: () => number;
  /** Waits; rejects when the signal is aborted. For tests. */
  readonly wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** The calls that only read, and so may be made twice. */
const repeatable = new Set<FlightCall>([
  'listFlights',
  'getFlightInfo',
  'pollFlightInfo',
  'getSchema',
  'doGet',
  'listActions',
]);
/** Statuses after which a call is repeated where the server says when. */
const onRequest = new Set<number>([Status.RESOURCE_EXHAUSTED, Status.ABORTED]);

/**
 * Makes calls again that failed because the server couldn't be reached or was too busy: ListFlights, GetFlightInfo,
 * PollFlightInfo, GetSchema, ListActions, and DoGet, as long as nothing of the answer was handed over. UNAVAILABLE is
 * repeated; RESOURCE_EXHAUSTED and ABORTED where the server says when (RetryInfo, `grpc-retry-pushback-ms`). In between it
 * waits a random time that doubles, or as long as the server says. A call's deadline is that of all attempts together:
 * where it would pass while waiting, the call fails at once with the error it has. Everything else passes through.
 *
 * UNAVAILABLE may come after the call has done its work. That matters where asking changes something: Flight SQL's drivers
 * run statements that are no queries by GetFlightInfo. Leave such calls out by `calls`.
 */
export function clientRetries(options: RetryOptions = {}): ClientMiddleware {
  const repeated = (call: FlightCall) => repeatable.has(call) && (options.calls?.includes(call) ?? true);
  return (client) =>
    wrapClient(client, {
      async unary({ name, context }, next) {
        if (!repeated(name)) return next(context);
        const attempts = new Attempts(name, context, options);
        for (;;) {
          try {
            return await next(attempts.next());
          } catch (error) {
            await attempts.repeat(error);
          }
        }
      },
      stream({ name, context }, next) {
        if (!repeated(name)) return next(context);
        return new RepeatedStream(new Attempts(name, context, options), next);
      },
    });
}

/** The attempts at one call. */
class Attempts {
  readonly #call: FlightCall;
  readonly #given: CallOptions;
  readonly #options: RetryOptions;
  readonly #deadlineMs: number;
  #made = 0;

  constructor(call: FlightCall, given: CallOptions, options: RetryOptions) {
    this.#call = call;
    this.#given = given;
    this.#options = options;
    this.#deadlineMs = Date.now() + (given.timeoutMs ?? Number.POSITIVE_INFINITY);
  }

  /** The options of the attempt that is made now. */
  next(): CallOptions {
    this.#made++;
    const { timeoutMs } = this.#given;
    return timeoutMs === undefined || this.#made === 1
      ? this.#given
      : { ...this.#given, timeoutMs: Math.max(0, this.#deadlineMs - Date.now()) };
  }

  /** Resolves when the call is to be made again; throws where it isn't. */
  async repeat(thrown: unknown): Promise<void> {
    const error = asGrpcError(thrown);
    const { attemptsMax = 4, onRetry, wait = defaultWait } = this.#options;
    const waitMs = this.#made < attemptsMax ? this.#waitMs(error) : undefined;
    if (waitMs === undefined || this.#given.signal?.aborted || Date.now() + waitMs >= this.#deadlineMs) throw thrown;
    onRetry?.({ call: this.#call, attempt: this.#made, error, waitMs });
    await wait(waitMs, this.#given.signal).catch(() => {
      throw cancelled();
    });
    if (Date.now() >= this.#deadlineMs) throw deadlineExceeded(this.#given.timeoutMs as number);
  }

  #waitMs(error: GrpcError): number | undefined {
    const { backoffMs = 100, backoffMsMax = 5000, random = Math.random } = this.#options;
    const hint = retryHint(error);
    if (hint === 'never' || (hint !== undefined && hint > backoffMsMax)) return undefined;
    if (error.code !== Status.UNAVAILABLE && !(onRequest.has(error.code) && hint !== undefined)) return undefined;
    return hint ?? Math.min(backoffMs * 2 ** (this.#made - 1), backoffMsMax) * random();
  }
}

/** An answer that is asked for again as long as nothing of it has come. */
class RepeatedStream<T> implements AsyncIterable<T>, AsyncIterator<T> {
  readonly #attempts: Attempts;
  readonly #begin: (options: CallOptions) => AsyncIterable<T>;
  #inner: AsyncIterator<T>;
  #headers: (() => void) | undefined;
  #settled = false;
  #left = false;

  constructor(attempts: Attempts, begin: (options: CallOptions) => AsyncIterable<T>) {
    this.#attempts = attempts;
    this.#begin = begin;
    this.#inner = this.#attempt();
  }

  /** Headers are told when the attempt is the one whose answer is read. */
  #attempt(): AsyncIterator<T> {
    const options = this.#attempts.next();
    const { onHeaders } = options;
    if (!onHeaders) return this.#begin(options)[Symbol.asyncIterator]();
    this.#headers = undefined;
    const hold = (headers: Metadata): void => {
      if (this.#settled) onHeaders(headers);
      else this.#headers = () => onHeaders(headers);
    };
    return this.#begin({ ...options, onHeaders: hold })[Symbol.asyncIterator]();
  }

  next(): Promise<IteratorResult<T>> {
    return this.#settled ? this.#inner.next() : this.#first();
  }

  async #first(): Promise<IteratorResult<T>> {
    for (;;) {
      try {
        const step = await this.#inner.next();
        this.#settled = true;
        this.#headers?.();
        return step;
      } catch (error) {
        if (this.#left) throw error;
        await this.#attempts.repeat(error);
        if (this.#left) return { done: true, value: undefined };
        this.#inner = this.#attempt();
      }
    }
  }

  async return(): Promise<IteratorResult<T>> {
    this.#left = true;
    await this.#inner.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function defaultWait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return sleep(ms, undefined, signal && { signal });
}
