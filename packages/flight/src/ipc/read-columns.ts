import {
  Data,
  DataType,
  type Dictionary,
  type Field,
  type Map_,
  Type,
  type Union,
  UnionMode,
  Vector,
} from 'apache-arrow';
import { strideForType } from 'apache-arrow/type';
import type { BatchBuffers } from './buffers.ts';
import { checkIndices, checkLargeOffsets, checkOffsets, checkUtf8, checkViews } from './checks.ts';
import type { Dictionaries } from './dictionaries.ts';
import { emptyData } from './empty-data.ts';
import { malformed, quoted, unsupported } from './ipc-error.ts';

const EMPTY = new Uint8Array(0);
const METADATA_V5 = 4;

/** What columns are read with. */
export interface ColumnSource {
  readonly buffers: BatchBuffers;
  readonly dictionaries: Pick<Dictionaries, 'get'>;
  /** Of the message, as in IpcMessage. */
  readonly version: number;
}

/** Reads the columns of a batch and checks every value that says where others lie. Nothing is copied. */
export function readColumns(fields: readonly Field[], rows: number, source: ColumnSource): Data[] {
  const columns = fields.map((field) => readExactly(field, rows, source, `column ${quoted(field.name)}`));
  source.buffers.finish();
  return columns;
}

/** Reads one dictionary's values. */
export function readDictionaryValues(type: DataType, id: number, source: ColumnSource): Data {
  const data = readType(type, source, `dictionary ${id}`);
  source.buffers.finish();
  if (data.length !== source.buffers.rows) {
    throw malformed(`dictionary ${id}: ${data.length} values, the message says ${source.buffers.rows}`);
  }
  return data;
}

function readExactly(field: Field, rows: number, source: ColumnSource, where: string): Data {
  const data = readType(field.type, source, where);
  if (data.length !== rows) throw malformed(`${where}: ${data.length} values in a batch of ${rows} rows`);
  return data;
}

/** A child that must have at least `length` values: what it has beyond them is nobody's. */
function readChild(field: Field, length: number, source: ColumnSource, where: string): Data {
  const path = `${where}.${quoted(field.name)}`;
  const data = readType(field.type, source, path);
  if (data.length < length) throw malformed(`${path}: ${data.length} values, its parent needs ${length}`);
  return data;
}

function readType(type: DataType, source: ColumnSource, where: string): Data {
  const { buffers } = source;
  buffers.nextNode(where);
  const { length } = buffers;
  if (DataType.isNull(type)) return new Data(type, 0, length, length);
  if (DataType.isUnion(type)) return readUnion(type, length, source, where);
  const validity = buffers.nextBuffer(0, where, 'validity');
  let { nullCount } = buffers;
  let bitmap: Uint8Array = EMPTY;
  if (nullCount !== 0) {
    if (validity.length * 8 >= length) {
      bitmap = validity;
      nullCount = -1; // counted when someone asks: what the message says need not be true
    } else if (validity.length === 0 && nullCount === -1) nullCount = 0;
    else throw malformed(`${where}: ${nullCount} nulls, but the validity buffer has ${validity.length} bytes`);
  }
  const column = (columnBuffers: unknown[], children?: Data[], dictionary?: Vector, variadic?: Uint8Array[]): Data =>
    new Data(type, 0, length, nullCount, columnBuffers as never, children, dictionary, variadic);
  switch (type.typeId) {
    case Type.Bool:
      return column([undefined, buffers.nextBuffer((length + 7) >> 3, where, 'data'), bitmap]);
    case Type.Utf8:
    case Type.Binary:
    case Type.LargeUtf8:
    case Type.LargeBinary: {
      const large = type.typeId === Type.LargeUtf8 || type.typeId === Type.LargeBinary;
      const read = large ? readLargeOffsets(length, source, where) : readOffsets(length, source, where);
      const values = buffers.nextBuffer(0, where, 'data');
      const offsets = checkedOffsets(read, length, values.length, where);
      if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) checkUtf8(offsets, length, values, bitmap, where);
      return column([offsets, values, bitmap]);
    }
    case Type.List:
    case Type.Map:
    case Type.LargeList: {
      const large = type.typeId === Type.LargeList;
      const read = large ? readLargeOffsets(length, source, where) : readOffsets(length, source, where);
      const child = readChild((type as Map_).children[0]!, 0, source, where);
      return column([checkedOffsets(read, length, child.length, where), undefined, bitmap], [child]);
    }
    case Type.FixedSizeList: {
      const needed = length * strideForType(type);
      return column([undefined, undefined, bitmap], [readChild(type.children[0]!, needed, source, where)]);
    }
    case Type.Struct:
      return column(
        [undefined, undefined, bitmap],
        type.children.map((field: Field) => exactly(readChild(field, length, source, where), length)),
      );
    case Type.Dictionary: {
      const dictionary = type as Dictionary;
      const indices = readFixed(dictionary.indices, length, source, where);
      const values = source.dictionaries.get(dictionary.id) ?? new Vector([emptyData(dictionary.dictionary)]);
      checkIndices(indices as Int32Array, length, bitmap, values.length, where);
      return column([undefined, indices, bitmap], undefined, values);
    }
    case Type.BinaryView:
    case Type.Utf8View: {
      const views = buffers.nextBuffer(length * 16, where, 'views').subarray(0, length * 16);
      const count = buffers.nextVariadicCount(where);
      const variadic = Array.from({ length: count }, (_, i) => buffers.nextBuffer(0, where, `data ${i}`));
      checkViews(views, length, bitmap, variadic, type.typeId === Type.Utf8View, where);
      return column([undefined, views, bitmap], undefined, undefined, variadic);
    }
    default:
      return column([undefined, readFixed(type, length, source, where), bitmap]);
  }
}

