import type { Metrics } from '@signaldb/runtime';
import type { ByteBudget } from './byte-budget.ts';
import type { HotFiles } from './hot-files.ts';

export interface WriterMetrics {
  received(table: string, rows: number): void;
  /** Rows that came a second time. */
  skipped(rows: number): void;
  cut(table: string, rows: number, seconds: number): void;
  committed(table: string, rows: number, bytes: number, seconds: number): void;
  setAside(table: string, rows: number): void;
  failed(step: 'cut' | 'upload' | 'commit' | 'maintenance'): void;
}

export function createWriterMetrics(metrics: Metrics): WriterMetrics {
  const rows = metrics.counter({
    name: 'signaldb_writer_rows_total',
    help: 'Rows by what became of them',
    labels: ['table', 'step'],
  });
  const skipped = metrics.counter({
    name: 'signaldb_writer_rows_skipped_total',
    help: 'Rows that were sent again and are there already',
  });
  const bytes = metrics.counter({
    name: 'signaldb_writer_committed_bytes_total',
    help: 'Bytes of committed files',
    labels: ['table'],
  });
  const failures = metrics.counter({
    name: 'signaldb_writer_failures_total',
    help: 'Steps that failed and were tried again',
    labels: ['step'],
  });
  const cutSeconds = metrics.histogram({
    name: 'signaldb_writer_cut_seconds',
    help: 'From taking rows to their hot files',
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  });
  const commitSeconds = metrics.histogram({
    name: 'signaldb_writer_commit_seconds',
    help: 'From taking hot files to the snapshot with their rows',
    buckets: [0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
  });
  return {
    received: (table, n) => rows.inc({ table, step: 'received' }, n),
    skipped: (n) => skipped.inc(n),
    cut(table, n, seconds) {
      rows.inc({ table, step: 'hot' }, n);
      cutSeconds.observe(seconds);
    },
    committed(table, n, size, seconds) {
      rows.inc({ table, step: 'committed' }, n);
      bytes.inc({ table }, size);
      commitSeconds.observe(seconds);
    },
    setAside: (table, n) => rows.inc({ table, step: 'set_aside' }, n),
    failed: (step) => failures.inc({ step }),
  };
}

/** Gauges over what is held, read when scraped. */
export function watchBudgets(
  metrics: Metrics,
  held: { memory: ByteBudget; mergeMemory: ByteBudget; disk: ByteBudget; hotFiles: HotFiles; streams: () => number },
): void {
  const gauge = (name: string, help: string, value: () => number) =>
    metrics.gauge({ name, help, collect: (g) => g.set(value()) });
  gauge('signaldb_writer_waiting_bytes', 'Rows received and not yet in a hot file', () => held.memory.used);
  gauge('signaldb_writer_merge_bytes', 'Rows of small hot files kept to be merged', () => held.mergeMemory.used);
  gauge('signaldb_writer_hot_bytes', 'Hot files that are not committed', () => held.disk.used);
  gauge('signaldb_writer_hot_files', 'Hot files on disk', () => held.hotFiles.count);
  gauge('signaldb_writer_streams', 'Logs received', held.streams);
}
