import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@signaldb/duckdb';
import type { FlightService } from '@signaldb/flight';
import { type Catalog, createManifestReader } from '@signaldb/iceberg';
import type { ObjectStore } from '@signaldb/object-store';
import type { Logger, Metrics } from '@signaldb/runtime';
import { askLogs, type TailRequest } from './barrier/ask-logs.ts';
import { SharedBarrier } from './barrier/shared-barrier.ts';
import type { QuerierConfig } from './config.ts';
import { DuckPool } from './duck-pool.ts';
import { FileAccess } from './files/file-access.ts';
import { LocalFiles } from './files/local-files.ts';
import { createFlightService } from './flight-service.ts';
import { createQuerierMetrics } from './metrics.ts';
import type { Peers } from './peers.ts';
import { ArrowTypes } from './sql/arrow-types.ts';
import { Sandboxes } from './sql/sandboxes.ts';
import { SqlService } from './sql/sql-service.ts';
import { TableList } from './sql/table-list.ts';
import { TableReader } from './tables/table-reader.ts';
import { TagNames } from './tags/tag-names.ts';

/** What answering queries needs. */
export interface EngineDeps {
  readonly config: QuerierConfig;
  readonly dataDir: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly catalog: Catalog;
  readonly store: ObjectStore;
}

/** A querier without its door and its place in the cluster. */
export interface Engine {
  readonly service: Partial<FlightService>;
  close(): Promise<void>;
}

/** Puts together what answers queries. The data folder has `cache`, which outlives a restart, and `spill`, which doesn't. */
export function createEngine(
  { config, dataDir, logger, metrics, catalog, store }: EngineDeps,
  peers: Pick<Peers, 'state' | 'get'>,
): Engine {
  const origins = { store, clients: peers };
  const localFiles = new LocalFiles({ dir: join(dataDir, 'cache'), origins, bytesMax: config.cacheBytesMax });
  const access = new FileAccess({ origins, localFiles, traceFilterBytesMax: config.traceFilterBytesMax });
  const spillDir = join(dataDir, 'spill');
  rmSync(spillDir, { recursive: true, force: true });
  const sandboxes = new Sandboxes({ config, logger, folderOf: (tenant) => localFiles.folderOf(tenant), spillDir });
  const counted = createQuerierMetrics(metrics, { localFiles, access, sandboxes });

  const { barrierTimeoutMs, hotFilesTimeoutMs } = config;
  const ask = async (request: TailRequest) => {
    const began = performance.now();
    const tail = await askLogs(
      { state: () => peers.state, clients: peers, barrierTimeoutMs, hotFilesTimeoutMs },
      request,
    );
    counted.barrier((performance.now() - began) / 1000, tail.gaps.length);
    return tail;
  };
  const reader = new TableReader({
    catalog,
    store,
    reader: createManifestReader({ store }),
    access,
    barrier: new SharedBarrier(ask),
  });
  const duck = new DuckPool(
    openDatabase({
      locked: true,
      allowedDirectories: [join(dataDir, 'cache')],
      memoryLimit: config.memoryBytesMax,
      threads: config.threads,
      sqlBytesMax: ownSqlBytesMax,
      settings: { parquet_metadata_cache: true },
    }),
  );
  const context = { config, reader, duck };
  const tables = new TableList({ catalog, reader, types: new ArrowTypes(duck) });
  const sql = new SqlService({ config, catalog, tables, reader, sandboxes, duck });
  return {
    service: createFlightService({ context, sql, tagNames: new TagNames(context), metrics: counted, logger }),
    async close() {
      await sql.close();
      await duck.close();
    },
  };
}

/** Our own queries name many files. */
const ownSqlBytesMax = 64 << 20;
