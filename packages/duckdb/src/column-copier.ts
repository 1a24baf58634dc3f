import { type Data, DataType, type Dictionary, makeData, makeVector, type TypeMap, type Vector } from 'apache-arrow';
import { BitBuffer } from './bit-buffer.ts';
import { arrayLayout } from './c-schema.ts';
import { DuckDbError } from './error.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import { wordAt } from './memory.ts';

/** Puts the arrays of one column, as they come from C chunk by chunk, together into one array of JavaScript's memory. */
export interface ColumnCopier {
  /** Appends `length` values of the `struct ArrowArray` at an address. */
  append(array: number, length: number): void;
  /** Bytes copied since the last `take`. */
  readonly bytes: number;
  /** What was appended since the last `take`; the copier starts anew. */
  take(): Data;
}

/**
 * The copier for a type. `reused`: what `take` answers is overwritten by what is appended next. @throws DuckDbError `Unsupported`
 */
export function createCopier(type: DataType, reused = false): ColumnCopier {
  if (DataType.isNull(type)) return new NullCopier(type);
  if (DataType.isDictionary(type)) return new DictionaryCopier(type, reused);
  if (DataType.isBool(type)) return new BoolCopier(type, reused);
  if (DataType.isUtf8(type) || DataType.isBinary(type)) return new BytesCopier(type, reused);
  if (DataType.isList(type) || DataType.isMap(type)) return new ListCopier(type, reused);
  if (DataType.isStruct(type)) return new NestedCopier(type, 1, reused);
  if (DataType.isFixedSizeList(type)) return new NestedCopier(type, type.listSize, reused);
  if (DataType.isUnion(type)) return new UnionCopier(type, reused);
  const width = widthOf(type);
  if (width === undefined) throw new DuckDbError('Unsupported', `values of type ${String(type)} can't be copied out`);
  return new FixedCopier(type, width, reused);
}

function widthOf(type: DataType): number | undefined {
  if (DataType.isInt(type) || DataType.isTime(type)) return type.bitWidth / 8;
  if (DataType.isFloat(type)) return 2 << type.precision;
  if (DataType.isDate(type)) return type.unit === 0 ? 4 : 8;
  if (DataType.isTimestamp(type) || DataType.isDuration(type)) return 8;
  if (DataType.isInterval(type)) return [4, 8, 16][type.unit];
  if (DataType.isDecimal(type)) return type.bitWidth / 8;
  if (DataType.isFixedSizeBinary(type)) return type.byteWidth;
  return undefined;
}

const bufferAt = (array: number, index: number): number => wordAt(wordAt(array + arrayLayout.buffers) + 8 * index);
const childAt = (array: number, index: number): number => wordAt(wordAt(array + arrayLayout.children) + 8 * index);

/** Length and nulls, which all columns but those of type null and union have. */
class Validity {
  length = 0;
  nullCount = 0;
  readonly #bits: BitBuffer;

  constructor(reused: boolean) {
    this.#bits = new BitBuffer(reused);
  }

  append(array: number, length: number): void {
    if (wordAt(array + arrayLayout.offset) !== 0)
      throw new DuckDbError('INTERNAL', 'an Arrow array of DuckDB that starts at an offset');
    const nulls = wordAt(array + arrayLayout.nullCount);
    if (nulls !== 0) {
      if (this.nullCount === 0) this.#bits.appendOnes(this.length);
      this.#bits.appendFrom(bufferAt(array, 0), length);
      this.nullCount += nulls;
    } else if (this.nullCount > 0) this.#bits.appendOnes(length);
    this.length += length;
  }

  take(): { length: number; nullCount: number; nullBitmap?: Uint8Array } {
    const { length, nullCount } = this;
    const taken = nullCount > 0 ? { length, nullCount, nullBitmap: this.#bits.take() } : { length, nullCount };
    this.length = 0;
    this.nullCount = 0;
    return taken;
  }
}

class NullCopier implements ColumnCopier {
  readonly bytes = 0;
  readonly #type: DataType;
  #length = 0;

