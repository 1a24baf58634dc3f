import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch } from 'apache-arrow';
import type { BatchHeader } from './stream-messages.ts';

/** Rows of a log's table that have arrived. */
export interface ReceivedRows {
  readonly batch: RecordBatch;
  readonly firstLsn: number;
  readonly lastLsn: number;
}

/**
 * The rows of LSNs behind `mark`: what comes a second time is left out. Undefined where nothing is left. Throws
 * INVALID_ARGUMENT where the runs aren't those of the batch.
 */
export function rowsBehind(mark: number, header: BatchHeader, batch: RecordBatch): ReceivedRows | undefined {
  const total = header.runs.reduce((sum, [, rows]) => sum + rows, 0);
  if (total !== batch.numRows) {
    throw new GrpcError(Status.INVALID_ARGUMENT, `log stream: runs of ${total} rows with a batch of ${batch.numRows}`);
  }
  const left = header.runs.filter(([lsn]) => lsn > mark);
  const rows = left.reduce((sum, [, n]) => sum + n, 0);
  if (rows === 0) return undefined;
  const kept = rows === total ? batch : batch.slice(total - rows, total);
  return { batch: kept, firstLsn: left[0]![0], lastLsn: header.lastLsn };
}
