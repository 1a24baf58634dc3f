import { cancelled, deadlineExceeded } from '../call-failure.ts';
import type { CallOptions, FlightClient } from '../client.ts';
import type { FlightEndpoint, FlightInfo } from '../flight-info.ts';
import type { FlightMessage } from '../flight-message.ts';
import { EndpointFetch } from './endpoint-fetch.ts';
import { FetchedSchema } from './fetched-schema.ts';
import { KeptEndpoint } from './kept-endpoint.ts';
import { LocationClients } from './location-clients.ts';

/** `metadata` goes with every call, those to other locations included; `timeoutMs` is for all of it. */
export interface FetchOptions extends Pick<CallOptions, 'metadata' | 'signal' | 'timeoutMs'> {
  /**
   * The client for a location that isn't the flight's own, closed by whoever opened it. Default: `connectFlight` without
   * options, closed when the fetch is over; mind that it brings no credentials along.
   */
  readonly connect?: (location: string) => FlightClient;
  /** Endpoints fetched side by side. Default 4. */
  readonly parallel?: number;
  /**
   * Bytes that wait at most, all endpoints together, beside one message of each and what each client buffers by itself.
   * Default 32 MiB.
   */
  readonly bufferBytesMax?: number;
}

/**
 * Fetches a flight: several endpoints side by side, their messages in the endpoints' order where the flight is `ordered`,
 * else as they come. It begins with the first read; leaving it early cancels every call under way, and so does the first
 * call that fails. Schemas are announced as in a single stream. An endpoint's locations are tried in turn until one
 * answers; endpoints that wait are renewed before they expire.
 */
export function fetchFlight(
  client: FlightClient,
  info: Pick<FlightInfo, 'endpoints' | 'ordered'>,
  options: FetchOptions = {},
): AsyncIterable<FlightMessage> {
  return fetchEndpoints(client, info.endpoints, { ...options, ordered: info.ordered });
}

/** Fetches endpoints that may still be becoming known, as those of `pollFlight`; otherwise as `fetchFlight`. */
export function fetchEndpoints(
  client: FlightClient,
  endpoints: Iterable<FlightEndpoint> | AsyncIterable<FlightEndpoint>,
  options: FetchOptions & { readonly ordered?: boolean } = {},
): AsyncIterable<FlightMessage> {
  return { [Symbol.asyncIterator]: () => new FlightFetch(client, endpoints, options) };
}

class FlightFetch implements AsyncIterator<FlightMessage, undefined> {
  readonly #source: Iterable<FlightEndpoint> | AsyncIterable<FlightEndpoint>;
  readonly #options: FetchOptions & { readonly ordered?: boolean };
  readonly #parallel: number;
  readonly #clients: LocationClients;
  readonly #controller = new AbortController();
  readonly #schema = new FetchedSchema();
  readonly #waiting: KeptEndpoint[] = [];
  #active: EndpointFetch[] = [];
  #ready: FlightMessage[] = [];
  #state: 'new' | 'open' | 'over' = 'new';
  #sourceEnded = false;
  #sourceIterator: AsyncIterator<FlightEndpoint> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #wake: (() => void) | undefined;

  constructor(
    client: FlightClient,
    source: Iterable<FlightEndpoint> | AsyncIterable<FlightEndpoint>,
    options: FetchOptions & { readonly ordered?: boolean },
  ) {
    this.#source = source;
    this.#options = options;
    this.#parallel = Math.max(1, options.parallel ?? 4);
    this.#clients = new LocationClients(client, options.connect);
  }

  async next(): Promise<IteratorResult<FlightMessage, undefined>> {
    if (this.#state === 'new') this.#start();
    for (;;) {
      if (this.#failure && this.#state === 'open') {
        this.#stop();
        throw this.#failure.error;
      }
      if (this.#state === 'over') return { done: true, value: undefined };
      const value = this.#ready.shift() ?? this.#take();
      if (value) return { done: false, value };
      if (this.#sourceEnded && this.#active.length === 0 && this.#waiting.length === 0) {
        this.#stop();
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<FlightMessage, undefined>> {
    this.#stop();
    return { done: true, value: undefined };
  }

  #start(): void {
    this.#state = 'open';
    const { signal, timeoutMs } = this.#options;
    if (timeoutMs !== undefined) this.#deadlineMs = Date.now() + timeoutMs;
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#readSource().then(
      () => {
        this.#sourceEnded = true;
        this.#changed();
      },
      (error) => this.#fail(error),
    );
  }

  /** Endpoints are small, and known only when they are read: they are read as soon as they come. */
  async #readSource(): Promise<void> {
    const source = this.#source;
    if (Symbol.iterator in source) {
      for (const endpoint of source) this.#add(endpoint);
      return;
    }
    const iterator = source[Symbol.asyncIterator]();
    this.#sourceIterator = iterator;
    for (let step = await iterator.next(); !step.done && this.#state === 'open'; step = await iterator.next()) {
      this.#add(step.value);
    }
    this.#sourceIterator = undefined;
  }

  #add(endpoint: FlightEndpoint): void {
    this.#waiting.push(new KeptEndpoint(endpoint, this.#clients.home, this.#callOptions()));
    this.#fill();
  }

  /** Begins with as many endpoints as may be fetched side by side. */
  #fill(): void {
    while (this.#state === 'open' && this.#active.length < this.#parallel) {
      const kept = this.#waiting.shift();
      if (!kept) return;
      this.#active.push(
        new EndpointFetch(kept, {
          clients: this.#clients,
          callOptions: () => this.#callOptions(),
          bufferBytesMax: (this.#options.bufferBytesMax ?? 32 << 20) / this.#parallel,
          signal: this.#controller.signal,
          onChange: (failure) => (failure ? this.#fail(failure.error) : this.#changed()),
        }),
      );
    }
  }

  #callOptions(): CallOptions {
    const { metadata, timeoutMs } = this.#options;
    if (timeoutMs === undefined) return { ...(metadata && { metadata }), signal: this.#controller.signal };
    const restMs = this.#deadlineMs - Date.now();
    if (restMs <= 0) throw deadlineExceeded(timeoutMs);
    return { ...(metadata && { metadata }), signal: this.#controller.signal, timeoutMs: restMs };
  }

  /** The next message: of the first endpoint where there is an order, else of each in turn. */
  #take(): FlightMessage | undefined {
    const rounds = this.#options.ordered ? Math.min(1, this.#active.length) : this.#active.length;
    for (let i = 0; i < rounds; i++) {
      const fetch = this.#active[0]!;
      const message = fetch.take();
      if (!this.#options.ordered) this.#active.push(this.#active.shift()!);
      if (!message) continue;
      const [first, ...rest] = this.#schema.of(message);
      this.#ready = rest;
      if (first) return first;
      i--;
    }
    const before = this.#active.length;
    this.#active = this.#active.filter((fetch) => !fetch.over);
    if (this.#active.length === before) return undefined;
    this.#fill();
    return this.#active.length > 0 ? this.#take() : undefined;
  }

  #changed(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#controller.abort();
    this.#changed();
  }

  #stop(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#controller.abort();
    for (const kept of this.#waiting.splice(0)) kept.release();
    this.#sourceIterator?.return?.()?.catch(() => {});
    this.#active = [];
    this.#ready = [];
    this.#clients.close();
    this.#changed();
  }

  readonly #onAbort = (): void => this.#fail(cancelled());
}
