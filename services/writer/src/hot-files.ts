import { randomBytes } from 'node:crypto';
import { mkdir, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Value } from '@signaldb/iceberg';
import type { EncodedFile } from '@signaldb/parquet';
import type { Logger } from '@signaldb/runtime';
import type { ByteBudget } from './byte-budget.ts';

/** What stands beside a file of spans, by its suffix. */
export const sidecarSuffixes = { traceIndex: '.trace-index.parquet', traceFilter: '.trace-filter' } as const;

/** A Parquet file on this writer's disk: rows of one log, table and partition. It never changes. */
export interface HotFile {
  /** Names the file for fetching; never used twice, not after a restart either. */
  readonly name: string;
  readonly path: string;
  readonly tenant: string;
  readonly table: string;
  /** Of a user's table: tells it from others of its name. */
  readonly tableUuid: string | undefined;
  readonly logId: string;
  readonly epoch: number;
  readonly firstLsn: number;
  readonly lastLsn: number;
  readonly rows: number;
  readonly bytes: number;
  readonly partition: readonly (Value | null)[];
  readonly minTime?: bigint;
  readonly maxTime?: bigint;
  readonly hasTraceSidecars: boolean;
}

export type HotFileOrigin = Pick<
  HotFile,
  'tenant' | 'table' | 'tableUuid' | 'logId' | 'epoch' | 'firstLsn' | 'lastLsn' | 'partition'
>;

interface Kept {
  readonly file: HotFile;
  readonly isListed: boolean;
  readonly untilMs: number;
}

/** The folder of hot files. It starts empty: what was in it will be sent again. */
export interface HotFiles {
  add(encoded: EncodedFile, origin: HotFileOrigin): Promise<HotFile>;
  /** The file isn't needed any more: it goes after the grace. Until then queries may list it (committed) or may not (dropped). */
  retire(files: readonly HotFile[], isListed: boolean): void;
  /** All that is here, committed ones within their grace included. */
  list(): IterableIterator<HotFile>;
  /** By its name, or the name of one of its sidecars. */
  pathOf(name: string): string | undefined;
  /** A path for a file that is being put together. */
  scratchPath(): string;
  /** Deletes what has outlived its grace. */
  sweep(): Promise<void>;
  readonly count: number;
  /** Files that aren't committed, and their bytes. */
  readonly uncommitted: number;
}

export interface HotFilesOptions {
  readonly dir: string;
  readonly graceMs: number;
  /** Counts the bytes of files that are neither committed nor dropped. */
  readonly budget: ByteBudget;
  readonly logger: Logger;
}

export async function openHotFiles({ dir, graceMs, budget, logger }: HotFilesOptions): Promise<HotFiles> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  const bootId = randomBytes(4).toString('hex');
  const files = new Map<string, HotFile>();
  const retired = new Map<string, Kept>();
  let last = 0;

  async function write(path: string, encoded: EncodedFile): Promise<void> {
    await writeFile(path, encoded.bytes);
    if (encoded.traceIndex) await writeFile(path + sidecarSuffixes.traceIndex, encoded.traceIndex);
    if (encoded.traceFilter) await writeFile(path + sidecarSuffixes.traceFilter, encoded.traceFilter);
  }

  const remove = (path: string) =>
    unlink(path).catch((error) =>
      error.code === 'ENOENT' ? undefined : logger.warn({ err: error, path }, 'a hot file could not be deleted'),
    );

  return {
    async add(encoded, origin) {
      const name = `${bootId}-${++last}.parquet`;
      const path = join(dir, name);
      await write(path, encoded);
      const { rows, minTime, maxTime } = encoded;
      const file: HotFile = {
        ...origin,
        name,
        path,
        rows,
        bytes: encoded.bytes.length,
        hasTraceSidecars: encoded.traceFilter !== undefined,
        ...(minTime !== undefined && { minTime }),
        ...(maxTime !== undefined && { maxTime }),
      };
      files.set(name, file);
      budget.take(file.bytes);
      return file;
    },
    retire(gone, isListed) {
      for (const file of gone) {
        if (!files.delete(file.name)) continue;
        budget.give(file.bytes);
        retired.set(file.name, { file, isListed, untilMs: performance.now() + graceMs });
      }
    },
    *list() {
      yield* files.values();
      for (const { file, isListed } of retired.values()) if (isListed) yield file;
    },
    pathOf(name) {
      const suffix = Object.values(sidecarSuffixes).find((s) => name.endsWith(s) && name.length > s.length) ?? '';
      const base = name.slice(0, name.length - suffix.length);
      const file = files.get(base) ?? retired.get(base)?.file;
      return file && (suffix === '' || file.hasTraceSidecars) ? file.path + suffix : undefined;
    },
    scratchPath: () => join(dir, `${bootId}-${++last}.tmp`),
    async sweep() {
      const now = performance.now();
      for (const [name, { file, untilMs }] of retired) {
        if (untilMs > now) break; // they retire in order
        retired.delete(name);
        await remove(file.path);
        if (file.hasTraceSidecars)
          for (const suffix of Object.values(sidecarSuffixes)) await remove(file.path + suffix);
      }
    },
    get count() {
      return files.size + retired.size;
    },
    get uncommitted() {
      return files.size;
    },
  };
}
