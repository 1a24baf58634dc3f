import { type Data, type DataType, makeData } from 'apache-arrow';
import { bitAt, clearBits, resizedBitmap, setBits, takeValidity } from './bitmap.ts';
import { type Column, grown, handedOver, nextCapacity, resized } from './column.ts';

/** A column of 64-bit values (Int64, Float64, Timestamp), taken as two 32-bit halves so that no bigint is made. */
export class WordsColumn implements Column {
  readonly type: DataType;
  rows = 0;
  #capacity = 0;
  /** The capacity that the batch before needed. */
  #expected = 0;
  #words = new Int32Array(0);
  #valid: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(type: DataType) {
    this.type = type;
  }

  get byteLength(): number {
    return this.rows * 8 + (this.rows >> 3);
  }

  append(row: number, lo: number, hi: number): void {
    if (row >= this.#capacity) this.#grow(row + 1);
    const words = this.#words;
    words[row * 2] = lo;
    words[row * 2 + 1] = hi;
    this.#valid[row >> 3]! |= 1 << (row & 7);
    this.rows = row + 1;
  }

  #grow(rows: number): void {
    this.#resize(grown(Math.max(this.#capacity, this.#expected), rows));
  }

  #resize(capacity: number): void {
    this.#capacity = capacity;
    this.#words = resized(this.#words, capacity * 2);
    this.#valid = resizedBitmap(this.#valid, capacity);
  }

  truncate(rows: number): void {
    if (rows >= this.rows) return;
    clearBits(this.#valid, rows, this.rows);
    this.#words.fill(0, rows * 2, this.rows * 2);
    this.rows = rows;
  }

  rowBytes(row: number): number {
    return row < this.rows ? 8 : 0;
  }

  repeat(from: number, to: number): void {
    if (to > this.#capacity) this.#grow(to);
    const words = this.#words;
    const lo = words[from * 2]!;
    const hi = words[from * 2 + 1]!;
    for (let row = from + 1; row < to; row++) {
      words[row * 2] = lo;
      words[row * 2 + 1] = hi;
    }
    setBits(this.#valid, from + 1, to);
    this.rows = Math.max(this.rows, to);
  }

  copy(from: number, count: number, at: number): void {
    for (let i = 0; i < count; i++) {
      if (!bitAt(this.#valid, from + i)) continue;
      this.append(at + i, this.#words[(from + i) * 2]!, this.#words[(from + i) * 2 + 1]!);
    }
  }

  take(rows: number): Data {
    if (rows > this.#capacity) this.#grow(rows);
    const validity = takeValidity(this.#valid, rows);
    const words = handedOver(this.#words, rows * 2);
    this.#expected = nextCapacity(this.#capacity, rows);
    this.#resize(0);
    this.rows = 0;
    const Values = this.type.ArrayType === Float64Array ? Float64Array : BigInt64Array;
    const data = new Values(words.buffer, words.byteOffset, rows);
    return makeData({ type: this.type, length: rows, ...validity, data } as Parameters<typeof makeData>[0]) as Data;
  }
}