function readUnion(type: Union, length: number, source: ColumnSource, where: string): Data {
  const { buffers } = source;
  if (source.version < METADATA_V5) {
    const { nullCount } = buffers;
    const validity = buffers.nextBuffer(0, where, 'validity');
    if (nullCount !== 0 && validity.length > 0)
      throw unsupported(`${where}: a union with nulls of its own (metadata V4)`);
  }
  const ids = buffers.nextBuffer(length, where, 'type id').subarray(0, length);
  const typeIds = new Int8Array(ids.buffer, ids.byteOffset, length);
  const dense = type.mode === UnionMode.Dense;
  const offsets = dense ? readWords(length, source, where) : undefined;
  const children = type.children.map((field) => readChild(field, dense ? 0 : length, source, where));
  for (let i = 0; i < length; i++) {
    const child = children[type.typeIdToChildIndex[typeIds[i]!] ?? -1];
    if (!child) throw malformed(`${where}: value ${i} is of type id ${typeIds[i]}, which the union doesn't have`);
    if (offsets && (offsets[i]! < 0 || offsets[i]! >= child.length)) {
      throw malformed(`${where}: value ${i} is at ${offsets[i]} of a child with ${child.length} values`);
    }
  }
  const members = dense ? children : children.map((child) => exactly(child, length));
  return new Data(type, 0, length, 0, [offsets, undefined, EMPTY, typeIds] as never, members);
}

/** One offset more than there are values; none at all is allowed for no values. */
function readOffsets(length: number, source: ColumnSource, where: string): Int32Array {
  const bytes = source.buffers.nextBuffer(length === 0 ? 0 : (length + 1) * 4, where, 'offset');
  return bytes.length < 4 ? new Int32Array(1) : new Int32Array(bytes.buffer, bytes.byteOffset, length + 1);
}

function readLargeOffsets(length: number, source: ColumnSource, where: string): BigInt64Array {
  const bytes = source.buffers.nextBuffer(length === 0 ? 0 : (length + 1) * 8, where, 'offset');
  return bytes.length < 8 ? new BigInt64Array(1) : new BigInt64Array(bytes.buffer, bytes.byteOffset, length + 1);
}

/** Offsets that never go down, from 0 to at most `end`. Where nothing lies between them they may be anywhere (pyarrow's empty slices). */
function checkedOffsets<T extends Int32Array | BigInt64Array>(
  offsets: T,
  length: number,
  end: number,
  where: string,
): T {
  const [first, last] = [offsets[0]!, offsets[length]!];
  const begin = first === last && first > end ? Number(first) : 0;
  if (offsets instanceof Int32Array) checkOffsets(offsets, length, begin + end, where);
  else checkLargeOffsets(offsets, length, begin + end, where);
  return begin === 0 ? offsets : (offsets.map(() => (typeof first === 'bigint' ? 0n : 0) as never) as T);
}

function readWords(length: number, source: ColumnSource, where: string): Int32Array {
  const bytes = source.buffers.nextBuffer(length * 4, where, 'offset');
  return new Int32Array(bytes.buffer, bytes.byteOffset, length);
}

/** Values of one width, as the array that the type wants. */
function readFixed(type: DataType, length: number, source: ColumnSource, where: string): ArrayBufferView {
  const elements = length * strideForType(type);
  const bytes = source.buffers.nextBuffer(elements * type.ArrayType.BYTES_PER_ELEMENT, where, 'data');
  return new type.ArrayType(bytes.buffer, bytes.byteOffset, elements);
}

function exactly(data: Data, length: number): Data {
  return data.length === length ? data : data.slice(0, length);
}
