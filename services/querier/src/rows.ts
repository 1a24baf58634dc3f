import type { RecordBatch } from 'apache-arrow';

/** Rows of batches, each a function from column name to value. For small results only. */
export function* rowsOf(batches: readonly RecordBatch[]): Generator<(column: string) => unknown> {
  for (const batch of batches) {
    const columns = new Map(batch.schema.fields.map((field, i) => [field.name, batch.getChildAt(i)]));
    for (let row = 0; row < batch.numRows; row++) yield (column) => columns.get(column)?.get(row) ?? null;
  }
}
