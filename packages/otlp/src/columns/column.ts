import type { Data, DataType } from 'apache-arrow';

/**
 * A growing Arrow column. Rows are written in order, each at most once; rows passed over are null. `rows` is one more than
 * the last row written, so `rows === row + 1` says that `row` has its value already.
 */
export interface Column {
  readonly type: DataType;
  readonly rows: number;
  /** Bytes that the values take now. */
  readonly byteLength: number;
  /** Forgets the rows from `rows` on. */
  truncate(rows: number): void;
  /** Gives rows (from, to) the value of row `from`, the last one written. */
  repeat(from: number, to: number): void;
  /** Adds a copy of rows [from, from + count) at row `at`. */
  copy(from: number, count: number, at: number): void;
  /** Bytes that row `row` takes. */
  rowBytes(row: number): number;
  /** Gives `rows` rows away as Arrow data and starts anew. The buffers are the receiver's. */
  take(rows: number): Data;
}

/** A column without values yet has room for so many rows. */
export const ROWS_MIN = 64;

/** The next capacity that holds `needed`. */
export function grown(capacity: number, needed: number): number {
  let next = Math.max(capacity, ROWS_MIN);
  while (next < needed) next *= 2;
  return next;
}

/** The values with room for `capacity` of them; those that don't fit are lost. */
export function resized(values: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const next = new Int32Array(capacity);
  next.set(values.subarray(0, capacity));
  return next;
}

/** The first `used` places of a buffer that is done with: the buffer itself where it is well filled, else a copy. */
export function handedOver<T extends Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>(buffer: T, used: number): T {
  return (used * 2 >= buffer.length ? buffer.subarray(0, used) : buffer.slice(0, used)) as T;
}

/** The capacity to begin the next batch with: that of the last, or less where it was far too large. */
export function nextCapacity(capacity: number, used: number): number {
  return used * 8 < capacity ? capacity >> 1 : capacity;
}

/** Gives the rows (rows, row] of an offsets buffer the offset where row `rows` begins: they are empty. */
export function padOffsets(offsets: Int32Array, rows: number, row: number): void {
  const end = offsets[rows]!;
  if (row - rows > 64) offsets.fill(end, rows + 1, row + 1);
  else for (let i = rows + 1; i <= row; i++) offsets[i] = end;
}
