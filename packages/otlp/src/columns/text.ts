import { type Data, makeData, Utf8 } from 'apache-arrow';
import { WireError } from '../errors.ts';
import type { WireReader } from '../wire/reader.ts';
import { validUtf8 } from '../wire/utf8.ts';
import { bitAt, clearBits, resizedBitmap, setBits, takeValidity } from './bitmap.ts';
import { type Column, grown, isOversized, ROWS_MIN, resized } from './column.ts';

const BYTES_MAX = 0x7fff_ffff; // offsets are 32-bit
const BYTES_MIN = 1024;
const WORDWISE_BYTES_MAX = 64; // longer values are copied faster by the engine's own routine
const SLACK = 8; // words are written whole, past a value's end
const HEX = new Uint16Array(256).map((_, byte) => {
  const digits = byte.toString(16).padStart(2, '0');
  return digits.charCodeAt(0) | (digits.charCodeAt(1) << 8);
});

/** A Utf8 column that takes its values as bytes. What is read from the wire is checked to be UTF-8. */
export class TextColumn implements Column {
  readonly type = new Utf8();
  rows = 0;
  /** Bytes written. Between `begin` and `finish` it runs ahead of the rows. */
  end = 0;
  data: Uint8Array;
  #view: DataView;
  #capacity = 0;
  #offsets = new Int32Array(1);
  #valid = new Uint8Array(0);

  constructor() {
    this.data = new Uint8Array(BYTES_MIN);
    this.#view = new DataView(this.data.buffer);
  }

  get byteLength(): number {
    return this.end + this.rows * 4 + (this.rows >> 3);
  }

  /** Row `row` becomes the `length` bytes at `pos`. */
  append(row: number, from: WireReader, pos: number, length: number): void {
    this.begin(row, length);
    const start = this.end;
    if (length > WORDWISE_BYTES_MAX || pos + length + 4 > from.bytes.length) {
      this.#appendBytes(from, pos, length);
    } else {
      const source = from.view;
      const target = this.#view;
      let seen = 0;
      let i = 0;
      for (; i + 4 <= length; i += 4) {
        const word = source.getInt32(pos + i, true);
        seen |= word;
        target.setInt32(start + i, word, true);
      }
      const rest = length - i;
      if (rest > 0) {
        const word = source.getInt32(pos + i, true) & ((1 << (rest * 8)) - 1);
        seen |= word;
        target.setInt32(start + i, word, true);
      }
      if ((seen & 0x8080_8080) !== 0) this.#check(from, pos, length);
      this.end = start + length;
    }
    this.finish(row);
  }

