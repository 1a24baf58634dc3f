import { recordBatchOf } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { Data, DataType, type RecordBatch } from 'apache-arrow';

type Offsets = Int32Array | BigInt64Array;
type Values = Uint8Array & { readonly length: number };

/**
 * One batch with the rows of all, which have the same schema; a single one is given back as it is, several are copied.
 * Throws GrpcError INVALID_ARGUMENT for types whose arrays can't be joined (unions, views, differing dictionaries).
 */
export function concatBatches(batches: readonly [RecordBatch, ...RecordBatch[]]): RecordBatch {
  const [first] = batches;
  if (batches.length === 1) return first;
  const rows = batches.reduce((total, batch) => total + batch.numRows, 0);
  const columns = first.data.children.map((_, i) => concatData(batches.map((batch) => batch.data.children[i]!)));
  return recordBatchOf(first.schema, columns, rows);
}

function concatData(parts: readonly Data[]): Data {
  const { type } = parts[0]!;
  const length = parts.reduce((total, part) => total + part.length, 0);
  if (DataType.isNull(type)) return new Data(type, 0, length, length);
  const nullCount = parts.reduce((total, part) => total + part.nullCount, 0);
  const validity = nullCount > 0 ? bitsOf(parts, length, (part, i) => part.getValid(i)) : new Uint8Array(0);
  const made = (offsets: Offsets | undefined, values: unknown, children: Data[] = []) =>
    new Data(type, 0, length, nullCount, [offsets, values, validity] as never, children, parts[0]!.dictionary);

  if (DataType.isBool(type)) return made(undefined, bitsOf(parts, length, bitAt));
  if (DataType.isStruct(type)) return made(undefined, undefined, childrenOf(parts));
  if (DataType.isFixedSizeList(type)) return made(undefined, undefined, childrenOf(parts));
  if (DataType.isList(type) || DataType.isMap(type)) {
    const items = parts.map((part) => {
      const [from, to] = range(part);
      return part.children[0]!.slice(from, to - from);
    });
    return made(offsetsOf(parts, length), undefined, [concatData(items)]);
  }
  if (hasOffsets(type)) {
    const bytes = parts.map((part) => part.values.subarray(...range(part)));
    return made(offsetsOf(parts, length), joined(bytes));
  }
  const shared = DataType.isDictionary(type) && parts.every((part) => part.dictionary === parts[0]!.dictionary);
  if (isFixedWidth(type) || shared) {
    return made(undefined, joined(parts.map((part) => part.values.subarray(0, part.length * part.stride))));
  }
  throw new GrpcError(Status.INVALID_ARGUMENT, `parameters of type ${type} have to come in one batch`);
}

function childrenOf(parts: readonly Data[]): Data[] {
  return parts[0]!.children.map((_, i) => concatData(parts.map((part) => part.children[i]!)));
}

function hasOffsets(type: DataType): boolean {
  return DataType.isUtf8(type) || DataType.isBinary(type) || DataType.isLargeUtf8(type) || DataType.isLargeBinary(type);
}

function isFixedWidth(type: DataType): boolean {
  return (
    DataType.isInt(type) ||
    DataType.isFloat(type) ||
    DataType.isDecimal(type) ||
    DataType.isDate(type) ||
    DataType.isTime(type) ||
    DataType.isTimestamp(type) ||
    DataType.isInterval(type) ||
    DataType.isDuration(type) ||
    DataType.isFixedSizeBinary(type)
  );
}

/** Where the values of a part lie in its child or in its bytes. */
function range({ valueOffsets, length }: Data): [from: number, to: number] {
  return length === 0 ? [0, 0] : [Number(valueOffsets[0]), Number(valueOffsets[length])];
}

function offsetsOf(parts: readonly Data[], length: number): Offsets {
  const wide = (parts[0]!.valueOffsets as Offsets) instanceof BigInt64Array;
  const offsets = wide ? new BigInt64Array(length + 1) : new Int32Array(length + 1);
  let row = 0;
  let end = 0;
  for (const part of parts) {
    const [from, to] = range(part);
    for (let i = 1; i <= part.length; i++) {
      const offset = end + Number(part.valueOffsets[i]) - from;
      offsets[++row] = wide ? BigInt(offset) : offset;
    }
    end += to - from;
  }
  return offsets;
}

function bitsOf(parts: readonly Data[], length: number, isSet: (part: Data, index: number) => boolean): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3);
  let row = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++, row++) if (isSet(part, i)) bits[row >> 3]! |= 1 << (row & 7);
  }
  return bits;
}

function bitAt({ values, offset }: Data, index: number): boolean {
  return ((values[(offset + index) >> 3]! >> ((offset + index) & 7)) & 1) === 1;
}

/** Typed arrays of one kind, one after another. */
function joined(arrays: readonly Values[]): Values {
  const total = arrays.reduce((length, array) => length + array.length, 0);
  const all = new (arrays[0]!.constructor as new (length: number) => Values)(total);
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}
