import { DatabaseSync } from 'node:sqlite';

/** A lock that the operating system holds for this process and takes back when the process ends, however it ends. */
export interface FileLock {
  /** Lets go. Further calls do nothing. */
  close(): void;
}

const SQLITE_BUSY = 5;

/**
 * Locks a file (created if missing; its content is SQLite's business) or returns undefined where another process, or this one, has
 * it. Node offers no file locks of its own; SQLite, which it brings along, takes the operating system's on every platform.
 * @throws the SQLite error where the file can't be opened
 */
export function lockFile(file: string): FileLock | undefined {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA journal_mode=OFF; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return {
    close() {
      if (database.isOpen) database.close();
    },
  };
}
