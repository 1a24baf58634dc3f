import { type Data, Field, List, makeData } from 'apache-arrow';
import { bitAt, clearBits, resizedBitmap, takeValidity } from './bitmap.ts';
import { type Column, grown, handedOver, nextCapacity, padOffsets, resized } from './column.ts';

/** A List column over any other: `add` gives the child's row for one more element of a row's list. */
export class ListColumn<C extends Column = Column> implements Column {
  readonly type: List;
  readonly child: C;
  rows = 0;
  /** Elements so far, in all rows. */
  count = 0;
  #capacity = 0;
  /** The capacity that the batch before needed. */
  #expected = 0;
  #offsets = new Int32Array(1);
  #valid: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(child: C, type = new List(new Field('element', child.type, false))) {
    this.child = child;
    this.type = type;
  }

  get byteLength(): number {
    return this.rows * 4 + (this.rows >> 3) + this.child.byteLength;
  }

  /** Makes the list of `row` one element longer (the first makes it a list at all) and answers the element's row in the child. */
  add(row: number): number {
    this.touch(row);
    const element = this.count++;
    this.#offsets[row + 1] = this.count;
    return element;
  }

  /** Makes `row` an empty list if it is none yet. */
  touch(row: number): void {
    if (this.rows > row) return;
    if (row >= this.#capacity) this.#grow(row + 1);
    if (this.rows < row) this.#pad(row);
    this.#offsets[row + 1] = this.count;
    this.#valid[row >> 3]! |= 1 << (row & 7);
    this.rows = row + 1;
  }

  #pad(row: number): void {
    padOffsets(this.#offsets, this.rows, row);
    this.rows = row;
  }

  #grow(rows: number): void {
    this.#resize(grown(Math.max(this.#capacity, this.#expected), rows));
  }

  #resize(capacity: number): void {
    this.#capacity = capacity;
    this.#offsets = resized(this.#offsets, capacity + 1);
    this.#valid = resizedBitmap(this.#valid, capacity);
  }

  truncate(rows: number): void {
    if (rows >= this.rows) return;
    clearBits(this.#valid, rows, this.rows);
    this.rows = rows;
    this.count = this.#offsets[rows]!;
    this.child.truncate(this.count);
  }

  rowBytes(row: number): number {
    if (row >= this.rows) return 0;
    let bytes = 4;
    for (let i = this.#offsets[row]!; i < this.#offsets[row + 1]!; i++) bytes += this.child.rowBytes(i);
    return bytes;
  }

  repeat(from: number, to: number): void {
    const start = this.#offsets[from]!;
    const length = this.count - start;
    for (let row = from + 1; row < to; row++) {
      this.touch(row);
      this.child.copy(start, length, this.count);
      this.count += length;
      this.#offsets[row + 1] = this.count;
    }
  }

  copy(from: number, count: number, at: number): void {
    for (let i = 0; i < count; i++) {
      if (!bitAt(this.#valid, from + i)) continue;
      const start = this.#offsets[from + i]!;
      const length = this.#offsets[from + i + 1]! - start;
      this.touch(at + i);
      this.child.copy(start, length, this.count);
      this.count += length;
      this.#offsets[at + i + 1] = this.count;
    }
  }

  take(rows: number): Data<List> {
    if (rows > this.#capacity) this.#grow(rows);
    if (this.rows < rows) this.#pad(rows);
    const validity = takeValidity(this.#valid, rows);
    const child = this.child.take(this.count);
    const valueOffsets = handedOver(this.#offsets, rows + 1);
    this.#expected = nextCapacity(this.#capacity, rows);
    this.#resize(0);
    this.#offsets[0] = 0;
    this.rows = 0;
    this.count = 0;
    return makeData({ type: this.type, length: rows, ...validity, valueOffsets, child });
  }
}