  #appendBytes(from: WireReader, pos: number, length: number): void {
    this.#check(from, pos, length);
    this.data.set(from.bytes.subarray(pos, pos + length), this.end);
    this.end += length;
  }

  #check(from: WireReader, pos: number, length: number): void {
    if (!validUtf8(from.bytes, pos, pos + length)) throw new WireError('the text is not UTF-8', pos);
  }

  /** Row `row` becomes the `length` bytes at `pos` in lower-case hexadecimal. */
  appendHex(row: number, bytes: Uint8Array, pos: number, length: number): void {
    this.begin(row, length * 2);
    const { data } = this;
    let end = this.end;
    for (let i = 0; i < length; i++) {
      const digits = HEX[bytes[pos + i]!]!;
      data[end++] = digits;
      data[end++] = digits >> 8;
    }
    this.end = end;
    this.finish(row);
  }

  /** Makes the rows before `row` null where they have no value yet, and room for `bytes` more bytes. */
  begin(row: number, bytes: number): void {
    if (row >= this.#capacity) this.#growRows(row + 1);
    if (this.rows < row) this.#pad(row);
    if (this.end + bytes + SLACK > this.data.length) this.#growData(bytes);
  }

  /** What was written since `begin` is the value of `row`. */
  finish(row: number): void {
    this.#offsets[row + 1] = this.end;
    this.#valid[row >> 3]! |= 1 << (row & 7);
    this.rows = row + 1;
  }

  /** Makes room for `bytes` more bytes of a value that has begun. */
  reserve(bytes: number): void {
    if (this.end + bytes + SLACK > this.data.length) this.#growData(bytes);
  }

  /** Adds ASCII text to a value that has begun. */
  writeAscii(text: string): void {
    this.reserve(text.length);
    const { data } = this;
    let end = this.end;
    for (let i = 0; i < text.length; i++) data[end++] = text.charCodeAt(i);
    this.end = end;
  }

  /** Adds bytes known to be UTF-8 to a value that has begun. */
  writeBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.data.set(bytes, this.end);
    this.end += bytes.length;
  }

  #pad(row: number): void {
    this.#offsets.fill(this.#offsets[this.rows]!, this.rows + 1, row + 1);
    this.rows = row;
  }

  #growRows(rows: number): void {
    this.#resizeRows(grown(this.#capacity, rows));
  }

  #resizeRows(capacity: number): void {
    this.#capacity = capacity;
    this.#offsets = resized(this.#offsets, capacity + 1);
    this.#valid = resizedBitmap(this.#valid, capacity);
  }

  #growData(bytes: number): void {
    const needed = this.end + bytes + SLACK;
    if (needed > BYTES_MAX) throw new WireError('a column would take more than 2 GiB', -1, 'TOO_LARGE');
    const data = new Uint8Array(Math.min(BYTES_MAX, grown(this.data.length, needed)));
    data.set(this.data.subarray(0, this.end));
    this.data = data;
    this.#view = new DataView(data.buffer);
  }

  truncate(rows: number): void {
    if (rows < this.rows) {
      clearBits(this.#valid, rows, this.rows);
      this.rows = rows;
    }
    this.end = this.#offsets[this.rows]!; // a value that was begun goes too
  }

  rowBytes(row: number): number {
    return row < this.rows ? this.#offsets[row + 1]! - this.#offsets[row]! : 0;
  }

  repeat(from: number, to: number): void {
    const times = to - from - 1;
    if (times <= 0) return;
    const start = this.#offsets[from]!;
    const length = this.end - start;
    this.begin(to - 1, 0);
    this.reserve(length * times);
    const { data } = this;
    let filled = length;
    const total = length * (times + 1);
    while (filled < total) {
      const chunk = Math.min(filled, total - filled);
      data.copyWithin(start + filled, start, start + chunk);
      filled += chunk;
    }
    const offsets = this.#offsets;
    for (let row = from + 1; row < to; row++) offsets[row + 1] = offsets[row]! + length;
    setBits(this.#valid, from + 1, to);
    this.end = start + total;
    this.rows = to;
  }

  copy(from: number, count: number, at: number): void {
    for (let i = 0; i < count; i++) {
      if (!bitAt(this.#valid, from + i)) continue;
      const start = this.#offsets[from + i]!;
      const length = this.#offsets[from + i + 1]! - start;
      this.begin(at + i, length);
      this.data.copyWithin(this.end, start, start + length);
      this.end += length;
      this.finish(at + i);
    }
  }

  take(rows: number): Data<Utf8> {
    if (rows > this.#capacity) this.#growRows(rows);
    if (this.rows < rows) this.#pad(rows);
    const valueOffsets = this.#offsets.slice(0, rows + 1);
    const validity = takeValidity(this.#valid, rows);
    const size = this.data.length;
    const givenAway = this.end * 2 >= size;
    const data = givenAway ? this.data.subarray(0, this.end) : this.data.slice(0, this.end);
    const nextSize = isOversized(size, this.end, BYTES_MIN) ? size / 2 : size;
    if (givenAway || nextSize !== size) {
      this.data = new Uint8Array(nextSize);
      this.#view = new DataView(this.data.buffer);
    }
    if (isOversized(this.#capacity, rows, ROWS_MIN)) this.#resizeRows(this.#capacity / 2);
    this.rows = 0;
    this.end = 0;
    return makeData({ type: this.type, length: rows, ...validity, valueOffsets, data });
  }
}
