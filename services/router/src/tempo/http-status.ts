import { GrpcError, Status } from '@signaldb/grpc';

const statuses: Readonly<Record<number, number>> = {
  [Status.INVALID_ARGUMENT]: 400,
  [Status.OUT_OF_RANGE]: 400,
  [Status.UNAUTHENTICATED]: 401,
  [Status.PERMISSION_DENIED]: 403,
  [Status.NOT_FOUND]: 404,
  [Status.RESOURCE_EXHAUSTED]: 429,
  [Status.CANCELLED]: 499,
  [Status.UNIMPLEMENTED]: 501,
  [Status.UNAVAILABLE]: 503,
  [Status.DEADLINE_EXCEEDED]: 504,
};

/** How an error is told over HTTP. What isn't a GrpcError is a fault of ours, whose message stays inside. */
export function httpError(error: unknown): { readonly status: number; readonly message: string } {
  if (error instanceof GrpcError) return { status: statuses[error.code] ?? 500, message: error.details };
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  // The framework's own refusals: a malformed URL, an unknown content type.
  if (statusCode && statusCode < 500) return { status: statusCode, message: message ?? 'bad request' };
  return { status: 500, message: 'internal error; the log has more' };
}
