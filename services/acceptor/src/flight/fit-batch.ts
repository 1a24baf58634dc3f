import { recordBatchOf } from '@signaldb/flight';
import {
  type Data,
  DataType,
  type Field,
  makeBuilder,
  makeData,
  type RecordBatch,
  type Schema,
  type Timestamp,
  Vector,
} from 'apache-arrow';

/** Why a batch can't become rows of a table; the message names the column. */
export class MisfitError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MisfitError';
  }
}

/**
 * The batch with exactly the table's columns: matched by name, brought into the table's order and types where each
 * value has an exact form there, nulls where a nullable column is missing. Columns that need no change are passed on
 * as they are. Throws MisfitError.
 */
export function fitBatch(batch: RecordBatch, table: Schema): RecordBatch {
  const given = new Map(batch.schema.fields.map((field, i) => [field.name, i]));
  if (given.size < batch.schema.fields.length) throw new MisfitError('two columns of the batch have the same name');
  const known = new Set(table.fields.map((field) => field.name));
  const strange = [...given.keys()].find((name) => !known.has(name));
  if (strange !== undefined) throw new MisfitError(`the table has no column "${strange}"`);
  const columns = table.fields.map((field) => {
    const index = given.get(field.name);
    if (index === undefined) return missing(field, batch.numRows);
    return fitColumn(batch.data.children[index]!, field);
  });
  return recordBatchOf(table, columns, batch.numRows);
}

function missing(field: Field, rows: number): Data {
  if (!field.nullable) throw new MisfitError(`column "${field.name}" may not be null, and the batch lacks it`);
  return nulls(field.type, rows);
}

function nulls(type: DataType, rows: number): Data {
  return build(type, rows, () => null);
}

function fitColumn(data: Data, field: Field): Data {
  if (!field.nullable && data.nullCount > 0) {
    throw new MisfitError(`column "${field.name}" may not be null, and ${data.nullCount} values are`);
  }
  if (String(data.type) === String(field.type) && sameNames(data.type, field.type)) return data;
  const convert = conversion(data.type, field.type);
  if (convert === undefined) {
    throw new MisfitError(`column "${field.name}" is ${data.type}, the table has ${field.type}`);
  }
  const values = new Vector([data]);
  return build(field.type, data.length, (row) => {
    const value = values.get(row);
    return value === null ? null : convert(value);
  });
}

function build(type: DataType, rows: number, valueAt: (row: number) => unknown): Data {
  const builder = makeBuilder({ type, nullValues: [null, undefined] });
  for (let row = 0; row < rows; row++) builder.append(valueAt(row));
  return rows === 0 ? (makeData({ type, length: 0 } as never) as Data) : builder.flush();
}

function sameNames(a: DataType, b: DataType): boolean {
  const [left, right] = [a.children ?? [], b.children ?? []];
  if (DataType.isList(a) || DataType.isMap(a)) return sameNames(left[0]!.type, right[0]!.type);
  return left.every((child, i) => child.name === right[i]?.name && sameNames(child.type, right[i]!.type));
}

type Convert = (value: unknown) => unknown;

const asIs: Convert = (value) => value;

/** How values of one type become values of another without losing anything; `undefined` where they can't. */
function conversion(from: DataType, to: DataType): Convert | undefined {
  if (DataType.isNull(from)) return asIs;
  if (DataType.isDictionary(from)) return conversion(from.dictionary, to);
  if (String(from) === String(to) && sameNames(from, to)) return asIs;
  if (DataType.isInt(from) && DataType.isInt(to)) {
    const room = to.bitWidth - (to.isSigned ? 1 : 0);
    const bits = from.bitWidth - (from.isSigned ? 1 : 0);
    if (bits > room || (from.isSigned && !to.isSigned)) return undefined;
    return to.bitWidth === 64 && from.bitWidth < 64 ? (value) => BigInt(value as number) : asIs;
  }
  if (DataType.isInt(from) && DataType.isFloat(to)) {
    const bits = from.bitWidth - (from.isSigned ? 1 : 0);
    return from.bitWidth < 64 && bits <= [11, 24, 53][to.precision]! ? asIs : undefined;
  }
  if (DataType.isFloat(from) && DataType.isFloat(to)) return from.precision <= to.precision ? asIs : undefined;
  if ((DataType.isUtf8(from) || DataType.isLargeUtf8(from)) && DataType.isUtf8(to)) return asIs;
  const isBytes = DataType.isBinary(from) || DataType.isLargeBinary(from) || DataType.isFixedSizeBinary(from);
  if (isBytes && DataType.isBinary(to)) return asIs;
  if (DataType.isTimestamp(from) && DataType.isTimestamp(to)) return timestampConversion(from, to);
  if (DataType.isDate(from) && DataType.isDate(to)) return asIs;
  if ((DataType.isList(from) || DataType.isFixedSizeList(from)) && DataType.isList(to)) {
    const element = conversion(from.children[0]!.type, to.children[0]!.type);
    return (
      element && ((value) => [...(value as Iterable<unknown>)].map((item) => (item === null ? null : element(item))))
    );
  }
  return undefined;
}

/** `apache-arrow` gives and takes timestamps in milliseconds, which would cut microseconds off: only coarser ones pass. */
function timestampConversion(from: Timestamp, to: Timestamp): Convert | undefined {
  const sameZone = Boolean(from.timezone) === Boolean(to.timezone);
  return sameZone && from.unit <= 1 && to.unit >= from.unit ? asIs : undefined;
}
