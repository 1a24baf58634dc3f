import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  copyFile,
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { checkKey, checkPrefix } from './keys.ts';
import { localError } from './local-errors.ts';
import {
  type CallOptions,
  type GetOptions,
  type ObjectBody,
  type ObjectStat,
  type ObjectStore,
  ObjectStoreError,
} from './object-store.ts';

export interface LocalStoreOptions {
  /** The folder that holds the objects; made when it isn't there. */
  readonly dir: string;
  /** Whether written objects and their folders are forced to disk before a call answers. Default true. */
  readonly fsync?: boolean;
}

const temporaryFolder = '.tmp';

/**
 * Objects as files under a folder, a key being a path. An object is written under another name, forced to disk and then
 * renamed (`put`) or linked (`putIfAbsent`) into its place, so that no reader and no crash sees a part of it. Several
 * processes may share the folder.
 */
export function createLocalStore(options: LocalStoreOptions): ObjectStore {
  const dir = resolve(options.dir);
  const fsync = options.fsync ?? true;
  const pathOf = (key: string) => join(dir, checkKey(key));

  async function guarded<T>(what: string, key: string, o: CallOptions | undefined, run: () => Promise<T>): Promise<T> {
    o?.signal?.throwIfAborted();
    try {
      return await run();
    } catch (error) {
      o?.signal?.throwIfAborted();
      throw localError(error, what, join(dir, key));
    }
  }

  /** Writes the body under a temporary name, calls `place` with it, and leaves nothing behind. */
  async function writeThen<T>(body: ObjectBody, place: (temporary: string) => Promise<T>): Promise<T> {
    await makeFolder(join(dir, temporaryFolder));
    const temporary = join(dir, temporaryFolder, randomUUID());
    try {
      if (body instanceof Uint8Array) await writeWhole(temporary, body, fsync);
      else await copyWhole(body.path, temporary, fsync);
      return await place(temporary);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Makes a folder and, where it is new, forces the folders that name it to disk. */
  async function makeFolder(path: string): Promise<void> {
    const first = await mkdir(path, { recursive: true });
    if (first === undefined || !fsync) return;
    for (let folder = path; folder.length >= first.length; folder = dirname(folder)) await syncFolder(dirname(folder));
  }

  async function place(path: string, move: () => Promise<void>): Promise<void> {
    await makeFolder(dirname(path));
    await move();
    if (fsync) await syncFolder(dirname(path));
  }

  async function* walk(folder: string, below: string, prefix: string, o?: CallOptions): AsyncIterable<ObjectStat> {
    o?.signal?.throwIfAborted();
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
      throw localError(error, 'list', folder);
    });
    const names = entries
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .filter((entry) => !(below === '' && entry.name.startsWith('.')))
      .map((entry) => ({ entry, key: below + entry.name + (entry.isDirectory() ? '/' : '') }))
      .filter(({ entry, key }) => key.startsWith(prefix) || (entry.isDirectory() && prefix.startsWith(key)))
      .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    for (const { entry, key } of names) {
      if (entry.isDirectory()) {
        yield* walk(join(folder, entry.name), key, prefix, o);
      } else {
        const found = await stat(join(folder, entry.name)).catch(() => undefined); // deleted meanwhile
        if (found) yield { key, size: found.size, modified: found.mtime };
      }
    }
  }

  return {
    put: (key, body, o) => {
      const path = pathOf(key);
      return guarded('put', key, o, () => writeThen(body, (temporary) => place(path, () => rename(temporary, path))));
    },

    putIfAbsent: (key, body, o) => {
      const path = pathOf(key);
      return guarded('put', key, o, async () => {
        if (await exists(path)) return false;
        return writeThen(body, async (temporary) => {
          try {
            await place(path, () => link(temporary, path));
            return true;
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
            throw error;
          }
        });
      });
    },

    get: (key, o?: GetOptions) => {
      const path = pathOf(key);
      return guarded('get', key, o, async () => {
        const file = await open(path, 'r');
        try {
          const { size } = await file.stat();
          const offset = o?.range?.offset ?? 0;
          if (o?.range && (offset < 0 || o.range.length <= 0 || offset >= size)) {
            throw new ObjectStoreError('INVALID_RANGE', `no bytes ${offset}+${o.range.length} in ${size} of ${path}`);
          }
          return await readPart(file, offset, Math.min(o?.range?.length ?? size, size - offset));
        } finally {
          await file.close();
        }
      });
    },

    download: (key, path, o) => {
      const from = pathOf(key);
      return guarded('get', key, o, async () => {
        const partial = `${path}.${randomUUID()}.part`;
        try {
          await copyFile(from, partial, constants.COPYFILE_FICLONE);
          o?.signal?.throwIfAborted();
          await rename(partial, path);
        } finally {
          await rm(partial, { force: true });
        }
      });
    },

    stat: (key, o) => {
      const path = pathOf(key);
      return guarded('stat', key, o, async () => {
        const found = await stat(path);
        if (!found.isFile()) throw new ObjectStoreError('NOT_FOUND', `no object ${path}`);
        return { key, size: found.size, modified: found.mtime };
      });
    },

    list: (prefix, o) => {
      checkPrefix(prefix);
      const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      return walk(join(dir, folder), folder, prefix, o);
    },

    delete: async (keys, o) => {
      for (const path of keys.map(pathOf)) {
        await guarded('delete', path.slice(dir.length), o, async () => {
          await unlink(path).catch((error: NodeJS.ErrnoException) => {
            if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
          });
        });
      }
    },

    uri: (key) => `file://${pathOf(key)}`,

    keyOf: (uri) => {
      const path = uri.replace(/^file:(\/\/)?(?=\/)/, '');
      if (!path.startsWith(`${dir}/`)) throw new ObjectStoreError('INVALID_KEY', `not in ${dir}: ${uri}`);
      return checkKey(path.slice(dir.length + 1));
    },

    ready: (o) =>
      guarded('open', '', o, async () => {
        await makeFolder(dir);
        await access(dir, constants.R_OK | constants.W_OK | constants.X_OK);
      }),

    close: async () => {},
  };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function writeWhole(path: string, bytes: Uint8Array, fsync: boolean): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    if (fsync) await file.datasync();
  } finally {
    await file.close();
  }
}

async function copyWhole(from: string, to: string, fsync: boolean): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  if (!fsync) return;
  const file = await open(to, 'r+');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function readPart(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) throw new ObjectStoreError('FAILED', 'an object became shorter while it was read');
    filled += bytesRead;
  }
  return bytes;
}
