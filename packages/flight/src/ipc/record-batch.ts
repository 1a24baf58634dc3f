import { Data, type Field, RecordBatch, type Schema, Struct } from 'apache-arrow';

const EMPTY = new Uint8Array(0);
const structs = new WeakMap<Schema, Struct>();

/**
 * A record batch of these columns under exactly this schema. (The constructor of apache-arrow merges fields by name, which
 * loses columns where two have the same one, and builds a new schema for each batch.)
 * Every column must have `rows` values of its field's type.
 */
export function recordBatchOf(
  schema: Schema,
  columns: readonly Data[],
  rows: number,
  metadata: Map<string, string> = new Map(),
): RecordBatch {
  const data = new Data(structOf(schema), 0, rows, 0, [undefined, undefined, EMPTY] as never, columns as Data[]);
  const batch = Object.create(RecordBatch.prototype);
  batch.schema = schema;
  batch.data = data;
  batch._metadata = metadata;
  return batch;
}

function structOf(schema: Schema): Struct {
  let type = structs.get(schema);
  if (!type) {
    type = new Struct(schema.fields as Field[]);
    structs.set(schema, type);
  }
  return type;
}
