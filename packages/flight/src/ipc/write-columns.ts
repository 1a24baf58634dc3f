import { type Data, DataType, type Dictionary, Type, UnionMode } from 'apache-arrow';
import { strideForType } from 'apache-arrow/type';

const EMPTY = new Uint8Array(0);

/** The nodes and buffers of a batch, in the order of Message.fbs, RecordBatch. Buffers are views of the columns' memory. */
export interface ColumnBuffers {
  readonly rows: number;
  /** Length and null count of each node, one after the other. */
  readonly nodes: number[];
  readonly buffers: Uint8Array[];
  readonly variadicCounts: number[];
}

/** Collects the buffers of columns; copies only what a slice has moved (bitmaps inside a byte, offsets that don't begin at 0). */
export function collectBuffers(columns: readonly Data[], rows: number): ColumnBuffers {
  const target: ColumnBuffers = { rows, nodes: [], buffers: [], variadicCounts: [] };
  for (const column of columns) addColumn(target, firstValues(column, rows));
  return target;
}

function addColumn(target: ColumnBuffers, data: Data): void {
  const { type, length } = data;
  if (DataType.isNull(type)) {
    target.nodes.push(length, length);
    return;
  }
  if (DataType.isUnion(type)) {
    target.nodes.push(length, 0);
    addUnion(target, data, type.mode === UnionMode.Dense);
    return;
  }
  const nullCount = data.nullCount;
  target.nodes.push(length, nullCount);
  target.buffers.push(nullCount > 0 ? bits(data.nullBitmap, data.offset, length) : EMPTY);
  addValues(target, data, type);
}

function addValues(target: ColumnBuffers, data: Data, type: DataType): void {
  const { length } = data;
  switch (type.typeId) {
    case Type.Bool:
      target.buffers.push(bits(data.values, data.offset, length));
      return;
    case Type.Utf8:
    case Type.Binary:
    case Type.LargeUtf8:
    case Type.LargeBinary: {
      const [begin, end] = addOffsets(target, data);
      target.buffers.push((data.values ?? EMPTY).subarray(begin, end));
      return;
    }
    case Type.List:
    case Type.LargeList:
    case Type.Map: {
      const [begin, end] = addOffsets(target, data);
      const child = data.children[0]!;
      addColumn(target, begin === 0 && end === child.length ? child : child.slice(begin, end - begin));
      return;
    }
    case Type.FixedSizeList:
      addColumn(target, firstValues(data.children[0]!, length * strideForType(type)));
      return;
    case Type.Struct:
      for (const child of data.children) addColumn(target, firstValues(child, length));
      return;
    case Type.BinaryView:
    case Type.Utf8View:
      target.buffers.push(bytesOf(data.values, length * 16));
      for (const buffer of data.variadicBuffers) target.buffers.push(bytesOf(buffer, buffer.byteLength));
      target.variadicCounts.push(data.variadicBuffers.length);
      return;
    case Type.Dictionary:
      target.buffers.push(fixed(data, (type as Dictionary).indices));
      return;
    default:
      target.buffers.push(fixed(data, type));
  }
}

function addUnion(target: ColumnBuffers, data: Data, dense: boolean): void {
  target.buffers.push(bytesOf(data.typeIds, data.length));
  if (dense) target.buffers.push(bytesOf(data.valueOffsets, data.length * 4));
  for (const child of data.children) addColumn(target, dense ? child : firstValues(child, data.length));
}

/** Adds offsets that begin at 0; returns where the values begin and end. */
function addOffsets(target: ColumnBuffers, data: Data): [begin: number, end: number] {
  const { length } = data;
  const offsets = data.valueOffsets as Int32Array | BigInt64Array | undefined;
  if (!offsets || offsets.length <= length) {
    if (length > 0) throw new RangeError(`${length} values of type ${data.type} have ${offsets?.length ?? 0} offsets`);
    target.buffers.push(EMPTY);
    return [0, 0];
  }
  const begin = Number(offsets[0]!);
  const end = Number(offsets[length]!);
  if (begin === 0) target.buffers.push(bytesOf(offsets, (length + 1) * offsets.BYTES_PER_ELEMENT));
  else if (offsets instanceof Int32Array) target.buffers.push(rebased(offsets, length, begin));
  else target.buffers.push(rebasedLarge(offsets, length));
  return [begin, end];
}

function rebased(offsets: Int32Array, length: number, begin: number): Uint8Array {
  const result = new Int32Array(length + 1);
  for (let i = 0; i <= length; i++) result[i] = offsets[i]! - begin;
  return new Uint8Array(result.buffer);
}

function rebasedLarge(offsets: BigInt64Array, length: number): Uint8Array {
  const begin = offsets[0]!;
  const result = new BigInt64Array(length + 1);
  for (let i = 0; i <= length; i++) result[i] = offsets[i]! - begin;
  return new Uint8Array(result.buffer);
}

/** Values of one width; where the column has no memory for them (all null), zeros. */
function fixed(data: Data, type: DataType): Uint8Array {
  const bytes = data.length * strideForType(type) * type.ArrayType.BYTES_PER_ELEMENT;
  return bytesOf(data.values, bytes);
}

function bytesOf(values: ArrayBufferView | undefined, bytes: number): Uint8Array {
  if (values && values.byteLength >= bytes) return new Uint8Array(values.buffer, values.byteOffset, bytes);
  const padded = new Uint8Array(bytes);
  if (values) padded.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return padded;
}

/** `length` bits from bit `offset` on, beginning at bit 0. */
function bits(bitmap: Uint8Array | undefined, offset: number, length: number): Uint8Array {
  const bytes = (length + 7) >> 3;
  if (!bitmap) return new Uint8Array(bytes);
  const first = offset >> 3;
  const shift = offset & 7;
  if (shift === 0) return bytesOf(bitmap.subarray(first, first + bytes), bytes);
  const result = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) {
    result[i] = (bitmap[first + i]! >> shift) | ((bitmap[first + i + 1] ?? 0) << (8 - shift));
  }
  return result;
}

function firstValues(data: Data, length: number): Data {
  if (data.length === length) return data;
  if (data.length < length)
    throw new RangeError(`${data.length} values of type ${data.type} where ${length} are needed`);
  return data.slice(0, length);
}
