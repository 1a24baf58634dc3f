export type WalErrorCode =
  /** The log holds as many bytes as it may: nothing is taken until it is trimmed. */
  | 'LOG_FULL'
  /** More waits for the disk than may wait: try again in a moment. */
  | 'QUEUE_FULL'
  /** The disk is full. The record isn't in the log; later ones will be, once there is space. */
  | 'NO_SPACE'
  /** The record is larger than the log takes, or its tenant or key is. */
  | 'INVALID_RECORD'
  /** A write or an fsync failed. The log takes nothing more; open it again to learn what is on the disk. */
  | 'FAILED'
  | 'CLOSED'
  /** Another process, or another log of this process, has the folder open. */
  | 'LOCKED'
  /** The folder is of another format or version, or its files belong to several logs. */
  | 'FORMAT'
  /** Settings that can't work. */
  | 'INVALID_OPTIONS'
  /** The folder can't be read or written. */
  | 'IO';

/** The one error of this package. `code` is stable. */
export class WalError extends Error {
  readonly code: WalErrorCode;

  constructor(code: WalErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'WalError';
    this.code = code;
  }
}

/** Runs a file operation; a failure becomes IO with what was tried. */
export async function orIoError<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof WalError) throw error;
    throw new WalError('IO', `cannot ${what}: ${(error as Error).message}`, error);
  }
}

/** Whether a write failed for lack of space alone, so that what was there before is still good. */
export function isNoSpace(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
}
