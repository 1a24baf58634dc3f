import { GrpcError, isStatus, Status } from '@signaldb/grpc';

export function cancelled(): GrpcError {
  return new GrpcError(Status.CANCELLED, 'The call was cancelled');
}

export function deadlineExceeded(timeoutMs: number): GrpcError {
  return new GrpcError(Status.DEADLINE_EXCEEDED, `The call took longer than its ${timeoutMs} ms`);
}

/** The error that the other side sees: a GrpcError as it is; of anything else only that there was one. */
export function asGrpcError(thrown: unknown): GrpcError {
  if (thrown instanceof GrpcError) return thrown;
  if (thrown instanceof Error) {
    const { code, details } = thrown as { code?: unknown; details?: unknown };
    if (isStatus(code) && code !== Status.OK && typeof details === 'string') {
      return new GrpcError(code, details, undefined, { cause: thrown });
    }
  }
  return new GrpcError(Status.UNKNOWN, 'The server failed to answer; its log says why', undefined, { cause: thrown });
}
