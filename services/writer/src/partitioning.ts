import {
  applyTransform,
  columnByName,
  currentSchema,
  defaultSpec,
  type IcebergSchema,
  type PartitionSpec,
  type TableMetadata,
  type Value,
} from '@signaldb/iceberg';
import { type DataType, type RecordBatch, Type, type Vector } from 'apache-arrow';

/** How the rows of a table are divided into files. */
export type Partitioning =
  | { readonly kind: 'none' }
  /** By the hour of the column `hour`: what the encoder does by itself. */
  | { readonly kind: 'hour' }
  | { readonly kind: 'spec'; readonly fields: readonly SpecField[] };

interface SpecField {
  readonly column: string;
  readonly type: string;
  readonly transform: string;
}

export function partitioningOf(metadata: TableMetadata): Partitioning {
  const spec = defaultSpec(metadata);
  const fields = specFields(spec, currentSchema(metadata));
  if (fields.length === 0) return { kind: 'none' };
  const [only] = fields;
  if (fields.length === 1 && only!.transform === 'hour' && only!.column === 'hour' && only!.type === 'timestamptz')
    return { kind: 'hour' };
  return { kind: 'spec', fields };
}

function specFields(spec: PartitionSpec, schema: IcebergSchema): SpecField[] {
  return spec.fields.map((field) => {
    const column = schema.fields.find(({ id }) => id === field['source-id']);
    if (!column || typeof column.type !== 'string') return { column: '', type: 'int', transform: 'void' };
    return { column: column.name, type: columnByName(schema, column.name)!.type as string, transform: field.transform };
  });
}

export type PartitionTuple = readonly (Value | null)[];

/** Rows of several batches, each with the number of its partition. */
export interface PartitionedRows {
  readonly groups: Int32Array;
  readonly tuples: readonly PartitionTuple[];
}

/** Which partition each row belongs to, by the specification's transforms. */
export function partitionRows(batches: readonly RecordBatch[], fields: readonly SpecField[]): PartitionedRows {
  const groups = new Int32Array(batches.reduce((sum, batch) => sum + batch.numRows, 0));
  const known = new Map<string, number>();
  const tuples: PartitionTuple[] = [];
  let at = 0;
  for (const batch of batches) {
    const columns = fields.map((field) => valuesOf(batch.getChild(field.column), field));
    for (let row = 0; row < batch.numRows; row++) {
      const tuple = fields.map((field, i) => applyTransform(field.transform, field.type, columns[i]!(row)));
      const key = tupleKey(tuple);
      let group = known.get(key);
      if (group === undefined) {
        group = tuples.push(tuple) - 1;
        known.set(key, group);
      }
      groups[at++] = group;
    }
  }
  return { groups, tuples };
}

/** A tuple as text: the same for the same values only. */
export const tupleKey = (tuple: PartitionTuple): string =>
  JSON.stringify(
    tuple.map((value) =>
      typeof value === 'bigint'
        ? `${value}n`
        : value instanceof Uint8Array
          ? Buffer.from(value).toString('hex')
          : value,
    ),
  );

/** A column's values as Iceberg's transforms want them. */
function valuesOf(vector: Vector | null, field: SpecField): (row: number) => Value | null {
  if (!vector) return () => null;
  const convert = conversion(vector.type, field.type);
  return (row) => {
    const value = vector.get(row);
    return value === null || value === undefined ? null : convert(value);
  };
}

function conversion(type: DataType, target: string): (value: unknown) => Value {
  if (type.typeId === Type.Date) return (value) => Math.floor(Number(value) / 86_400_000);
  if (type.typeId === Type.Timestamp) {
    // apache-arrow gives milliseconds, with a fraction.
    return (value) => BigInt(Math.round(Number(value) * 1000));
  }
  if (target === 'long' || target === 'time') return (value) => BigInt(value as bigint | number);
  if (target === 'int') return (value) => Number(value);
  if (target.startsWith('decimal')) return (value) => decimalValue(value as Uint32Array);
  return (value) => value as Value;
}

function decimalValue(words: Uint32Array): bigint {
  const [a, b, c, d] = words;
  return (BigInt(d! | 0) << 96n) | (BigInt(c!) << 64n) | (BigInt(b!) << 32n) | BigInt(a!);
}

/** The folder of a partition below the table's data: for people; Iceberg goes by the manifests. */
export function partitionPath(metadata: TableMetadata, tuple: PartitionTuple): string {
  const { fields } = defaultSpec(metadata);
  return fields
    .map((field, i) => `${pathText(field.name)}=${pathText(readable(field.transform, tuple[i] ?? null))}`)
    .join('/');
}

function readable(transform: string, value: Value | null): string {
  if (value === null) return 'null';
  const date = (ms: number, length: number) => new Date(ms).toISOString().slice(0, length).replace('T', '-');
  if (transform === 'hour') return date(Number(value) * 3_600_000, 13);
  if (transform === 'day') return date(Number(value) * 86_400_000, 10);
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
}

const pathText = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*.%]/g, '_')
    .slice(0, 64);
