import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { WalError } from './errors.ts';

export interface FolderLock {
  /** Lets go; a second call does nothing. */
  release(): void;
}

const sqliteBusy = 5;

/**
 * Takes the lock file at `path` for this caller alone, or throws LOCKED. The operating system holds the lock (a POSIX
 * record lock, which Node reaches through SQLite): it ends with the process however that ends, no process id can be
 * mistaken for another's, and containers that share the disk see it.
 */
export async function lockFile(path: string): Promise<FolderLock> {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    if (database?.isOpen) database.close();
    if ((error as { errcode?: number }).errcode !== sqliteBusy) {
      throw new WalError('IO', `cannot lock ${path}: ${(error as Error).message}`, error);
    }
    const holder = await holderOf(path);
    throw new WalError(
      'LOCKED',
      `${path} is held by ${holder === undefined ? 'another process' : `process ${holder}`}`,
    );
  }
  return {
    release: () => {
      if (database.isOpen) database.close();
    },
  };
}

/** The process that holds a lock on the file, where the system tells. */
async function holderOf(path: string): Promise<number | undefined> {
  const { ino } = statSync(path);
  const locks = await readFile('/proc/locks', 'utf8').catch(() => '');
  const line = locks.split('\n').find((text) => text.split(/[\s:]+/).includes(String(ino)));
  const pid = line === undefined ? Number.NaN : Number(/\b(?:READ|WRITE)\s+(\d+)\b/.exec(line)?.[1]);
  return pid > 0 ? pid : undefined;
}
