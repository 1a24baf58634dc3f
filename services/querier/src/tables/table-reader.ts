import { GrpcError, Status } from '@signaldb/grpc';
import { isCatalogError } from '@signaldb/iceberg';
import { ObjectStoreError } from '@signaldb/object-store';
import type { SharedBarrier } from '../barrier/shared-barrier.ts';
import { isFileGone } from '../files/fetch-file.ts';
import type { FileAccess, OpenFiles } from '../files/file-access.ts';
import { mapSome } from '../map-some.ts';
import type { Outcome } from '../outcome.ts';
import { allTime, type TimeRange } from '../time-range.ts';
import { signalTableOf } from './table-columns.ts';
import { type TableOverview, tableOverview } from './table-overview.ts';
import { loadTable, type SnapshotOptions, type TableSnapshot, TailMovedError, takeSnapshot } from './table-snapshot.ts';

/** Which tables a query reads, and of which times. */
export interface ReadRequest {
  readonly tenant: string;
  readonly tables: readonly string[];
  readonly times: TimeRange;
  /** For some tables another range, within `times`. */
  readonly timesOf?: ReadonlyMap<string, TimeRange>;
}

/** Tables as of one moment, and the files that the query has in use. Close it when the query is over. */
export interface OpenTables {
  /** By name; tables that don't exist are absent. */
  readonly tables: ReadonlyMap<string, TableSnapshot>;
  readonly files: OpenFiles;
  close(): void;
}

export interface TableReaderOptions extends SnapshotOptions {
  readonly barrier: SharedBarrier;
  readonly access: FileAccess;
}

const attemptsMax = 3;
const loadsAtOnce = 16;

/** Opens tables for queries: first the tail, then the snapshot, so that what was acknowledged before is in one of them. */
export class TableReader {
  readonly #options: TableReaderOptions;

  constructor(options: TableReaderOptions) {
    this.#options = options;
  }

  /** @throws GrpcError UNAVAILABLE when the catalog can't be asked */
  async open(request: ReadRequest, outcome: Outcome): Promise<OpenTables> {
    for (let attempt = 1; ; attempt++) {
      outcome.restart();
      try {
        return await this.#open(request, outcome);
      } catch (error) {
        if (error instanceof TailMovedError && attempt < attemptsMax) continue;
        throw readError(error);
      }
    }
  }

  /** Opens tables for `work`, and closes them after it. A file that was replaced and deleted meanwhile makes it all start anew. */
  async use<T>(request: ReadRequest, outcome: Outcome, work: (open: OpenTables) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const open = await this.open(request, outcome);
      try {
        return await work(open);
      } catch (error) {
        if (isFileGone(error) && attempt < attemptsMax) continue;
        throw readError(error);
      } finally {
        open.close();
      }
    }
  }

  /** What tables are and hold, without opening any of their files. Tables that don't exist are left out. @throws GrpcError UNAVAILABLE */
  async overview(tenant: string, names: readonly string[]): Promise<TableOverview[]> {
    try {
      const tail = await this.#options.barrier.tail({ tenant, tables: names, times: allTime });
      const found = await mapSome(names, loadsAtOnce, async (name) => {
        const metadata = await loadTable(this.#options.catalog, tenant, name);
        const exists = metadata !== undefined || signalTableOf(name) !== undefined;
        return exists ? tableOverview(name, metadata, tail) : undefined;
      });
      return found.filter((overview) => overview !== undefined);
    } catch (error) {
      throw readError(error);
    }
  }

  /** Access to files that are known already. Close it when the query is over. */
  openFiles(tenant: string): Pick<OpenTables, 'files' | 'close'> {
    const files = this.#options.access.open(tenant);
    return { files, close: () => files.close() };
  }

  async #open(request: ReadRequest, outcome: Outcome): Promise<OpenTables> {
    const { tenant, tables: names, times, timesOf } = request;
    const tail = await this.#options.barrier.tail(request);
    const taken = await Promise.all(
      names.map((name) => takeSnapshot(this.#options, { tenant, name, times: timesOf?.get(name) ?? times }, tail)),
    );
    const tables = new Map<string, TableSnapshot>();
    for (const snapshot of taken) {
      if (snapshot === undefined) continue;
      tables.set(snapshot.name, snapshot);
      snapshot.reasons.forEach((reason) => {
        outcome.addReason(reason);
      });
    }
    return { tables, ...this.openFiles(tenant) };
  }
}

/** Errors of the catalog and the store, as callers see them. */
export function readError(error: unknown): unknown {
  if (error instanceof ObjectStoreError || isCatalogError(error)) {
    return new GrpcError(Status.UNAVAILABLE, `the tables can’t be read now: ${error.message}`);
  }
  if (error instanceof TailMovedError) return new GrpcError(Status.UNAVAILABLE, `${error.message}; try again`);
  return error;
}
