// Background work on the tables that this writer commits to: small files are put together, old snapshots dropped, files
// that nothing needs deleted.
import { type Database, openDatabase } from '@signaldb/duckdb';
import { expireSnapshots } from '@signaldb/iceberg';
import { compactTable } from './compaction.ts';
import { sidecarSuffixes } from './hot-files.ts';
import type { TableSet } from './table-set.ts';
import type { TableWriter } from './table-writer.ts';
import type { WriterContext } from './writer-context.ts';

export interface Maintenance {
  /** One round now. */
  run(): Promise<void>;
  close(): Promise<void>;
}

/** URIs that wait for their deletion at most; what is beyond stays in the store. */
const deletionsMax = 100_000;

export function startMaintenance(context: WriterContext, tables: TableSet): Maintenance {
  const { config, logger, metrics } = context;
  const stop = new AbortController();
  const stopping = AbortSignal.any([context.stopping, stop.signal]);
  const own: WriterContext = { ...context, stopping };
  /** The tables as the last round left them: nothing to do where nothing was committed since. */
  const done = new WeakMap<TableWriter, string | undefined>();
  const deletions: { readonly uris: readonly string[]; readonly dueMs: number }[] = [];
  let running: Promise<void> | undefined;
  let database: Database | undefined;
  const openedDatabase = () => {
    database ??= openDatabase({ memoryLimit: '256MB', threads: 1 });
    return database;
  };

  /** Tables of users come and go: those that nothing was written to for a round are looked for, and forgotten if they were dropped. */
  async function forgetDropped(): Promise<void> {
    for (const table of tables.all()) {
      if (stopping.aborted) return;
      if (table.uuid !== undefined && table.isIdle && done.has(table))
        await table.catalogTurn.run(() => table.checkGone());
    }
    tables.forgetGone();
  }

  async function round(): Promise<void> {
    await forgetDropped();
    for (const table of tables.all()) {
      if (stopping.aborted) return;
      if (!table.state.isOpen || table.isGone || (done.has(table) && done.get(table) === versionOf(table))) continue;
      try {
        const isCompacted = await compactTable(own, table, openedDatabase);
        const isExpired = await expire(table);
        if (!isCompacted && !isExpired) done.set(table, versionOf(table));
      } catch (error) {
        if (stopping.aborted || (await table.checkGone())) continue;
        metrics.failed('maintenance');
        logger.warn(
          { err: error, tenant: table.tenant, table: table.name },
          'maintenance failed, left for the next round',
        );
      }
    }
    await deleteDue();
  }

  async function expire(table: TableWriter): Promise<boolean> {
    const { catalog, store, reader } = context;
    const olderThanMs = Date.now() - config.snapshotAgeMsMax;
    const { snapshots } = table.state.metadata;
    const isWorthwhile =
      snapshots.filter((s) => s['timestamp-ms'] < olderThanMs).length > 0 && snapshots.length > config.snapshotsMin;
    if (!isWorthwhile) return snapshots.length > config.snapshotsMin;
    await table.catalogTurn.run(async () => {
      const { filesToDelete, expired, ...base } = await expireSnapshots({
        catalog,
        store,
        ns: table.tenant,
        table: table.name,
        olderThanMs,
        retainLast: config.snapshotsMin,
        reader,
        signal: stopping,
      });
      table.state.update(base);
      if (filesToDelete.length > 0 && deletions.reduce((sum, d) => sum + d.uris.length, 0) < deletionsMax)
        deletions.push({ uris: filesToDelete, dueMs: Date.now() + config.deleteGraceMs });
      logger.debug(
        { tenant: table.tenant, table: table.name, expired: expired.length, files: filesToDelete.length },
        'snapshots expired',
      );
    });
    return true;
  }

  async function deleteDue(): Promise<void> {
    const { store } = context;
    while (deletions[0] && deletions[0].dueMs <= Date.now() && !stopping.aborted) {
      const { uris } = deletions[0];
      try {
        await store.delete(
          uris.flatMap((uri) => withSidecars(store.keyOf(uri))),
          { signal: stopping },
        );
        deletions.shift();
      } catch (error) {
        if (!stopping.aborted) logger.warn({ err: error }, 'files could not be deleted, left for the next round');
        return;
      }
    }
  }

  const run = () => {
    running ??= round().finally(() => {
      running = undefined;
    });
    return running;
  };
  const timer =
    config.maintenanceIntervalMs > 0 ? setInterval(() => void run(), config.maintenanceIntervalMs) : undefined;
  timer?.unref();
  return {
    run,
    async close() {
      clearInterval(timer);
      stop.abort(new Error('maintenance was stopped'));
      await running;
      await database?.close();
    },
  };
}

const versionOf = ({ state }: TableWriter): string | undefined => state.base['metadata-location'];

/** What stands beside a data file goes with it. Manifests have nothing beside them. */
const withSidecars = (key: string): string[] =>
  key.endsWith('.parquet') ? [key, ...Object.values(sidecarSuffixes).map((suffix) => key + suffix)] : [key];
