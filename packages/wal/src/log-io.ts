import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** One open file. Positions and sizes are bytes. */
export interface LogFile {
  /** Fills `into` from `position` as far as the file goes; tells how many bytes that were. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all parts one after another; fails unless all of them are written. */
  write(parts: readonly Uint8Array[], position: number): Promise<void>;
  /** Forces the data and what is needed to read it (`fdatasync`). */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** Every file operation that a log does, so that tests can count them, slow them and make them fail. */
export interface LogIo {
  makeFolder(path: string): Promise<void>;
  /** Names in a folder. */
  list(path: string): Promise<string[]>;
  /** `create` fails when the file is there. */
  open(path: string, how: 'read' | 'write' | 'create'): Promise<LogFile>;
  remove(path: string): Promise<void>;
  /** Forces a folder's names to disk. */
  syncFolder(path: string): Promise<void>;
  /** A small file's text, or `undefined` when there is none. */
  readText(path: string): Promise<string | undefined>;
  /** Replaces a small file in one step; with `sync` it is on disk before the promise resolves. */
  replaceText(path: string, text: string, sync: boolean): Promise<void>;
}

const modes = { read: 'r', write: 'r+', create: 'wx+' } as const;

/** The real thing, on `node:fs`. */
export function createLogIo(): LogIo {
  const io: LogIo = {
    makeFolder: async (path) => {
      const first = await mkdir(path, { recursive: true });
      if (first !== undefined) await io.syncFolder(dirname(first));
    },
    list: (path) => readdir(path),
    open: async (path, how) => createLogFile(await open(path, modes[how])),
    remove: (path) => rm(path, { force: true }),
    syncFolder: async (path) => {
      const folder = await open(path, 'r');
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    },
    readText: (path) =>
      readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      }),
    replaceText: async (path, text, sync) => {
      await writeFile(`${path}.new`, text, { flush: sync });
      await rename(`${path}.new`, path);
      if (sync) await io.syncFolder(dirname(path));
    },
  };
  return io;
}

function createLogFile(file: Awaited<ReturnType<typeof open>>): LogFile {
  return {
    read: async (into, position) => {
      let filled = 0;
      while (filled < into.length) {
        const { bytesRead } = await file.read(into, filled, into.length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    },
    write: async (parts, position) => {
      let left = parts;
      while (left.length > 0) {
        const { bytesWritten } = await file.writev(left, position);
        position += bytesWritten;
        left = without(left, bytesWritten);
      }
    },
    sync: () => file.datasync(),
    truncate: (size) => file.truncate(size),
    size: async () => (await file.stat()).size,
    close: () => file.close(),
  };
}

/** What is left of `parts` behind the first `count` bytes. */
function without(parts: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let i = 0;
  while (i < parts.length && parts[i]!.length <= count) count -= parts[i++]!.length;
  if (i === parts.length) return [];
  return count === 0 ? parts.slice(i) : [parts[i]!.subarray(count), ...parts.slice(i + 1)];
}
