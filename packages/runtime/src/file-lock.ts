import { DatabaseSync } from 'node:sqlite';

/** A lock that the operating system holds for this process and takes back when the process ends, however it ends. */
export interface FileLock {
  /** Lets go. Further calls do nothing. */
  close(): void;
}

const SQLITE_BUSY = 5;
/** Several that try at the same moment hinder each other for an instant; one of them has to get it. */
const waitMs = 250;

/** A database that nobody refers to is closed by the garbage collector, and its lock is gone: held ones are kept alive here. */
const held = new Set<DatabaseSync>();

/**
 * Locks a file (created if missing; its content is SQLite's business) or returns undefined where another process, or this one, has
 * it. Node offers no file locks of its own; SQLite, which it brings along, takes the operating system's on every platform.
 * @throws the SQLite error where the file can't be opened
 */
export function lockFile(file: string): FileLock | undefined {
  const database = new DatabaseSync(file, { timeout: waitMs });
  try {
    database.exec('PRAGMA journal_mode=OFF; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  held.add(database);
  return {
    close() {
      held.delete(database);
      if (database.isOpen) database.close();
    },
  };
}
