import { GrpcError, Status } from '@signaldb/grpc';
import { type RecordBatch, Table } from 'apache-arrow';
import { batchOf } from './rows.ts';

/** The rows of several batches of one schema as one batch. */
export function mergeRows(batches: readonly RecordBatch[]): RecordBatch | undefined {
  if (batches.length <= 1) return batches[0];
  const { schema } = batches[0]!;
  if (batches.some((batch) => String(batch.schema) !== String(schema))) {
    throw new GrpcError(Status.INVALID_ARGUMENT, 'the rows of parameters are not all of one schema');
  }
  const table = new Table(schema, [...batches]);
  const columns = schema.fields.map((_, i) => [...table.getChildAt(i)!]);
  return batchOf(schema, columns, table.numRows);
}
