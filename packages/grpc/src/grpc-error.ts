import type { Metadata } from './metadata.ts';
import { statusName } from './status.ts';

/**
 * What a call fails with: thrown by handlers, it reaches the client as it is.
 * Anything else that a handler throws is logged and reaches the client as UNKNOWN, without its message.
 */
export class GrpcError extends Error {
  override readonly name = 'GrpcError';
  /** One of `Status`. */
  readonly code: number;
  /** What the client is told: `grpc-message`. */
  readonly details: string;
  /** Sent with the status; `grpc-status-details-bin` in it carries a `google.rpc.Status`. */
  readonly metadata: Metadata | undefined;

  constructor(code: number, details: string, metadata?: Metadata, options?: ErrorOptions) {
    super(`${statusName(code)}: ${details}`, options);
    this.code = code;
    this.details = details;
    this.metadata = metadata;
  }
}
