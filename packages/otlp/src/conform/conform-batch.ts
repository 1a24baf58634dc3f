import { type Data, type DataType, type Field, makeData, RecordBatch, type Schema, Struct } from 'apache-arrow';
import { scopeOf } from './attribute-name.ts';
import { foldColumns } from './fold-columns.ts';
import { nullData, zerosFor } from './null-data.ts';
import { sameType } from './same-type.ts';

/** A batch that a table's schema has no place for. */
export class ConformError extends Error {
  override readonly name = 'ConformError';
}

/**
 * The batch with exactly the columns of `target`, in its order and types; buffers are shared, not copied. Columns that the
 * batch lacks are null. An attribute column that the target lacks, or has with another type, goes into its scope's overflow
 * column. Throws ConformError on any other column that the target lacks or has with another type, and where a column that may
 * not be null would be.
 */
export function conformBatch(batch: RecordBatch, target: Schema): RecordBatch {
  const length = batch.numRows;
  const zeros = zerosFor(length);
  const folded = foldedColumns(batch, target);
  const indexes = new Map(batch.schema.fields.map((field, i) => [field.name, i]));
  const children = target.fields.map((field) => {
    const columns = folded.get(field.name);
    if (columns) return retyped(foldColumns(batch, field.name, columns), field.type);
    const index = indexes.get(field.name);
    const own = index !== undefined && !folded.get(overflowOf(field.name, target))?.includes(field.name);
    const data = own ? retyped(batch.data.children[index]!, field.type) : nullData(field.type, length, zeros);
    if (!field.nullable && data.nullCount > 0) throw new ConformError(`column ${field.name} may not be null`);
    return data;
  });
  return new RecordBatch(target, makeData({ type: new Struct(target.fields), length, nullCount: 0, children }));
}

/** The batch's attribute columns that have to be folded, by the overflow column that takes them. */
function foldedColumns(batch: RecordBatch, target: Schema): Map<string, string[]> {
  const folded = new Map<string, string[]>();
  const byName = new Map(target.fields.map((field) => [field.name, field]));
  for (const field of batch.schema.fields) {
    const there = byName.get(field.name);
    if (there && sameType(there.type, field.type)) continue;
    const overflow = overflowOf(field.name, target);
    if (!overflow) throw new ConformError(fault(field, there));
    folded.set(overflow, [...(folded.get(overflow) ?? []), field.name]);
  }
  return folded;
}

function overflowOf(columnName: string, target: Schema): string {
  const scope = scopeOf(columnName, target);
  return scope ? `${scope}_overflow` : '';
}

function fault(field: Field, there: Field | undefined): string {
  return there
    ? `column ${field.name} is ${field.type}, the table has it as ${there.type}`
    : `the table has no column ${field.name}`;
}

/** The same values under a type that differs in names and nullability alone. */
function retyped(data: Data, type: DataType): Data {
  if (data.type === type) return data;
  const children = data.children.map((child, i) => retyped(child, type.children[i]!.type));
  return data.clone(type, undefined, undefined, undefined, undefined, children);
}
