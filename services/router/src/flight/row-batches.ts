import { recordBatchOf } from '@signaldb/flight';
import { concatBatches } from '@signaldb/flight-sql';
import type { RecordBatch } from 'apache-arrow';

/** Rows written in one step: all of them are there or none. */
const stepBytes = 8 << 20;
/** A batch larger than this is sent in pieces. */
const pieceBytesMax = 32 << 20;

/** Batches of rows that have one schema, put together to steps: the rows of a small statement are in one. */
export async function* inSteps(batches: AsyncIterable<RecordBatch>): AsyncGenerator<RecordBatch> {
  let waiting: RecordBatch[] = [];
  let bytes = 0;
  for await (const batch of batches) {
    if (batch.numRows === 0) continue;
    waiting.push(batch);
    bytes += batch.data.byteLength;
    if (bytes < stepBytes) continue;
    yield concatBatches(waiting as [RecordBatch]);
    waiting = [];
    bytes = 0;
  }
  if (waiting.length > 0) yield concatBatches(waiting as [RecordBatch]);
}

/** Batches as they come, very large ones in pieces. */
export async function* inPieces(batches: AsyncIterable<RecordBatch>): AsyncGenerator<RecordBatch> {
  for await (const batch of batches) {
    const pieces = Math.min(batch.numRows, Math.ceil(batch.data.byteLength / pieceBytesMax));
    const rows = Math.ceil(batch.numRows / Math.max(1, pieces));
    if (pieces === 1) yield batch;
    else for (let at = 0; at < batch.numRows; at += rows) yield rowsOf(batch, at, Math.min(rows, batch.numRows - at));
  }
}

function rowsOf(batch: RecordBatch, start: number, rows: number): RecordBatch {
  const columns = batch.data.children.map((column) => column.slice(start, rows));
  return recordBatchOf(batch.schema, columns, rows);
}
