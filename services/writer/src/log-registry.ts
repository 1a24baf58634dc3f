import { GrpcError, Status } from '@signaldb/grpc';
import { LogStream } from './log-stream.ts';
import type { StreamOpening } from './stream-messages.ts';

/** The logs that this writer receives: of each the newest stream alone. */
export class LogRegistry {
  readonly #streams = new Map<string, LogStream>();
  #closed = false;
  #opened = Promise.withResolvers<void>();

  get size(): number {
    return this.#streams.size;
  }

  /** A log's stream of an epoch (or a later one), as soon as it is here; undefined when the signal aborts before. */
  async waitFor(logId: string, epoch: number, signal: AbortSignal): Promise<LogStream | undefined> {
    const stop = () => this.#wake();
    signal.addEventListener('abort', stop, { once: true });
    for (;;) {
      const stream = this.#streams.get(logId);
      if (stream && stream.epoch >= epoch) return stream;
      if (signal.aborted) return undefined;
      await this.#opened.promise;
    }
  }

  get(logId: string): LogStream | undefined {
    return this.#streams.get(logId);
  }

  /**
   * Opens a log's stream and ends the one before it: what that one brought and isn't committed will be sent again.
   * Throws FAILED_PRECONDITION for an epoch older than one that was here.
   */
  open({ logId, epoch, acceptorId }: StreamOpening): LogStream {
    if (this.#closed) throw new GrpcError(Status.UNAVAILABLE, 'the writer is shutting down');
    const before = this.#streams.get(logId);
    if (before && before.epoch > epoch)
      throw new GrpcError(Status.FAILED_PRECONDITION, `log ${logId} is at epoch ${before.epoch}, this is ${epoch}`);
    before?.end(new GrpcError(Status.ABORTED, `log ${logId} has a newer stream, of epoch ${epoch}`));
    const stream = new LogStream(logId, epoch, acceptorId);
    this.#streams.set(logId, stream);
    this.#wake();
    return stream;
  }

  #wake(): void {
    const { resolve } = this.#opened;
    this.#opened = Promise.withResolvers();
    resolve();
  }

  /** No stream is opened any more. */
  close(): void {
    this.#closed = true;
  }

  endAll(reason: Error): void {
    for (const stream of this.#streams.values()) stream.end(reason);
  }
}
