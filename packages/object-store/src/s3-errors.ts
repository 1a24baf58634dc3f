import { localErrorCode } from './local-errors.ts';
import { ObjectStoreError, type ObjectStoreErrorCode } from './object-store.ts';

/** By S3's error code, https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const byName: Record<string, ObjectStoreErrorCode> = {
  NoSuchKey: 'NOT_FOUND',
  NoSuchBucket: 'NOT_FOUND',
  NotFound: 'NOT_FOUND',
  InvalidRange: 'INVALID_RANGE',
  AccessDenied: 'ACCESS_DENIED',
  InvalidAccessKeyId: 'ACCESS_DENIED',
  SignatureDoesNotMatch: 'ACCESS_DENIED',
  ExpiredToken: 'ACCESS_DENIED',
  InvalidToken: 'ACCESS_DENIED',
  XMinioStorageFull: 'NO_SPACE',
  QuotaExceeded: 'NO_SPACE',
  KeyTooLongError: 'INVALID_KEY',
  XMinioInvalidObjectName: 'INVALID_KEY',
  SlowDown: 'UNAVAILABLE',
  InternalError: 'UNAVAILABLE',
  ServiceUnavailable: 'UNAVAILABLE',
  RequestTimeout: 'UNAVAILABLE',
  OperationAborted: 'UNAVAILABLE',
  XMinioServerNotInitialized: 'UNAVAILABLE',
};

const byStatus: Record<number, ObjectStoreErrorCode> = {
  401: 'ACCESS_DENIED',
  403: 'ACCESS_DENIED',
  404: 'NOT_FOUND',
  408: 'UNAVAILABLE',
  416: 'INVALID_RANGE',
  429: 'UNAVAILABLE',
  507: 'NO_SPACE',
};

/** An error of `minio`, of the connection or of a local file as the store's own. `status` is that of the last answer, if one came. */
export function s3Error(error: unknown, what: string, uri: string, status: number | undefined): ObjectStoreError {
  if (error instanceof ObjectStoreError) return error;
  const { name, code, message } = error as { name?: string; code?: unknown; message?: string };
  const named = typeof code === 'string' ? byName[code] : name ? byName[name] : undefined;
  const mapped = named ?? localErrorCode(error) ?? byAnswer(status);
  const detail = [typeof code === 'string' && code !== message ? code : undefined, message || name].filter(Boolean);
  return new ObjectStoreError(
    error instanceof TypeError ? 'FAILED' : mapped,
    `cannot ${what} ${uri}: ${detail.join(': ')}${status && status >= 300 ? ` (HTTP ${status})` : ''}`,
    error,
  );
}

/** Without an answer, or behind the beginning of a good one, the connection is to blame. */
function byAnswer(status: number | undefined): ObjectStoreErrorCode {
  if (status === undefined || status < 300 || status >= 500) return 'UNAVAILABLE';
  return byStatus[status] ?? 'FAILED';
}

/** Whether the answer says that the condition of a conditional write doesn't hold. */
export function isPreconditionFailed(error: unknown, status: number | undefined): boolean {
  return status === 412 || (error as { code?: unknown })?.code === 'PreconditionFailed';
}
