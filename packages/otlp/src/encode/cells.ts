import { type Data, type DataType, type RecordBatch, Type, type Vector } from 'apache-arrow';

const HEX_DIGITS = new Int8Array(256).fill(-1);
for (let i = 0; i < 16; i++) {
  HEX_DIGITS[i.toString(16).charCodeAt(0)] = i;
  HEX_DIGITS[i.toString(16).toUpperCase().charCodeAt(0)] = i;
}

/** A column's values, read where they lie: texts as bytes, 64-bit integers as two halves. */
export class Cells {
  readonly type: DataType;
  /** Of a list: its elements. */
  readonly child: Cells | undefined;
  /** Of a struct: its fields. */
  readonly fields: ReadonlyMap<string, Cells>;
  // The halves of the last 64-bit integer that was read.
  lo = 0;
  hi = 0;
  readonly #data: Data;
  readonly #words: Int32Array | undefined;

  constructor(data: Data) {
    this.type = data.type;
    this.#data = data;
    const isList = data.type.typeId === Type.List;
    this.child = isList ? new Cells(data.children[0]!) : undefined;
    this.fields = new Map(
      data.type.typeId === Type.Struct ? data.type.children.map((f, i) => [f.name, new Cells(data.children[i]!)]) : [],
    );
    const { values } = data as { values: unknown };
    if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
      this.#words = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
    }
  }

  isNull(row: number): boolean {
    const { nullBitmap, offset } = this.#data;
    if (this.#data.nullCount === 0 || !nullBitmap || nullBitmap.length === 0) return false;
    const bit = row + offset;
    return (nullBitmap[bit >> 3]! & (1 << (bit & 7))) === 0;
  }

  /** A text's bytes, where they lie. */
  text(row: number): Uint8Array {
    const offsets = this.#data.valueOffsets;
    return (this.#data.values as Uint8Array).subarray(Number(offsets[row]!), Number(offsets[row + 1]!));
  }

  /** The bytes that a text spells in hexadecimal. */
  hex(row: number): Uint8Array {
    const text = this.text(row);
    const bytes = new Uint8Array(text.length >> 1);
    for (let i = 0; i < bytes.length; i++) {
      bytes[i] = (HEX_DIGITS[text[i * 2]!]! << 4) | HEX_DIGITS[text[i * 2 + 1]!]!;
    }
    return bytes;
  }

  bool(row: number): boolean {
    const bit = row + this.#data.offset;
    return ((this.#data.values as Uint8Array)[bit >> 3]! & (1 << (bit & 7))) !== 0;
  }

  /** A number of any width; 64-bit integers lose what a double can't hold. */
  number(row: number): number {
    return Number((this.#data.values as ArrayLike<number | bigint>)[row]);
  }

  /** Reads a 64-bit integer (or a narrower one, widened) into `lo` and `hi`. */
  integer(row: number): void {
    if (this.#words) {
      this.lo = this.#words[row * 2]!;
      this.hi = this.#words[row * 2 + 1]!;
    } else {
      const value = this.number(row);
      this.lo = value | 0;
      this.hi = value < 0 ? -1 : 0;
    }
  }

  /** The first of a list's elements in the child; those of the next row follow its last. */
  start(row: number): number {
    return Number(this.#data.valueOffsets[row]!);
  }
}

/** The cells of a batch's column; undefined where it has none of that name. */
export function cellsOf(batch: RecordBatch, name: string): Cells | undefined {
  const column = batch.getChild(name) as Vector | null;
  const data = column?.data[0];
  if (data === undefined || data.type.typeId === Type.Null) return undefined;
  if (!supported.has(data.type.typeId)) throw new TypeError(`column ${name}: cannot read ${data.type}`);
  return new Cells(data);
}

const supported = new Set([
  Type.Utf8,
  Type.LargeUtf8,
  Type.Int,
  Type.Float,
  Type.Bool,
  Type.List,
  Type.Struct,
  Type.Timestamp,
]);
