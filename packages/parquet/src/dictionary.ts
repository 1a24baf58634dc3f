// Which values of a column are the same: the basis of dictionary pages and of sorting. Values are hashed where they lie.
import { getBit } from './bits.ts';
import { PhysicalType } from './format.ts';
import { giveInts, takeInts } from './int-pool.ts';
import type { PackedColumn } from './pack.ts';

export interface Dictionary {
  /** A row's entry; -1 where it is null. */
  readonly ids: Int32Array;
  readonly count: number;
  /** An entry's first row. */
  readonly rows: Int32Array;
}

/** Nobody looks at the dictionary any more. */
export function releaseDictionary({ ids, rows }: Dictionary): void {
  giveInts(ids);
  giveInts(rows);
}

/** Where a dictionary stops to be worth it: after this many values it must have made out repetitions. */
const probationValues = 4096;
const distinctShareMax = 0.7;

/** The distinct values of a column, or undefined where too few are alike (unless `always`). */
export function buildDictionary(column: PackedColumn, physical: number, always = false): Dictionary | undefined {
  switch (physical) {
    case PhysicalType.BYTE_ARRAY:
      return bytesDictionary(column, always);
    case PhysicalType.INT32:
    case PhysicalType.FLOAT:
      return wordsDictionary(column, words(column), 1, always);
    case PhysicalType.INT64:
    case PhysicalType.DOUBLE:
      return wordsDictionary(column, words(column), 2, always);
    default:
      return undefined;
  }
}

const words = ({ values }: PackedColumn): Int32Array =>
  new Int32Array(values!.buffer, values!.byteOffset, values!.byteLength >> 2);

/** Open addressing; grows with the entries. */
class Slots {
  mask = 1023;
  table = takeInts(1024).fill(-1);
  hashes = takeInts(512);
  rows = takeInts(512);
  count = 0;

  add(hash: number, row: number, slot: number): number {
    if (this.count === this.rows.length) {
      this.hashes = grown(this.hashes);
      this.rows = grown(this.rows);
    }
    this.hashes[this.count] = hash;
    this.rows[this.count] = row;
    this.table[slot] = this.count;
    if (++this.count * 2 > this.mask) this.#rehash();
    return this.count - 1;
  }

  #rehash(): void {
    giveInts(this.table);
    this.mask = this.mask * 4 + 3;
    this.table = takeInts(this.mask + 1).fill(-1);
    for (let id = 0; id < this.count; id++) {
      let slot = this.hashes[id]! & this.mask;
      while (this.table[slot]! >= 0) slot = (slot + 1) & this.mask;
      this.table[slot] = id;
    }
  }

  /** The dictionary, which takes `rows` along; the rest goes back to the pool. */
  dictionary(ids: Int32Array): Dictionary {
    giveInts(this.table);
    giveInts(this.hashes);
    return { ids, count: this.count, rows: this.rows };
  }

  /** There is to be no dictionary. */
  abandon(ids: Int32Array): undefined {
    for (const ints of [this.table, this.hashes, this.rows, ids]) giveInts(ints);
  }
}

function grown(ints: Int32Array): Int32Array<ArrayBuffer> {
  const larger = takeInts(ints.length * 2) as Int32Array<ArrayBuffer>;
  larger.set(ints);
  giveInts(ints);
  return larger;
}

