import { GrpcError, Status } from '@signaldb/grpc';
import { LogStream } from './log-stream.ts';
import type { StreamOpening } from './stream-messages.ts';

/** The logs that this writer receives: of each the newest stream alone. */
export class LogRegistry {
  readonly #streams = new Map<string, LogStream>();
  #closed = false;

  get size(): number {
    return this.#streams.size;
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
    return stream;
  }

  /** No stream is opened any more. */
  close(): void {
    this.#closed = true;
  }

  endAll(reason: Error): void {
    for (const stream of this.#streams.values()) stream.end(reason);
  }
}
