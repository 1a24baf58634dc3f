import { type Data, Int32, makeData } from 'apache-arrow';
import { bitAt, clearBits, resizedBitmap, setBits, takeValidity } from './bitmap.ts';
import { type Column, grown, handedOver, nextCapacity, resized } from './column.ts';

/** An Int32 column. */
export class Int32Column implements Column {
  readonly type = new Int32();
  rows = 0;
  #capacity = 0;
  /** The capacity that the batch before needed. */
  #expected = 0;
  #values = new Int32Array(0);
  #valid: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  get byteLength(): number {
    return this.rows * 4 + (this.rows >> 3);
  }

  append(row: number, value: number): void {
    if (row >= this.#capacity) this.#grow(row + 1);
    this.#values[row] = value;
    this.#valid[row >> 3]! |= 1 << (row & 7);
    this.rows = row + 1;
  }

  #grow(rows: number): void {
    this.#resize(grown(Math.max(this.#capacity, this.#expected), rows));
  }

  #resize(capacity: number): void {
    this.#capacity = capacity;
    this.#values = resized(this.#values, capacity);
    this.#valid = resizedBitmap(this.#valid, capacity);
  }

  truncate(rows: number): void {
    if (rows >= this.rows) return;
    clearBits(this.#valid, rows, this.rows);
    this.#values.fill(0, rows, this.rows);
    this.rows = rows;
  }

  rowBytes(row: number): number {
    return row < this.rows ? 4 : 0;
  }

  repeat(from: number, to: number): void {
    if (to > this.#capacity) this.#grow(to);
    this.#values.fill(this.#values[from]!, from, to);
    setBits(this.#valid, from + 1, to);
    this.rows = Math.max(this.rows, to);
  }

  copy(from: number, count: number, at: number): void {
    for (let i = 0; i < count; i++) if (bitAt(this.#valid, from + i)) this.append(at + i, this.#values[from + i]!);
  }

  take(rows: number): Data<Int32> {
    if (rows > this.#capacity) this.#grow(rows);
    const validity = takeValidity(this.#valid, rows);
    const data = handedOver(this.#values, rows);
    this.#expected = nextCapacity(this.#capacity, rows);
    this.#resize(0);
    this.rows = 0;
    return makeData({ type: this.type, length: rows, ...validity, data });
  }
}
