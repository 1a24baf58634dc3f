import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { mkdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { GrpcError, Status } from '@signaldb/grpc';
import { type FileOrigins, fetchFile } from './fetch-file.ts';
import { type FileSource, fileId } from './table-file.ts';

/** A file that stays where it is until `release` is called. */
export interface PinnedFile {
  readonly path: string;
  /** May be called twice. */
  release(): void;
}

export interface LocalFilesOptions {
  readonly dir: string;
  readonly origins: FileOrigins;
  /** Of the files kept; those in use may go beyond. */
  readonly bytesMax: number;
}

interface Entry {
  readonly path: string;
  readonly ready: Promise<void>;
  bytes: number;
  pins: number;
}

/**
 * Local copies of immutable files, a folder a tenant, the least recently used dropped first. What a query uses is pinned. Files from the
 * object store outlive a restart; hot files don't.
 */
export class LocalFiles {
  readonly #dir: string;
  readonly #origins: FileOrigins;
  readonly #bytesMax: number;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  hits = 0;
  fetches = 0;

  constructor({ dir, origins, bytesMax }: LocalFilesOptions) {
    this.#dir = dir;
    this.#origins = origins;
    this.#bytesMax = bytesMax;
    mkdirSync(dir, { recursive: true });
    this.#recover();
  }

  /** Bytes of all files kept. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#entries.size;
  }

  /** A tenant's own folder: nothing of another tenant is in it. */
  folderOf(tenant: string): string {
    return join(this.#dir, tenant);
  }

  /**
   * Makes a file local and pins it. Queries share a fetch, so that one which is given up doesn't stop it.
   * @throws ObjectStoreError, or GrpcError of the writer, where it can't be had; RESOURCE_EXHAUSTED when files in use leave no room
   */
  async pin(tenant: string, source: FileSource, bytes: number): Promise<PinnedFile> {
    const path = join(this.folderOf(tenant), localName(source));
    let entry = this.#entries.get(path);
    if (entry === undefined) {
      entry = this.#fetch(path, source, bytes);
    } else {
      this.hits++;
      this.#entries.delete(path);
      this.#entries.set(path, entry);
    }
    entry.pins++;
    const release = this.#releaser(entry);
    try {
      await entry.ready;
      return { path, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #releaser(entry: Entry): () => void {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      entry.pins--;
      this.#shrink();
    };
  }

  #fetch(path: string, source: FileSource, bytes: number): Entry {
    this.fetches++;
    this.#makeRoom(bytes);
    const ready = mkdir(join(path, '..'), { recursive: true })
      .then(() => fetchFile(this.#origins, source, path))
      .then((size) => {
        this.#bytes += size - entry.bytes;
        entry.bytes = size;
      })
      .catch((error: unknown) => {
        if (this.#entries.get(path) === entry) this.#entries.delete(path);
        this.#bytes -= entry.bytes;
        throw error;
      });
    const entry: Entry = { path, ready, bytes, pins: 0 };
    ready.catch(() => {});
    this.#bytes += bytes;
    this.#entries.set(path, entry);
    return entry;
  }

  #makeRoom(bytes: number): void {
    this.#shrink(this.#bytesMax - bytes);
    if (this.#bytes + bytes <= this.#bytesMax) return;
    throw new GrpcError(
      Status.RESOURCE_EXHAUSTED,
      `queries use more files at once than the cache may hold (${this.#bytesMax} bytes, setting querier.cacheBytesMax)`,
    );
  }

  #shrink(bytesMax = this.#bytesMax): void {
    if (this.#bytes <= bytesMax) return;
    for (const [path, entry] of this.#entries) {
      if (entry.pins > 0) continue;
      this.#entries.delete(path);
      this.#bytes -= entry.bytes;
      unlink(path).catch(() => {});
      if (this.#bytes <= bytesMax) return;
    }
  }

  /** Takes over what an earlier process left whole; the oldest come first. */
  #recover(): void {
    const found: { path: string; bytes: number; usedMs: number }[] = [];
    for (const tenant of readdirSync(this.#dir)) {
      const folder = join(this.#dir, tenant);
      for (const name of readdirSync(folder)) {
        const path = join(folder, name);
        if (!name.startsWith('c-') || name.endsWith('.part')) {
          rmSync(path, { recursive: true, force: true });
          continue;
        }
        const { size, atimeMs } = statSync(path);
        found.push({ path, bytes: size, usedMs: atimeMs });
      }
    }
    found.sort((a, b) => a.usedMs - b.usedMs);
    for (const { path, bytes } of found) {
      this.#entries.set(path, { path, bytes, pins: 0, ready: Promise.resolve() });
      this.#bytes += bytes;
    }
    this.#shrink();
  }
}

/** Safe as a file name, and different for different files. */
function localName(source: FileSource): string {
  const hash = createHash('sha256').update(fileId(source)).digest('hex').slice(0, 32);
  return `${source.kind === 'object' ? 'c' : 'h'}-${hash}.parquet`;
}
