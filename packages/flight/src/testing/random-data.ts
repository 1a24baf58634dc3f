import {
  Data,
  type DataType,
  type Dictionary,
  type Field,
  type FixedSizeList,
  type Int,
  type Map_,
  type RecordBatch,
  type Schema,
  Type,
  type Union,
  UnionMode,
  Vector,
} from 'apache-arrow';
import { strideForType } from 'apache-arrow/type';
import { recordBatchOf } from '../ipc/record-batch.ts';
import type { Random } from './mutate.ts';

const words = ['', 'a', 'zé', '☃', '😀', 'exactly12byt', 'thirteenbytes', 'longer than twelve bytes, and so on'];

/** How many of the values are null. */
export type Nulls = 'none' | 'some' | 'all';

/** Makes columns of any type straight from buffers, with garbage where a null lies. */
export class RandomData {
  readonly #random: Random;
  readonly #nulls: Nulls;
  /** Batches of a stream share them, or have grown ones, or others. */
  readonly #dictionaries = new Map<DataType, Vector>();

  constructor(random: Random, nulls: Nulls) {
    this.#random = random;
    this.#nulls = nulls;
  }

  /** A batch whose columns are slices of longer ones. */
  batch(schema: Schema, rowsMax: number): RecordBatch {
    const whole = this.#random(rowsMax + 1);
    const first = this.#random(whole + 1);
    const rows = this.#random(whole - first + 1);
    const columns = schema.fields.map(({ type }) => this.data(type, whole).slice(first, rows));
    return recordBatchOf(schema, columns, rows, this.#random(4) === 0 ? new Map([['of the batch', 'é']]) : new Map());
  }

  data(type: DataType, length: number): Data {
    if (type.typeId === Type.Null) return new Data(type, 0, length, length);
    if (type.typeId === Type.Union) return this.#union(type as Union, length);
    const bitmap = this.#bitmap(length);
    const nullCount = bitmap.length === 0 ? 0 : -1;
    const column = (buffers: unknown[], children?: Data[], dictionary?: Vector, variadic?: Uint8Array[]) =>
      new Data(type, 0, length, nullCount, [buffers[0], buffers[1], bitmap] as never, children, dictionary, variadic);
    switch (type.typeId) {
      case Type.Bool:
        return column([undefined, this.#bytes((length + 7) >> 3)]);
      case Type.Utf8:
      case Type.LargeUtf8:
      case Type.Binary:
      case Type.LargeBinary: {
        const values = Array.from({ length }, () => this.#word(type));
        return column([
          this.#offsets(
            type,
            values.map(({ length }) => length),
          ),
          Uint8Array.from(Buffer.concat(values)),
        ]);
      }
      case Type.Utf8View:
      case Type.BinaryView:
        return this.#views(type, length, column);
      case Type.List:
      case Type.LargeList:
      case Type.Map: {
        const lengths = Array.from({ length }, () => this.#random(4));
        const total = lengths.reduce((sum, one) => sum + one, 0);
        return column([this.#offsets(type, lengths)], [this.#items((type as Map_).children[0]!, total)]);
      }
      case Type.FixedSizeList:
        return column([], [this.data((type as FixedSizeList).children[0]!.type, length * strideForType(type))]);
      case Type.Struct:
        return column(
          [],
          type.children.map((field: Field) => this.data(field.type, length)),
        );
      case Type.Dictionary: {
        const dictionary = this.#dictionary(type as Dictionary);
        const { ArrayType, bitWidth } = (type as Dictionary).indices as Int;
        const indices = new ArrayType(length);
        for (let i = 0; i < length; i++) {
          const index = this.#random(dictionary.length);
          indices[i] = (bitWidth === 64 ? BigInt(index) : index) as never;
        }
        return column([undefined, indices], undefined, dictionary);
      }
      default:
        return column([undefined, this.#fixed(type, length)]);
    }
  }

  /** Keys of a map are never null. */
  #items(field: Field, length: number): Data {
    const named = field.name === 'entries' && field.type.typeId === Type.Struct;
    if (!named) return this.data(field.type, length);
    const [key, value] = (field.type as { children: Field[] }).children;
    const keys = new RandomData(this.#random, 'none').data(key!.type, length);
    const members = [keys, this.data(value!.type, length)];
    return new Data(field.type, 0, length, 0, [undefined, undefined, new Uint8Array(0)] as never, members);
  }

  #union(type: Union, length: number): Data {
    const dense = type.mode === UnionMode.Dense;
    const typeIds = Int8Array.from({ length }, () => type.typeIds[this.#random(type.typeIds.length)]!);
    const childLength = dense ? length + 1 : length;
    const offsets = dense ? new Int32Array(length) : undefined;
    if (offsets) {
      // Offsets into a child never go back.
      const next = new Map<number, number>();
      for (let i = 0; i < length; i++) {
        const at = next.get(typeIds[i]!) ?? 0;
        offsets[i] = at;
        next.set(typeIds[i]!, at + 1);
      }
    }
    const children = type.children.map((field) => this.data(field.type, childLength));
    return new Data(type, 0, length, 0, [offsets, undefined, new Uint8Array(0), typeIds] as never, children);
  }

  #views(
    type: DataType,
    length: number,
    column: (buffers: unknown[], children: undefined, dictionary: undefined, variadic: Uint8Array[]) => Data,
  ): Data {
    const views = new Uint8Array(length * 16);
    const view = new DataView(views.buffer);
    const buffers: [Buffer[], Buffer[]] = [[], []];
    const sizes = [0, 0];
    for (let i = 0; i < length; i++) {
      const value = this.#word(type);
      view.setInt32(i * 16, value.length, true);
      if (value.length <= 12) {
        views.set(value, i * 16 + 4);
        continue;
      }
      views.set(value.subarray(0, 4), i * 16 + 4);
      const buffer = this.#random(2) as 0 | 1;
      view.setInt32(i * 16 + 8, buffer, true);
      view.setInt32(i * 16 + 12, sizes[buffer]!, true);
      buffers[buffer].push(value);
      sizes[buffer]! += value.length;
    }
    const variadic = buffers.map((parts) => Uint8Array.from(Buffer.concat(parts)));
    return column([undefined, views], undefined, undefined, variadic);
  }

  #dictionary(type: Dictionary): Vector {
    const before = this.#dictionaries.get(type);
    // As many entries as the narrowest indices reach, in all batches of a stream.
    const change = before ? this.#random(4) : 0;
    if (before && change > 1) return before;
    const piece = new RandomData(this.#random, 'none').data(type.dictionary, 1 + this.#random(5));
    const dictionary = new Vector(before && change === 1 && before.length < 40 ? [...before.data, piece] : [piece]);
    this.#dictionaries.set(type, dictionary);
    return dictionary;
  }

  #word(type: DataType): Buffer {
    if (type.typeId === Type.Utf8 || type.typeId === Type.LargeUtf8 || type.typeId === Type.Utf8View) {
      return Buffer.from(words[this.#random(words.length)]!);
    }
    return Buffer.from(this.#bytes(this.#random(20)));
  }

  #offsets(type: DataType, lengths: readonly number[]): Int32Array | BigInt64Array {
    const large = [Type.LargeUtf8, Type.LargeBinary, Type.LargeList].includes(type.typeId);
    let offset = 0;
    const offsets = [0, ...lengths.map((length) => (offset += length))];
    return large ? BigInt64Array.from(offsets, BigInt) : Int32Array.from(offsets);
  }

  #fixed(type: DataType, length: number): ArrayBufferView {
    const elements = length * strideForType(type);
    const bytes = this.#bytes(elements * type.ArrayType.BYTES_PER_ELEMENT);
    if (type.typeId === Type.Decimal) keepSmall(bytes, strideForType(type) * 4);
    if (type.typeId === Type.Date || type.typeId === Type.Time || type.typeId === Type.Timestamp) keepNear(type, bytes);
    return new type.ArrayType(bytes.buffer as never, 0, elements);
  }

  #bitmap(length: number): Uint8Array {
    if (this.#nulls === 'none') return new Uint8Array(0);
    const bytes = (length + 7) >> 3;
    return this.#nulls === 'all' ? new Uint8Array(bytes) : this.#bytes(bytes);
  }

  #bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#random(256));
  }
}

/** Decimals within their precision: the high bytes repeat the sign. */
function keepSmall(bytes: Uint8Array, width: number): void {
  for (let i = 0; i < bytes.length; i += width) {
    const sign = bytes[i + 2]! > 127 ? 255 : 0;
    bytes.fill(sign, i + 3, i + width);
  }
}

/** Times of a day, whole days of milliseconds: what others check. */
function keepNear(type: DataType, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  const wide = type.ArrayType.BYTES_PER_ELEMENT === 8;
  const wholeDays = type.typeId === Type.Date && wide;
  for (let i = 0; i < bytes.length; i += wide ? 8 : 4) {
    const small = view.getUint16(i, true);
    if (wide) view.setBigInt64(i, BigInt(small) * (wholeDays ? 86_400_000n : 1n), true);
    else view.setInt32(i, small, true);
  }
}
