import { openTraceFilter, type TraceFilter } from '@signaldb/parquet';
import { mapSome } from '../map-some.ts';
import { type FileOrigins, isFileGone, readWhole } from './fetch-file.ts';
import { type FileInfo, readFileInfo } from './file-info.ts';
import type { LocalFiles, PinnedFile } from './local-files.ts';
import { Lru } from './lru.ts';
import { type FileSource, fileId, sidecarOf, sidecars, type TableFile } from './table-file.ts';

/** A file on this machine's disk, and what its footer says. */
export interface LocalFile {
  readonly file: TableFile;
  readonly path: string;
  readonly info: FileInfo;
}

export interface FileAccessOptions {
  readonly origins: FileOrigins;
  readonly localFiles: LocalFiles;
  readonly traceFilterBytesMax: number;
}

const infosMax = 20_000;
const filterEntryBytes = 10;

/** Files, footers and trace-id filters, for all queries. */
export class FileAccess {
  readonly #origins: FileOrigins;
  readonly #localFiles: LocalFiles;
  readonly #infos = new Lru<FileInfo>(infosMax);
  readonly #filters: Lru<TraceFilter | undefined>;

  constructor({ origins, localFiles, traceFilterBytesMax }: FileAccessOptions) {
    this.#origins = origins;
    this.#localFiles = localFiles;
    this.#filters = new Lru(traceFilterBytesMax, (filter) => 256 + (filter?.entries ?? 0) * filterEntryBytes);
  }

  /** Bytes of the trace-id filters in memory. */
  get traceFilterBytes(): number {
    return this.#filters.weight;
  }

  /** The files that one query of a tenant uses; close it when the query is over. */
  open(tenant: string): OpenFiles {
    return new OpenFiles(this, this.#localFiles, tenant);
  }

  /** A file's trace-id filter; undefined where it has none (another engine wrote the file). @throws ObjectStoreError, ParquetError */
  traceFilter(source: FileSource): Promise<TraceFilter | undefined> {
    return this.#filters.get(fileId(source), async () => {
      try {
        return openTraceFilter(await readWhole(this.#origins, sidecarOf(source, sidecars.traceFilter)));
      } catch (error) {
        if (isFileGone(error)) return undefined;
        throw error;
      }
    });
  }

  info(source: FileSource, path: string): Promise<FileInfo> {
    return this.#infos.get(fileId(source), () => readFileInfo(path));
  }
}

const fetchesAtOnce = 8;

/** The pinned files of one query. */
export class OpenFiles {
  readonly #access: FileAccess;
  readonly #localFiles: LocalFiles;
  readonly #tenant: string;
  readonly #pins = new Map<string, Promise<PinnedFile>>();
  #closed = false;

  constructor(access: FileAccess, localFiles: LocalFiles, tenant: string) {
    this.#access = access;
    this.#localFiles = localFiles;
    this.#tenant = tenant;
  }

  traceFilter(file: TableFile): Promise<TraceFilter | undefined> {
    return this.#access.traceFilter(file.source);
  }

  /** Makes files local, several at once, and reads their footers. The order stays. */
  async local(files: readonly TableFile[]): Promise<LocalFile[]> {
    return mapSome(files, fetchesAtOnce, async (file) => {
      const { path } = await this.#pin(file.source, file.bytes);
      return { file, path, info: await this.#access.info(file.source, path) };
    });
  }

  /** Paths of the trace indexes of files, and the files that have none. */
  async traceIndexes(files: readonly TableFile[]): Promise<{ paths: string[]; without: TableFile[] }> {
    const found = await mapSome(files, fetchesAtOnce, (file) =>
      file.hasTraceFilter ? this.#traceIndex(file) : undefined,
    );
    return {
      paths: found.filter((path) => path !== undefined),
      without: files.filter((_, i) => found[i] === undefined),
    };
  }

  async #traceIndex({ source }: TableFile): Promise<string | undefined> {
    try {
      return (await this.#pin(sidecarOf(source, sidecars.traceIndex), 0)).path;
    } catch (error) {
      if (isFileGone(error)) return undefined;
      throw error;
    }
  }

  #pin(source: FileSource, bytes: number): Promise<PinnedFile> {
    if (this.#closed) throw new Error('the files of this query are closed');
    const id = fileId(source);
    let pin = this.#pins.get(id);
    if (pin === undefined) {
      pin = this.#localFiles.pin(this.#tenant, source, bytes);
      this.#pins.set(id, pin);
    }
    return pin;
  }

  /** Unpins all. May be called twice. */
  close(): void {
    this.#closed = true;
    for (const pin of this.#pins.values()) {
      pin.then(
        (file) => file.release(),
        () => {},
      );
    }
    this.#pins.clear();
  }
}
