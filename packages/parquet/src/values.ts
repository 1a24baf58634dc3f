// A page's values in each of the encodings that this package writes. Every function writes to a scratch buffer that it
// makes sure is large enough, and gives the position behind what it wrote.

import type { LeafType } from './column-tree.ts';
import { deltaBytesMax, encodeDeltas, intDeltas, longDeltas } from './delta.ts';
import { Encoding, PhysicalType } from './format.ts';
import type { PackedColumn } from './pack.ts';

/** Bytes that grow; what is in them is overwritten by the next page. */
export class Scratch {
  bytes = new Uint8Array(1 << 20);

  /** Makes room for `more` bytes behind `pos`, whose first `pos` are kept. */
  reserve(pos: number, more: number): Uint8Array {
    if (pos + more > this.bytes.length) {
      const bytes = new Uint8Array(Math.max(pos + more, this.bytes.length * 2));
      bytes.set(this.bytes.subarray(0, pos));
      this.bytes = bytes;
    }
    return this.bytes;
  }
}

export interface PutValues {
  readonly pos: number;
  readonly encoding: number;
}

/** Values at `positions` without a dictionary, in the encoding that suits their type. */
export function putValues(
  leaf: LeafType,
  column: PackedColumn,
  positions: Int32Array,
  scratch: Scratch,
  pos: number,
): PutValues {
  switch (leaf.physical) {
    case PhysicalType.BYTE_ARRAY:
      return { pos: putLengthsAndBytes(column, positions, scratch, pos), encoding: Encoding.DELTA_LENGTH_BYTE_ARRAY };
    case PhysicalType.INT64:
      return putLongs(column.values as Int32Array, positions, scratch, pos);
    case PhysicalType.INT32: {
      const values = new Int32Array(positions.length);
      for (let i = 0; i < values.length; i++) values[i] = column.values![positions[i]!]!;
      const out = scratch.reserve(pos, deltaBytesMax(values.length));
      return {
        pos: encodeDeltas(BigInt(values[0] ?? 0), intDeltas(values, values.length), values.length, out, pos),
        encoding: Encoding.DELTA_BINARY_PACKED,
      };
    }
    default:
      return { pos: putPlain(leaf, column, positions, scratch, pos), encoding: Encoding.PLAIN };
  }
}

function putLongs(pairs: Int32Array, positions: Int32Array, scratch: Scratch, pos: number): PutValues {
  const n = positions.length;
  const values = new Int32Array(n * 2);
  for (let i = 0; i < n; i++) {
    values[2 * i] = pairs[positions[i]! * 2]!;
    values[2 * i + 1] = pairs[positions[i]! * 2 + 1]!;
  }
  const deltas = longDeltas(values, n);
  if (deltas) {
    const first = n > 0 ? (BigInt(values[1]!) << 32n) | BigInt(values[0]! >>> 0) : 0n;
    return {
      pos: encodeDeltas(first, deltas, n, scratch.reserve(pos, deltaBytesMax(n)), pos),
      encoding: Encoding.DELTA_BINARY_PACKED,
    };
  }
  scratch.reserve(pos, n * 8).set(new Uint8Array(values.buffer), pos);
  return { pos: pos + n * 8, encoding: Encoding.PLAIN };
}

function putLengthsAndBytes(column: PackedColumn, positions: Int32Array, scratch: Scratch, pos: number): number {
  const n = positions.length;
  const offsets = column.offsets!;
  const lengths = new Int32Array(n);
  let total = 0;
  for (let i = 0; i < n; i++) total += lengths[i] = offsets[positions[i]! + 1]! - offsets[positions[i]!]!;
  const out = scratch.reserve(pos, deltaBytesMax(n) + total);
  pos = encodeDeltas(BigInt(lengths[0] ?? 0), intDeltas(lengths, n), n, out, pos);
  return copyValues(column, positions, out, pos, false);
}

/** PLAIN, as dictionary pages want it too. */
export function putPlain(
  leaf: LeafType,
  column: PackedColumn,
  positions: Int32Array,
  scratch: Scratch,
  pos: number,
): number {
  const n = positions.length;
  if (leaf.physical === PhysicalType.BYTE_ARRAY) {
    const offsets = column.offsets!;
    let total = n * 4;
    for (let i = 0; i < n; i++) total += offsets[positions[i]! + 1]! - offsets[positions[i]!]!;
    return copyValues(column, positions, scratch.reserve(pos, total), pos, true);
  }
  if (leaf.physical === PhysicalType.BOOLEAN) {
    const size = (n + 7) >> 3;
    const out = scratch.reserve(pos, size);
    out.fill(0, pos, pos + size);
    for (let i = 0; i < n; i++) out[pos + (i >> 3)]! |= column.values![positions[i]!]! << (i & 7);
    return pos + size;
  }
  const width =
    leaf.typeLength ?? (leaf.physical === PhysicalType.INT64 || leaf.physical === PhysicalType.DOUBLE ? 8 : 4);
  const out = scratch.reserve(pos, n * width);
  const from = new Uint8Array(column.values!.buffer, column.values!.byteOffset, column.values!.byteLength);
  for (let i = 0; i < n; i++) {
    let at = positions[i]! * width;
    for (const end = at + width; at < end; at++) out[pos++] = from[at]!;
  }
  return pos;
}

/** Values one after another, in words of four bytes: most are too short for `set` to pay. */
function copyValues(
  column: PackedColumn,
  positions: Int32Array,
  out: Uint8Array,
  pos: number,
  withLengths: boolean,
): number {
  const offsets = column.offsets!;
  const bytes = column.values as Uint8Array;
  const from = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const to = new DataView(out.buffer, out.byteOffset, out.byteLength);
  for (let i = 0; i < positions.length; i++) {
    let at = offsets[positions[i]!]!;
    const end = offsets[positions[i]! + 1]!;
    if (withLengths) {
      to.setInt32(pos, end - at, true);
      pos += 4;
    }
    if (end - at > 256) {
      out.set(bytes.subarray(at, end), pos);
      pos += end - at;
      continue;
    }
    for (; at + 4 <= end; at += 4, pos += 4) to.setInt32(pos, from.getInt32(at, true), true);
    for (; at < end; at++, pos++) out[pos] = bytes[at]!;
  }
  return pos;
}
