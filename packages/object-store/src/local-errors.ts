import { ObjectStoreError, type ObjectStoreErrorCode } from './object-store.ts';

const codes: Record<string, ObjectStoreErrorCode> = {
  ENOENT: 'NOT_FOUND',
  ENOTDIR: 'NOT_FOUND',
  EISDIR: 'NOT_FOUND',
  EACCES: 'ACCESS_DENIED',
  EPERM: 'ACCESS_DENIED',
  EROFS: 'ACCESS_DENIED',
  ENOSPC: 'NO_SPACE',
  EDQUOT: 'NO_SPACE',
  ENAMETOOLONG: 'INVALID_KEY',
  EMFILE: 'UNAVAILABLE',
  ENFILE: 'UNAVAILABLE',
  EAGAIN: 'UNAVAILABLE',
  EBUSY: 'UNAVAILABLE',
  EIO: 'UNAVAILABLE',
  ESTALE: 'UNAVAILABLE',
};

/** What a file system error means, `undefined` where it isn't one that is known. */
export function localErrorCode(error: unknown): ObjectStoreErrorCode | undefined {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? codes[code] : undefined;
}

/** A file system error as the store's own; other errors pass as they are. */
export function localError(error: unknown, what: string, path: string): unknown {
  if (error instanceof ObjectStoreError) return error;
  const system = error as NodeJS.ErrnoException;
  if (typeof system?.code !== 'string' || system.syscall === undefined) return error;
  return new ObjectStoreError(localErrorCode(error) ?? 'FAILED', `cannot ${what} ${path}: ${system.message}`, error);
}
