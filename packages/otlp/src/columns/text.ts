import { type Data, makeData, Utf8 } from 'apache-arrow';
import { WireError } from '../errors.ts';
import type { WireReader } from '../wire/reader.ts';
import { validUtf8 } from '../wire/utf8.ts';
import { bitAt, clearBits, resizedBitmap, setBits, takeValidity } from './bitmap.ts';
import { type Column, grown, handedOver, nextCapacity, padOffsets, resized } from './column.ts';

const BYTES_MAX = 0x7fff_ffff; // offsets are 32-bit
const BYTES_MIN = 1024;
const BLOCK = 16;
const BLOCKWISE_BYTES_MAX = 256; // longer values are copied faster by the engine's own routine
const REPEATED_BLOCKWISE_BYTES_MAX = 1024;
const SLACK = BLOCK; // blocks are written whole, past a value's end
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
  data: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  /** How far `end` may go. */
  #size = -1;
  #capacity = 0;
  // What the batch before took.
  #rowsExpected = 0;
  #bytesExpected = 0;
  #offsets = new Int32Array(1);
  #valid: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor() {
    this.data = new Uint8Array(0);
    this.#view = new DataView(this.data.buffer);
  }

  get byteLength(): number {
    return this.end + this.rows * 4 + (this.rows >> 3);
  }

  /** Row `row` becomes the `length` bytes at `pos`. */
  append(row: number, from: WireReader, pos: number, length: number): void {
    this.begin(row, length);
    const start = this.end | 0;
    // Copied in blocks, up to fifteen bytes more than the value has: branches on its exact length would cost more.
    if (length > BLOCKWISE_BYTES_MAX || ((pos + length + BLOCK) | 0) > from.size) this.#appendBytes(from, pos, length);
    else {
      const source = from.view;
      const target = this.#view;
      let seen = 0;
      for (let i = 0; i < length; i = (i + BLOCK) | 0) {
        seen |= copyBlock(source, (pos + i) | 0, target, (start + i) | 0);
      }
      // Not ASCII: the value itself, or what follows it.
      if ((seen & 0x8080_8080) !== 0 && !isAscii(source, pos, length)) this.#check(from, pos, length);
      this.end = (start + length) | 0;
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
    const view = this.#view;
    const { end } = this;
    for (let i = 0; i < length; i++) view.setUint16((end + i * 2) | 0, HEX[bytes[(pos + i) | 0]!]!, true);
    this.end = (end + length * 2) | 0;
    this.finish(row);
  }

  /** Makes the rows before `row` null where they have no value yet, and room for `bytes` more bytes. */
  begin(row: number, bytes: number): void {
    if (row >= this.#capacity) this.#growRows(row + 1);
    if (this.rows < row) this.#pad(row);
    if (this.end > this.#size - bytes) this.#growData(bytes);
  }

  /** What was written since `begin` is the value of `row`. */
  finish(row: number): void {
    this.#offsets[(row + 1) | 0] = this.end;
    this.#valid[row >> 3]! |= 1 << (row & 7);
    this.rows = (row + 1) | 0;
  }

  /** Makes room for `bytes` more bytes of a value that has begun. */
  reserve(bytes: number): void {
    if (this.end > this.#size - bytes) this.#growData(bytes);
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
    padOffsets(this.#offsets, this.rows, row);
    this.rows = row;
  }

  #growRows(rows: number): void {
    this.#resizeRows(grown(Math.max(this.#capacity, this.#rowsExpected), rows));
  }

  #resizeRows(capacity: number): void {
    this.#capacity = capacity;
    this.#offsets = resized(this.#offsets, capacity + 1);
    this.#valid = resizedBitmap(this.#valid, capacity);
  }

  #growData(bytes: number): void {
    const needed = this.end + bytes + SLACK;
    if (needed > BYTES_MAX) throw new WireError('a column would take more than 2 GiB', -1, 'TOO_LARGE');
    const data = new Uint8Array(
      Math.min(BYTES_MAX, grown(Math.max(BYTES_MIN, this.#bytesExpected, this.data.length), needed)),
    );
    data.set(this.data.subarray(0, this.end));
    this.#setData(data);
  }

  #setData(data: Uint8Array<ArrayBuffer>): void {
    this.data = data;
    this.#view = new DataView(data.buffer);
    this.#size = data.length - SLACK;
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
    const times = (to - from - 1) | 0;
    if (times <= 0) return;
    const start = this.#offsets[from]!;
    const length = (this.end - start) | 0;
    this.begin((to - 1) | 0, 0);
    this.reserve(length * times);
    const total = Math.imul(length, times + 1); // there is room for it, so it is an integer of 31 bits
    this.#repeatBytes(start, length, total);
    const offsets = this.#offsets;
    for (let row = (from + 1) | 0; row < to; row = (row + 1) | 0) offsets[(row + 1) | 0] = (offsets[row]! + length) | 0;
    setBits(this.#valid, from + 1, to);
    this.end = (start + total) | 0;
    this.rows = to;
  }

  /** Fills `total` bytes from `start` on with the first `length` of them, over and over. */
  #repeatBytes(start: number, length: number, total: number): void {
    if (length < 4 || total > REPEATED_BLOCKWISE_BYTES_MAX) {
      for (let filled = length; filled < total; filled *= 2) {
        this.data.copyWithin(start + filled, start, start + Math.min(filled, total - filled));
      }
      return;
    }
    const view = this.#view;
    const end = (start + total) | 0;
    const distance = Math.imul(length, ((BLOCK + length - 1) / length) | 0); // whole values, a block at least
    let i = (start + length) | 0;
    for (; i < ((start + distance) | 0) && i < end; i = (i + 4) | 0) {
      view.setInt32(i, view.getInt32((i - length) | 0, true), true);
    }
    for (; i < end; i = (i + BLOCK) | 0) copyBlock(view, (i - distance) | 0, view, i);
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
    const validity = takeValidity(this.#valid, rows);
    const data = handedOver(this.data, this.end);
    const valueOffsets = handedOver(this.#offsets, rows + 1);
    this.#bytesExpected = nextCapacity(this.data.length, this.end);
    this.#rowsExpected = nextCapacity(this.#capacity, rows);
    this.#setData(new Uint8Array(0));
    this.#resizeRows(0);
    this.#offsets[0] = 0;
    this.rows = 0;
    this.end = 0;
    return makeData({ type: this.type, length: rows, ...validity, valueOffsets, data });
  }
}

/** Copies a block and answers its bytes, or-ed together by four. */
function copyBlock(source: DataView, from: number, target: DataView, to: number): number {
  const a = source.getInt32(from, true);
  const b = source.getInt32((from + 4) | 0, true);
  const c = source.getInt32((from + 8) | 0, true);
  const d = source.getInt32((from + 12) | 0, true);
  target.setInt32(to, a, true);
  target.setInt32((to + 4) | 0, b, true);
  target.setInt32((to + 8) | 0, c, true);
  target.setInt32((to + 12) | 0, d, true);
  return a | b | c | d;
}

/** Whether `length` bytes are ASCII; up to three more have to be there. */
function isAscii(view: DataView, pos: number, length: number): boolean {
  let seen = 0;
  let i = 0;
  for (; i <= length - 4; i = (i + 4) | 0) seen |= view.getInt32((pos + i) | 0, true);
  const rest = (length - i) * 8;
  if (rest > 0) seen |= view.getInt32((pos + i) | 0, true) & ((1 << rest) - 1);
  return (seen & 0x8080_8080) === 0;
}
