import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { Metadata } from '@signaldb/grpc';
import { cancelled } from '../call-failure.ts';
import type { CallOptions } from '../client.ts';
import { BoundedQueue } from '../stream/bounded-queue.ts';
import { fromServiceError, metadataFromWire } from './grpc-channel.ts';
import type { Http2Call } from './http2-call.ts';

/**
 * The answers of a streaming call: read ahead up to `bytesMax`, then the server is slowed by flow control. Leaving the
 * stream cancels the call. `onOver` is called once when the call is over, however it ends.
 */
export class ResponseStream<Wire, T> implements AsyncIterable<T>, AsyncIterator<T, undefined> {
  readonly #call: ClientReadableStream<Wire> | Http2Call;
  readonly #queue: BoundedQueue<Wire>;
  readonly #map: (wire: Wire) => T | undefined;

  constructor(
    source: ClientReadableStream<Wire> | Http2Call,
    options: CallOptions,
    bytesMax: number,
    bytesOf: (wire: Wire) => number,
    map: (wire: Wire) => T | undefined,
    onOver: () => void,
  ) {
    // Both emit the same events; only TypeScript can't tell.
    const call = source as ClientReadableStream<Wire>;
    this.#call = source;
    this.#map = map;
    this.#queue = new BoundedQueue(bytesMax, () => call.cancel());
    const { signal, onHeaders } = options;
    const abort = (): void => this.fail(cancelled());
    const over = (): void => {
      signal?.removeEventListener('abort', abort);
      onOver();
    };
    if (onHeaders) call.on('metadata', (wire) => onHeaders(wire instanceof Metadata ? wire : metadataFromWire(wire)));
    call.on('data', (wire: Wire) => {
      const room = this.#queue.push(wire, bytesOf(wire));
      if (typeof room === 'boolean') return;
      call.pause();
      void room.then(() => call.resume());
    });
    call.on('end', () => this.#queue.end());
    call.on('error', (error: ServiceError) => {
      this.#queue.fail(fromServiceError(error));
      over();
    });
    call.on('status', over);
    signal?.addEventListener('abort', abort, { once: true });
  }

  /** Ends the call with an error of this side's. */
  fail(error: unknown): void {
    this.#queue.abort(error);
    this.#call.cancel();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      const item = await this.#queue.next();
      if (item.done) return item;
      try {
        const value = this.#map(item.value);
        if (value !== undefined) return { done: false, value };
      } catch (error) {
        this.#queue.leave();
        throw error;
      }
    }
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#queue.leave();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
