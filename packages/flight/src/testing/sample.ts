import { Field, Int64, RecordBatch, Schema, Table, Utf8, vectorFromArray } from 'apache-arrow';

/** A batch of a counting column and its text. */
export function sampleBatch(rows: number, first = 0): RecordBatch {
  const numbers = Array.from({ length: rows }, (_, i) => BigInt(first + i));
  const table = new Table({
    n: vectorFromArray(numbers, new Int64()),
    text: vectorFromArray(numbers.map(String), new Utf8()),
  });
  return table.batches[0]!;
}

/** A batch whose one column takes `bytes` bytes. */
export function largeBatch(bytes: number): RecordBatch {
  const values = new BigInt64Array(bytes / 8).fill(7n);
  return new Table({ n: vectorFromArray(values) }).batches[0]!;
}

export const otherSchema = new Schema([new Field('other', new Utf8(), true)]);

export function otherBatch(...values: (string | null)[]): RecordBatch {
  const data = vectorFromArray(values, new Utf8()).data[0]!;
  const table = new Table(otherSchema, { other: vectorFromArray(values, new Utf8()) });
  return table.batches[0] ?? new RecordBatch(otherSchema, data as never);
}

/** The batch as plain objects. */
export function rowsOf(batch: RecordBatch): unknown[] {
  return batch.toArray().map((row) => ({ ...row.toJSON() }));
}
