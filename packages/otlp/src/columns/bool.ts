import { Bool, type Data, makeData } from 'apache-arrow';
import { bitAt, clearBits, resizedBitmap, setBits, takeValidity } from './bitmap.ts';
import { type Column, grown, ROWS_MIN } from './column.ts';

/** A Bool column: one bit a value. */
export class BoolColumn implements Column {
  readonly type = new Bool();
  rows = 0;
  #capacity = 0;
  #values = new Uint8Array(0);
  #valid = new Uint8Array(0);

  get byteLength(): number {
    return this.rows >> 2;
  }

  append(row: number, value: boolean): void {
    if (row >= this.#capacity) this.#resize(grown(this.#capacity, row + 1));
    if (value) this.#values[row >> 3]! |= 1 << (row & 7);
    this.#valid[row >> 3]! |= 1 << (row & 7);
    this.rows = row + 1;
  }

  #resize(capacity: number): void {
    this.#capacity = capacity;
    this.#values = resizedBitmap(this.#values, capacity);
    this.#valid = resizedBitmap(this.#valid, capacity);
  }

  truncate(rows: number): void {
    if (rows >= this.rows) return;
    clearBits(this.#valid, rows, this.rows);
    clearBits(this.#values, rows, this.rows);
    this.rows = rows;
  }

  rowBytes(row: number): number {
    return row < this.rows ? 1 : 0;
  }

  repeat(from: number, to: number): void {
    if (to > this.#capacity) this.#resize(grown(this.#capacity, to));
    if (bitAt(this.#values, from)) setBits(this.#values, from + 1, to);
    setBits(this.#valid, from + 1, to);
    this.rows = Math.max(this.rows, to);
  }

  copy(from: number, count: number, at: number): void {
    for (let i = 0; i < count; i++) {
      if (bitAt(this.#valid, from + i)) this.append(at + i, bitAt(this.#values, from + i));
    }
  }

  take(rows: number): Data<Bool> {
    if (rows > this.#capacity) this.#resize(grown(this.#capacity, rows));
    const validity = takeValidity(this.#valid, rows);
    const used = (rows + 7) >> 3;
    const data = this.#values.slice(0, used);
    this.#values.fill(0, 0, used);
    if (this.#capacity > ROWS_MIN && rows * 8 < this.#capacity) this.#resize(this.#capacity / 2);
    this.rows = 0;
    return makeData({ type: this.type, length: rows, ...validity, data });
  }
}
