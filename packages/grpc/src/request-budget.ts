import { GrpcError } from './grpc-error.ts';
import type { Metadata } from './metadata.ts';
import { Status } from './status.ts';

/** The bytes that all requests of a server hold at the moment, against the limit `requestBytesMax`. */
export class RequestBudget {
  readonly #bytesMax: number;
  readonly #retryHint: Metadata | undefined;
  #bytes = 0;

  constructor(bytesMax: number, retryHint?: Metadata) {
    this.#bytesMax = bytesMax;
    this.#retryHint = retryHint;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Counts bytes in; whoever takes gives them back, also where this throws RESOURCE_EXHAUSTED because there are too many. */
  take(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#bytesMax) {
      throw new GrpcError(
        Status.RESOURCE_EXHAUSTED,
        `The requests being received are over the limit requestBytesMax (${this.#bytesMax} bytes); try again later`,
        this.#retryHint,
      );
    }
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}
