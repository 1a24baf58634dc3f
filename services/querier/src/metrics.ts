import type { Metrics } from '@signaldb/runtime';
import type { FileAccess } from './files/file-access.ts';
import type { LocalFiles } from './files/local-files.ts';
import type { Sandboxes } from './sql/sandboxes.ts';

/** How a query ended. */
export type QueryEnd = 'complete' | 'partial' | 'refused' | 'failed';

/** The querier's own metrics. */
export interface QuerierMetrics {
  /** Counts a query in; the function returned counts how it ended. */
  started(kind: string): (end: QueryEnd) => void;
  /** Notes a read barrier. */
  barrier(seconds: number, gaps: number): void;
}

const secondsBuckets = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function createQuerierMetrics(
  metrics: Metrics,
  sources: { readonly localFiles: LocalFiles; readonly access: FileAccess; readonly sandboxes: Sandboxes },
): QuerierMetrics {
  const duration = metrics.histogram({
    name: 'signaldb_querier_query_seconds',
    help: 'How long queries took, by kind and how they ended',
    labels: ['kind', 'end'],
    buckets: secondsBuckets,
  });
  const running = metrics.gauge({
    name: 'signaldb_querier_queries_running',
    help: 'Queries under way',
    labels: ['kind'],
  });
  const barrier = metrics.histogram({
    name: 'signaldb_querier_barrier_seconds',
    help: 'How long it took to learn what the writers hold',
    buckets: secondsBuckets,
  });
  const gaps = metrics.counter({
    name: 'signaldb_querier_barrier_gaps_total',
    help: 'Logs, acceptors and writers that could not be asked',
  });
  const { localFiles, access, sandboxes } = sources;
  const gauge = (name: string, help: string, value: () => number): void => {
    metrics.gauge({ name, help, collect: (g) => g.set(value()) });
  };
  gauge('signaldb_querier_cache_bytes', 'Files kept on the local disk', () => localFiles.bytes);
  gauge('signaldb_querier_cache_files', 'Files kept on the local disk', () => localFiles.count);
  gauge('signaldb_querier_cache_hits', 'Uses of files that were local already, since the start', () => localFiles.hits);
  gauge('signaldb_querier_cache_fetches', 'Files brought to the local disk, since the start', () => localFiles.fetches);
  gauge('signaldb_querier_trace_filter_bytes', 'Trace-id filters in memory', () => access.traceFilterBytes);
  gauge('signaldb_querier_sql_processes', 'Processes for tenants’ SQL', () => sandboxes.count);
  gauge('signaldb_querier_sql_running', 'SQL queries and descriptions under way', () => sandboxes.running);
  return {
    started(kind) {
      const began = performance.now();
      running.inc({ kind });
      return (end) => {
        running.dec({ kind });
        duration.observe({ kind, end }, (performance.now() - began) / 1000);
      };
    },
    barrier(seconds, found) {
      barrier.observe(seconds);
      if (found > 0) gaps.inc(found);
    },
  };
}
