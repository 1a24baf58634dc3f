import { recordBatchOf } from '@signaldb/flight';
import { type RecordBatch, type Schema, vectorFromArray } from 'apache-arrow';

/** A batch of these rows, given as one list of values a column. */
export function batchOf(schema: Schema, columns: readonly (readonly unknown[])[], rows: number): RecordBatch {
  const data = schema.fields.map((field, i) => vectorFromArray(columns[i] as unknown[], field.type).data[0]!);
  return recordBatchOf(schema, data, rows);
}
