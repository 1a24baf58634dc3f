import { GrpcError, Metadata, Status } from '@signaldb/grpc';
import { encodeStatus, OtlpDecodeError } from '@signaldb/otlp';
import { WalError, type WalErrorCode } from '@signaldb/wal';

/** Why a write was refused; also the label of the metric. */
export type RefusalReason =
  | 'invalid'
  | 'too_large'
  | 'bad_tenant'
  | 'unauthenticated'
  | 'forbidden'
  | 'queue_full'
  | 'log_full'
  | 'no_space'
  | 'busy'
  | 'log_failed'
  | 'closing';

interface Answer {
  readonly grpc: number;
  readonly http: number;
  /** Whether the same request may be taken later: then the client is told when to try again. */
  readonly again: boolean;
}

/** What each refusal is in gRPC and in HTTP. OTLP clients repeat what `again` says, and drop the rest. */
const answers: Record<RefusalReason, Answer> = {
  invalid: { grpc: Status.INVALID_ARGUMENT, http: 400, again: false },
  unauthenticated: { grpc: Status.UNAUTHENTICATED, http: 401, again: false },
  forbidden: { grpc: Status.PERMISSION_DENIED, http: 403, again: false },
  bad_tenant: { grpc: Status.INVALID_ARGUMENT, http: 400, again: false },
  too_large: { grpc: Status.RESOURCE_EXHAUSTED, http: 413, again: false },
  queue_full: { grpc: Status.RESOURCE_EXHAUSTED, http: 429, again: true },
  log_full: { grpc: Status.RESOURCE_EXHAUSTED, http: 429, again: true },
  no_space: { grpc: Status.RESOURCE_EXHAUSTED, http: 429, again: true },
  busy: { grpc: Status.RESOURCE_EXHAUSTED, http: 429, again: true },
  log_failed: { grpc: Status.UNAVAILABLE, http: 503, again: true },
  closing: { grpc: Status.UNAVAILABLE, http: 503, again: true },
};

/** A write that wasn't taken: nothing of it is in the log. The message is meant for the client. */
export class Refusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Refusal';
    this.reason = reason;
  }

  get httpStatus(): number {
    return answers[this.reason].http;
  }

  get grpcStatus(): number {
    return answers[this.reason].grpc;
  }

  get again(): boolean {
    return answers[this.reason].again;
  }
}

const reasonOfWal: Partial<Record<WalErrorCode, readonly [RefusalReason, string]>> = {
  LOG_FULL: ['log_full', 'the log is full: no writer has taken its contents yet'],
  QUEUE_FULL: ['queue_full', 'too much waits for the disk'],
  NO_SPACE: ['no_space', 'the disk is full'],
  INVALID_RECORD: ['too_large', 'the request is larger than the log takes'],
  FAILED: ['log_failed', 'the log failed; the acceptor has to be started anew'],
  CLOSED: ['closing', 'the acceptor is stopping'],
};

/** What decoding or logging threw as a refusal; anything else as it is. */
export function toRefusal(error: unknown): unknown {
  if (error instanceof OtlpDecodeError) {
    return new Refusal(error.code === 'TOO_LARGE' ? 'too_large' : 'invalid', error.message, error);
  }
  if (error instanceof WalError) {
    const known = reasonOfWal[error.code];
    if (known) return new Refusal(known[0], known[1], error);
  }
  return error;
}

/** A refusal as gRPC has it: with `google.rpc.RetryInfo` where it makes sense to try again. */
export function toGrpcError(error: unknown, retryAfterMs: number): unknown {
  if (!(error instanceof Refusal)) return error;
  const hint = error.again ? retryHint(error.grpcStatus, error.message, retryAfterMs) : undefined;
  return new GrpcError(error.grpcStatus, error.message, hint, { cause: error });
}

/** What tells gRPC clients to send the same again in a while; without it OTLP's drop what was refused. */
export function retryHint(code: number, message: string, retryDelayMs: number): Metadata {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', encodeStatus({ code, message, retryDelayMs }, 'protobuf'));
  return metadata;
}