function bytesDictionary(column: PackedColumn, always: boolean): Dictionary | undefined {
  const { length, validity } = column;
  const offsets = column.offsets!;
  const bytes = column.values as Uint8Array;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ids = takeInts(length);
  const slots = new Slots();
  let seen = 0;
  let previous = -1; // the last row that had a value
  let streak = 0; // how many rows in a row were like the one before
  let block = blockRowsMin;
  for (let row = 0; row < length; row++) {
    if (validity !== undefined && ((validity[row >> 3]! >> (row & 7)) & 1) === 0) {
      ids[row] = -1;
      continue;
    }
    const start = offsets[row]!;
    const size = offsets[row + 1]! - start;
    if (
      previous >= 0 &&
      offsets[previous + 1]! - offsets[previous]! === size &&
      sameBytes(view, start, offsets[previous]!, size)
    ) {
      ids[row] = ids[previous]!;
      previous = row;
      if (++streak < blockRowsMin || size === 0) continue;
      const alike = rowsAlike(buffer, column, row, Math.min(block, length - row - 1));
      ids.fill(ids[row]!, row + 1, row + 1 + alike);
      row += alike;
      previous = row;
      streak = alike > 0 ? streak : 0;
      block = alike > 0 ? Math.min(block * 2, blockRowsMax) : blockRowsMin;
      continue;
    }
    streak = 0;
    const hash = hashBytes(view, start, size);
    let slot = hash & slots.mask;
    let id = slots.table[slot]!;
    while (id >= 0) {
      if (slots.hashes[id] === hash) {
        const first = slots.rows[id]!;
        if (offsets[first + 1]! - offsets[first]! === size && sameBytes(view, start, offsets[first]!, size)) break;
      }
      slot = (slot + 1) & slots.mask;
      id = slots.table[slot]!;
    }
    ids[row] = id >= 0 ? id : slots.add(hash, row, slot);
    previous = row;
    if (++seen === probationValues && !always && slots.count > seen * distinctShareMax) return slots.abandon(ids);
  }
  return slots.dictionary(ids);
}

/** After so many rows alike, blocks of rows are compared at once: a sender's rows have its resource's attributes in common. */
const blockRowsMin = 8;
const blockRowsMax = 1024;

/** Of the `count` rows behind `row`, how many are like it: all or none. */
function rowsAlike(bytes: Buffer, { offsets, validity }: PackedColumn, row: number, count: number): number {
  const start = offsets![row]!;
  const size = offsets![row + 1]! - start;
  for (let k = row + 1; k <= row + count; k++) {
    if (offsets![k + 1]! - offsets![k]! !== size || (validity && !getBit(validity, k))) return 0;
  }
  const end = start + count * size;
  return bytes.compare(bytes, start, end, start + size, end + size) === 0 ? count : 0;
}

function hashBytes(view: DataView, at: number, size: number): number {
  let hash = size;
  const end = at + size;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 13), 0x85ebca6b);
  return hash ^ (hash >>> 16);
}

function sameBytes(view: DataView, a: number, b: number, size: number): boolean {
  const end = a + size;
  for (; a + 4 <= end; a += 4, b += 4) if (view.getInt32(a, true) !== view.getInt32(b, true)) return false;
  for (; a < end; a++, b++) if (view.getUint8(a) !== view.getUint8(b)) return false;
  return true;
}

/** Numbers of one or two 32-bit words, told apart by their bits (so 0 and -0, and kinds of NaN, stay what they are). */
function wordsDictionary(
  column: PackedColumn,
  values: Int32Array,
  width: 1 | 2,
  always: boolean,
): Dictionary | undefined {
  const { length, validity } = column;
  const ids = takeInts(length);
  const slots = new Slots();
  let seen = 0;
  for (let row = 0; row < length; row++) {
    if (validity !== undefined && !getBit(validity, row)) {
      ids[row] = -1;
      continue;
    }
    const low = values[row * width]!;
    const high = width === 2 ? values[row * 2 + 1]! : 0;
    let hash = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b);
    hash ^= hash >>> 15;
    let slot = hash & slots.mask;
    let id = slots.table[slot]!;
    while (id >= 0) {
      const first = slots.rows[id]! * width;
      if (values[first] === low && (width === 1 || values[first + 1] === high)) break;
      slot = (slot + 1) & slots.mask;
      id = slots.table[slot]!;
    }
    ids[row] = id >= 0 ? id : slots.add(hash, row, slot);
    if (++seen === probationValues && !always && slots.count > seen * distinctShareMax) return slots.abandon(ids);
  }
  return slots.dictionary(ids);
}
