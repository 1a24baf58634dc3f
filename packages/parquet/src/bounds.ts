// The least and the greatest value of a chunk, as Parquet's statistics hold them.
import type { LeafType } from './column-tree.ts';
import { PhysicalType, type Statistics } from './format.ts';
import type { PackedColumn } from './pack.ts';

/** Longer text is cut in statistics: they are to prune by, not to read. */
const boundBytesMax = 64;

/** Statistics over the rows listed (of a dictionary, its entries are enough). None of them is null. */
export function statisticsOf(leaf: LeafType, column: PackedColumn, rows: Int32Array, nullCount: number): Statistics {
  const bounds = rows.length === 0 ? undefined : boundsOf(leaf, column, rows);
  if (!bounds) return { null_count: nullCount };
  const [min, max] = bounds;
  const upper = max.length > boundBytesMax ? truncatedUpper(max, boundBytesMax, leaf.converted !== undefined) : max;
  return {
    null_count: nullCount,
    ...(upper && { max_value: upper, is_max_value_exact: upper === max }),
    min_value: min.length > boundBytesMax ? truncatedLower(min, boundBytesMax, leaf.converted !== undefined) : min,
    is_min_value_exact: min.length <= boundBytesMax,
  };
}

function boundsOf(leaf: LeafType, column: PackedColumn, rows: Int32Array): [Uint8Array, Uint8Array] | undefined {
  switch (leaf.physical) {
    case PhysicalType.BYTE_ARRAY:
      return byteBounds(column, rows);
    case PhysicalType.INT64:
      return longBounds(column.values as Int32Array, rows);
    case PhysicalType.FIXED_LEN_BYTE_ARRAY:
      return fixedBounds(column.values as Uint8Array, leaf, rows);
    default:
      return numberBounds(leaf, column, rows);
  }
}

function numberBounds(
  leaf: LeafType,
  { values }: PackedColumn,
  rows: Int32Array,
): [Uint8Array, Uint8Array] | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let found = false;
  for (let i = 0; i < rows.length; i++) {
    const value = values![rows[i]!]!;
    if (Number.isNaN(value)) continue; // NaN has no place in an order
    found = true;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (!found) return undefined;
  const bytes = (n: number) => {
    const view = new DataView(
      new ArrayBuffer(leaf.physical === PhysicalType.BOOLEAN ? 1 : leaf.physical === PhysicalType.DOUBLE ? 8 : 4),
    );
    if (leaf.physical === PhysicalType.BOOLEAN) view.setUint8(0, n);
    else if (leaf.physical === PhysicalType.INT32) view.setInt32(0, n, true);
    else if (leaf.physical === PhysicalType.FLOAT) view.setFloat32(0, n, true);
    else view.setFloat64(0, n, true);
    return new Uint8Array(view.buffer);
  };
  const isFloat = leaf.physical === PhysicalType.FLOAT || leaf.physical === PhysicalType.DOUBLE;
  // Of the two zeros the bounds must take in both.
  return [bytes(isFloat && min === 0 ? -0 : min), bytes(isFloat && max === 0 ? 0 : max)];
}

function longBounds(pairs: Int32Array, rows: Int32Array): [Uint8Array, Uint8Array] {
  let min = rows[0]!;
  let max = min;
  const less = (a: number, b: number) => {
    const high = pairs[a * 2 + 1]! - pairs[b * 2 + 1]!;
    return high !== 0 ? high < 0 : pairs[a * 2]! >>> 0 < pairs[b * 2]! >>> 0;
  };
  for (let i = 1; i < rows.length; i++) {
    const row = rows[i]!;
    if (less(row, min)) min = row;
    else if (less(max, row)) max = row;
  }
  const bytes = (row: number) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setInt32(0, pairs[row * 2]!, true);
    view.setInt32(4, pairs[row * 2 + 1]!, true);
    return new Uint8Array(view.buffer);
  };
  return [bytes(min), bytes(max)];
}

function byteBounds(column: PackedColumn, rows: Int32Array): [Uint8Array, Uint8Array] {
  const bytes = column.values as Uint8Array;
  const offsets = column.offsets!;
  let min = rows[0]!;
  let max = min;
  const less = (a: number, b: number) => {
    let i = offsets[a]!;
    let k = offsets[b]!;
    const sizeA = offsets[a + 1]! - i;
    const sizeB = offsets[b + 1]! - k;
    const end = i + Math.min(sizeA, sizeB);
    for (; i < end; i++, k++) {
      const difference = bytes[i]! - bytes[k]!;
      if (difference !== 0) return difference < 0;
    }
    return sizeA < sizeB;
  };
  for (let i = 1; i < rows.length; i++) {
    const row = rows[i]!;
    if (less(row, min)) min = row;
    else if (less(max, row)) max = row;
  }
  return [bytes.slice(offsets[min]!, offsets[min + 1]!), bytes.slice(offsets[max]!, offsets[max + 1]!)];
}

/** Decimals compare as signed numbers, other fixed values as unsigned bytes. */
function fixedBounds(bytes: Uint8Array, leaf: LeafType, rows: Int32Array): [Uint8Array, Uint8Array] {
  const size = leaf.typeLength!;
  const flip = leaf.logical?.DECIMAL ? 0x80 : 0;
  const compare = (a: number, b: number) => {
    for (let i = 0; i < size; i++) {
      const difference = (bytes[a * size + i]! ^ (i === 0 ? flip : 0)) - (bytes[b * size + i]! ^ (i === 0 ? flip : 0));
      if (difference !== 0) return difference;
    }
    return 0;
  };
  let min = rows[0]!;
  let max = min;
  for (const row of rows) {
    if (compare(row, min) < 0) min = row;
    if (compare(row, max) > 0) max = row;
  }
  return [bytes.slice(min * size, min * size + size), bytes.slice(max * size, max * size + size)];
}

/** At most `size` bytes that sort no later than `value`; text is cut between characters. */
export function truncatedLower(value: Uint8Array, size: number, isText: boolean): Uint8Array {
  return value.slice(0, isText ? characterStart(value, size) : size);
}

/** At most `size` bytes that sort after every value that begins with those of `value`; undefined where there is nothing greater. */
export function truncatedUpper(value: Uint8Array, size: number, isText: boolean): Uint8Array | undefined {
  if (!isText) {
    for (let i = size - 1; i >= 0; i--)
      if (value[i]! < 0xff) return Uint8Array.from([...value.subarray(0, i), value[i]! + 1]);
    return undefined;
  }
  const characters = [...new TextDecoder().decode(value.subarray(0, characterStart(value, size)))];
  while (characters.length > 0) {
    const last = characters.pop()!.codePointAt(0)!;
    // The next character; surrogates are none.
    const next = last + 1 === 0xd800 ? 0xe000 : last + 1;
    if (next <= 0x10ffff) return new TextEncoder().encode(characters.join('') + String.fromCodePoint(next));
  }
  return undefined;
}

/** The largest position up to `at` where a character of UTF-8 begins. */
function characterStart(value: Uint8Array, at: number): number {
  if (at >= value.length) return value.length;
  let i = at;
  while (i > 0 && (value[i]! & 0xc0) === 0x80) i--;
  return i;
}