  constructor(type: DataType) {
    this.#type = type;
  }
  append(_array: number, length: number): void {
    this.#length += length;
  }
  take(): Data {
    const length = this.#length;
    this.#length = 0;
    return makeData({ type: this.#type, length } as never);
  }
}

class FixedCopier implements ColumnCopier {
  readonly #validity: Validity;
  readonly #values: GrowingBuffer;
  readonly #type: DataType;
  readonly #width: number;

  constructor(type: DataType, width: number, reused: boolean) {
    this.#validity = new Validity(reused);
    this.#values = new GrowingBuffer(reused);
    this.#type = type;
    this.#width = width;
  }
  get bytes(): number {
    return this.#values.length;
  }
  append(array: number, length: number): void {
    this.#validity.append(array, length);
    this.#values.appendFrom(bufferAt(array, 1), length * this.#width);
  }
  take(): Data {
    const bytes = this.#values.take();
    const Values = this.#type.ArrayType as unknown as new (b: ArrayBuffer, o: number, n: number) => ArrayBufferView;
    const perElement = (this.#type.ArrayType as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
    const data = new Values(bytes.buffer, bytes.byteOffset, bytes.byteLength / perElement);
    return makeData({ type: this.#type, data, ...this.#validity.take() } as never);
  }
}

class BoolCopier implements ColumnCopier {
  readonly #validity: Validity;
  readonly #values: BitBuffer;
  readonly #type: DataType;

  constructor(type: DataType, reused: boolean) {
    this.#validity = new Validity(reused);
    this.#values = new BitBuffer(reused);
    this.#type = type;
  }
  get bytes(): number {
    return this.#values.length >> 3;
  }
  append(array: number, length: number): void {
    this.#validity.append(array, length);
    this.#values.appendFrom(bufferAt(array, 1), length);
  }
  take(): Data {
    return makeData({ type: this.#type, data: this.#values.take(), ...this.#validity.take() } as never);
  }
}

/** 32-bit offsets, moved so that each chunk goes on where the one before ended. */
class Offsets {
  readonly #bytes: GrowingBuffer;
  #end = 0;

  constructor(reused: boolean) {
    this.#bytes = new GrowingBuffer(reused);
  }

  get bytes(): number {
    return this.#bytes.length;
  }

  /** Answers where the chunk's own values start and how many there are. */
  append(offsets: number, length: number): { start: number; count: number } {
    if (this.#bytes.length === 0) {
      this.#bytes.reserve(4 * (length + 1));
      this.#bytes.bytes.writeInt32LE(0, 0);
      this.#bytes.length = 4;
    }
    if (length === 0) return { start: 0, count: 0 };
    const from = this.#bytes.length;
    this.#bytes.appendFrom(offsets + 4, 4 * length);
    const bytes = this.#bytes.bytes;
    const start = Number(wordAt(offsets) % 2 ** 32);
    const view = new Int32Array(bytes.buffer, bytes.byteOffset + from, length);
    const move = this.#end - start;
    if (move !== 0) for (let i = 0; i < length; i++) view[i] = view[i]! + move;
    const end = view[length - 1]!;
    if (end < this.#end) throw new DuckDbError('Out of Range', 'one batch would hold more than 2 GiB of a column');
    const count = end - this.#end;
    this.#end = end;
    return { start, count };
  }

  take(): Int32Array {
    this.#end = 0;
    const bytes = this.#bytes.take();
    return bytes.byteLength === 0
      ? new Int32Array(1)
      : new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  }
}

class BytesCopier implements ColumnCopier {
  readonly #validity: Validity;
  readonly #offsets: Offsets;
  readonly #values: GrowingBuffer;
  readonly #type: DataType;

  constructor(type: DataType, reused: boolean) {
    this.#validity = new Validity(reused);
    this.#offsets = new Offsets(reused);
    this.#values = new GrowingBuffer(reused);
    this.#type = type;
  }
  get bytes(): number {
    return this.#values.length + this.#offsets.bytes;
  }
  append(array: number, length: number): void {
    this.#validity.append(array, length);
    const { start, count } = this.#offsets.append(bufferAt(array, 1), length);
    this.#values.appendFrom(bufferAt(array, 2) + start, count);
  }
  take(): Data {
    const valueOffsets = this.#offsets.take();
    return makeData({ type: this.#type, valueOffsets, data: this.#values.take(), ...this.#validity.take() } as never);
  }
}

class ListCopier implements ColumnCopier {
  readonly #validity: Validity;
  readonly #offsets: Offsets;
  readonly #type: DataType;
  readonly #child: ColumnCopier;

  constructor(type: DataType, reused: boolean) {
    this.#validity = new Validity(reused);
    this.#offsets = new Offsets(reused);
    this.#type = type;
    this.#child = createCopier(type.children[0]!.type, reused);
  }
  get bytes(): number {
    return this.#offsets.bytes + this.#child.bytes;
  }
  append(array: number, length: number): void {
    this.#validity.append(array, length);
    const { start, count } = this.#offsets.append(bufferAt(array, 1), length);
    if (start !== 0) throw new DuckDbError('INTERNAL', 'an Arrow list of DuckDB that starts at an offset');
    this.#child.append(childAt(array, 0), count);
  }
  take(): Data {
    const valueOffsets = this.#offsets.take();
    return makeData({ type: this.#type, valueOffsets, child: this.#child.take(), ...this.#validity.take() } as never);
  }
}

/** Structs, and lists of fixed size: children of `factor` values a row, no buffers of their own. */
class NestedCopier implements ColumnCopier {
  readonly #validity: Validity;
  readonly #type: DataType;
  readonly #factor: number;
  readonly #children: readonly ColumnCopier[];

  constructor(type: DataType, factor: number, reused: boolean) {
    this.#validity = new Validity(reused);
    this.#type = type;
    this.#factor = factor;
    this.#children = type.children.map((child: { type: DataType }) => createCopier(child.type, reused));
  }
  get bytes(): number {
    return this.#children.reduce((sum, child) => sum + child.bytes, 0);
  }
  append(array: number, length: number): void {
    this.#validity.append(array, length);
    this.#children.forEach((child, i) => {
      child.append(childAt(array, i), length * this.#factor);
    });
  }
  take(): Data {
    const children = this.#children.map((child) => child.take());
    const child = DataType.isFixedSizeList(this.#type) ? { child: children[0] } : { children };
    return makeData({ type: this.#type, ...child, ...this.#validity.take() } as never);
  }
}

class UnionCopier implements ColumnCopier {
  readonly #type: DataType;
  readonly #ids: GrowingBuffer;
  readonly #children: readonly ColumnCopier[];

  constructor(type: DataType, reused: boolean) {
    this.#ids = new GrowingBuffer(reused);
    this.#type = type;
    this.#children = type.children.map((child: { type: DataType }) => createCopier(child.type, reused));
  }
  get bytes(): number {
    return this.#children.reduce((sum, child) => sum + child.bytes, this.#ids.length);
  }
  append(array: number, length: number): void {
    this.#ids.appendFrom(bufferAt(array, 0), length);
    this.#children.forEach((child, i) => {
      child.append(childAt(array, i), length);
    });
  }
  take(): Data {
    const ids = this.#ids.take();
    const typeIds = new Int8Array(ids.buffer, ids.byteOffset, ids.byteLength);
    return makeData({
      type: this.#type,
      length: typeIds.length,
      typeIds,
      children: this.#children.map((c) => c.take()),
    } as never);
  }
}

/** DuckDB's enums: every chunk carries the whole dictionary, which is one and the same for a column. */
class DictionaryCopier implements ColumnCopier {
  readonly #indices: ColumnCopier;
  readonly #type: Dictionary;
  #dictionary: Vector | undefined;

  constructor(type: Dictionary, reused: boolean) {
    this.#type = type;
    this.#indices = createCopier(type.indices, reused);
  }
  get bytes(): number {
    return this.#indices.bytes;
  }
  append(array: number, length: number): void {
    this.#indices.append(array, length);
    this.#dictionary ??= readWhole(this.#type.dictionary, wordAt(array + arrayLayout.dictionary));
  }
  take(): Data {
    const indices = this.#indices.take() as Data<TypeMap[keyof TypeMap]>;
    const dictionary = this.#dictionary ?? makeVector(emptyData(this.#type.dictionary));
    const { length, nullCount, nullBitmap, values } = indices;
    const validity = nullCount > 0 ? { nullCount, nullBitmap } : { nullCount: 0 };
    return makeData({ type: this.#type, length, data: values, dictionary, ...validity } as never);
  }
}

function readWhole(type: DataType, array: number): Vector {
  const copier = createCopier(type);
  copier.append(array, wordAt(array + arrayLayout.length));
  return makeVector(copier.take());
}

/** A column without rows. */
export function emptyData(type: DataType): Data {
  return createCopier(type).take();
}
