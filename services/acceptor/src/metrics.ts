import type { Metrics } from '@signaldb/runtime';
import type { Log } from '@signaldb/wal';
import type { Assignment } from './forward/forwarder.ts';
import type { LiveBuffer } from './forward/live-buffer.ts';
import type { Progress } from './forward/progress.ts';

const fsyncBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What the acceptor counts. Labels have few values: tenants are none of them. */
export type AcceptorMetrics = ReturnType<typeof acceptorMetrics>;

export function acceptorMetrics(metrics: Metrics) {
  const counter = (name: string, help: string, labels: readonly string[] = []) =>
    metrics.counter({ name: `signaldb_acceptor_${name}`, help, labels });
  return {
    acceptedRows: counter('accepted_rows_total', 'Rows that were logged and acknowledged', ['table']),
    acceptedBytes: counter('accepted_bytes_total', 'Bytes of requests that were acknowledged', ['signal']),
    acceptedRequests: counter('accepted_requests_total', 'Requests that were acknowledged', ['signal']),
    rejectedItems: counter('rejected_items_total', 'Items of taken requests that were left out', ['signal']),
    refused: counter('refused_requests_total', 'Requests that were refused', ['reason']),
    duplicates: counter('duplicate_writes_total', 'Flight writes answered with the LSN of the first one'),
    commitBytes: counter('log_written_bytes_total', 'Bytes written to the log'),
    sentRows: counter('sent_rows_total', 'Rows handed to a writer, those sent again included'),
    sentBatches: counter('sent_batches_total', 'Batches handed to a writer, those sent again included'),
    streamBreaks: counter('writer_stream_breaks_total', 'Streams to a writer that broke'),
    replays: counter('replays_total', 'Times that rows were read from the log instead of memory'),
    undecodable: counter('undecodable_records_total', 'Records of the log that could not be decoded any more'),
    brokenParts: counter('log_broken_parts_total', 'Parts of the log that were damaged and kept aside'),
    fsyncSeconds: metrics.histogram({
      name: 'signaldb_acceptor_log_fsync_seconds',
      help: 'Duration of an fsync of the log',
      buckets: fsyncBuckets,
    }),
    logSeconds: metrics.histogram({
      name: 'signaldb_acceptor_log_wait_seconds',
      help: 'From a request being decoded to its being on disk',
      buckets: fsyncBuckets,
    }),
  };
}

/** Gauges that are read when scraped. */
export function acceptorGauges(
  metrics: Metrics,
  o: {
    log: Log;
    live: LiveBuffer;
    progress: Progress;
    bytesMax: number;
    assignment: () => Assignment | undefined;
    connected: () => boolean;
  },
): void {
  const gauge = (name: string, help: string, value: () => number) =>
    metrics.gauge({ name: `signaldb_acceptor_${name}`, help, collect: (g) => g.set(value()) });
  gauge('log_bytes', 'Bytes of the log on disk', () => o.log.bytes);
  gauge('log_bytes_max', 'Bytes that the log may have', () => o.bytesMax);
  gauge('log_waiting_bytes', 'Bytes that wait for the disk', () => o.log.waitingBytes);
  gauge('log_durable_lsn', 'Last LSN on disk', () => o.log.durableLsn);
  gauge('log_committed_lsn', 'Last LSN whose rows are all committed', () => o.progress.reached('iceberg_committed'));
  gauge('forward_waiting_bytes', 'Memory of rows that wait for the writer', () => o.live.waitingBytes);
  gauge('writer_connected', '1 while a stream to a writer is open', () => Number(o.connected()));
  gauge('log_epoch', 'Epoch of the assignment to a writer', () => o.assignment()?.epoch ?? 0);
}
