import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FileLock, lockFile } from './file-lock.ts';
import { StartupError } from './startup-error.ts';

export interface OpenDataFolderOptions {
  readonly dir: string;
  /** The layout that this program reads and writes. */
  readonly formatVersion: number;
}

/** A data folder that is this process's alone until it is closed. */
export interface DataFolder {
  readonly dir: string;
  /** A path inside. */
  path(...parts: string[]): string;
  close(): void;
}

/**
 * Opens (or creates) a data folder: `lock` keeps other processes out, `version` says which layout it has.
 * @throws StartupError `FOLDER_FORBIDDEN`, `FOLDER_INVALID`, `FOLDER_IN_USE`, `FOLDER_VERSION`
 */
export function openDataFolder({ dir, formatVersion }: OpenDataFolderOptions): DataFolder {
  const lock = withAdvice(dir, () => {
    mkdirSync(dir, { recursive: true });
    return lockFile(join(dir, 'lock'));
  });
  if (!lock) throw inUse(dir);
  try {
    withAdvice(dir, () => checkVersion(dir, formatVersion));
    withAdvice(dir, () => writeFileSync(join(dir, 'lock.pid'), `${process.pid}\n`));
  } catch (error) {
    lock.close();
    throw error;
  }
  return {
    dir,
    path: (...parts) => join(dir, ...parts),
    close: () => release(dir, lock),
  };
}

function release(dir: string, lock: FileLock): void {
  rmSync(join(dir, 'lock.pid'), { force: true });
  lock.close();
}

function checkVersion(dir: string, formatVersion: number): void {
  const file = join(dir, 'version');
  const found = readIfThere(file);
  if (found === undefined) {
    writeDurably(dir, file, `${formatVersion}\n`);
    return;
  }
  const text = found.trim();
  if (text === String(formatVersion)) return;
  if (!/^\d+$/.test(text))
    throw new StartupError(
      'FOLDER_VERSION',
      `${file} doesn't say a format version. Restore the folder, or choose another.`,
    );
  const advice =
    Number(text) > formatVersion
      ? 'Run the newer SignalDB that wrote it'
      : 'Run the SignalDB that wrote it to export its data';
  throw new StartupError(
    'FOLDER_VERSION',
    `The data folder ${dir} has format ${text}; this SignalDB reads format ${formatVersion}. ${advice}, or choose another folder.`,
  );
}

function inUse(dir: string): StartupError {
  const holder = readIfThere(join(dir, 'lock.pid'))?.trim();
  return new StartupError(
    'FOLDER_IN_USE',
    `The data folder ${dir} is in use by another process${holder ? ` (pid ${holder})` : ''}. Stop it, or choose another folder.`,
  );
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function writeDurably(dir: string, file: string, text: string): void {
  const temporary = `${file}.tmp`;
  writeFileSync(temporary, text, { flush: true });
  renameSync(temporary, file);
  const handle = openSync(dir, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function withAdvice<T>(dir: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof StartupError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (['EACCES', 'EPERM', 'EROFS'].includes(code) || /unable to open|readonly/.test(message)) {
      throw new StartupError(
        'FOLDER_FORBIDDEN',
        `No permission to write in the data folder ${dir}. Give this user access to it, or choose another folder.`,
        { cause: error },
      );
    }
    if (['EEXIST', 'ENOTDIR'].includes(code)) {
      throw new StartupError(
        'FOLDER_INVALID',
        `The data folder ${dir} can't be made: a file is in its way. Choose another folder.`,
        { cause: error },
      );
    }
    throw new StartupError(
      'FOLDER_INVALID',
      `The data folder ${dir} can't be used (${message}). Choose another folder.`,
      { cause: error },
    );
  }
}
