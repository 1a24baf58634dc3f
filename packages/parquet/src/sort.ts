// The order of a file's rows, worked out on column buffers: rows are numbers, no value becomes a JavaScript string.
import { getBit } from './bits.ts';
import { buildDictionary, type Dictionary } from './dictionary.ts';
import { ParquetError } from './footer.ts';
import { PhysicalType } from './format.ts';
import type { PackedColumn, PackedRows } from './pack.ts';

/**
 * How rows are put in order. `trace`: by the second in which the row's trace began (as far as these rows tell), then
 * trace id, then start time. A list of columns: by their values, ascending, nulls first. Ties keep their order.
 */
export type RowOrder = 'trace' | readonly string[];

export function columnNamed(packed: PackedRows, name: string): { column: PackedColumn; physical: number } {
  const i = packed.columns.findIndex((node) => node.name === name);
  const node = packed.columns[i];
  if (!node?.leaf)
    throw new ParquetError(`rows can't be sorted by ${name}: ${node ? 'it is nested' : 'there is no such column'}`);
  return { column: packed.data[i]!, physical: node.leaf.physical };
}

/** Row numbers in the order asked for; `traces` tells each row's trace where rows are ordered by trace. */
export function orderRows(packed: PackedRows, order: RowOrder): { rows: Int32Array; traces?: Dictionary } {
  if (order === 'trace') return orderByTrace(packed);
  const identity = Int32Array.from({ length: packed.rows }, (_, i) => i);
  if (order.length === 0) return { rows: identity };
  const keys = order.map((name) => sortKeys(packed, name));
  const compare = (a: number, b: number) => {
    for (const key of keys) {
      const difference = key[a]! - key[b]!;
      if (difference !== 0) return difference < 0 ? -1 : difference > 0 ? 1 : 0;
    }
    return 0;
  };
  const first = keys[0]!;
  if (keys.length === 1 || !isRank(first)) return { rows: sorted(identity, compare) };
  return { rows: sortBuckets(identity, first, compare) };
}

const isRank = (key: Float64Array | Int32Array): key is Int32Array => key instanceof Int32Array;

/** Rows by a key of few values (−1 … n): counted into buckets, which are then sorted each. */
function sortBuckets(rows: Int32Array, rank: Int32Array, compare: (a: number, b: number) => number): Int32Array {
  const { placed, starts } = countingSort(rows, rank);
  for (let b = 0; b + 1 < starts.length; b++) sorted(placed.subarray(starts[b]!, starts[b + 1]!), compare);
  return placed;
}

function countingSort(rows: Int32Array, rank: Int32Array): { placed: Int32Array; starts: Int32Array } {
  let max = -1;
  for (const r of rank) if (r > max) max = r;
  const starts = new Int32Array(max + 3);
  for (const row of rows) starts[rank[row]! + 2]!++;
  for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
  const next = starts.slice();
  const placed = new Int32Array(rows.length);
  for (const row of rows) placed[next[rank[row]! + 1]!++] = row;
  return { placed, starts };
}

/** Sorts in place; rows that are in order already, as those of one sender mostly are, cost one comparison each. */
function sorted(rows: Int32Array, compare: (a: number, b: number) => number): Int32Array {
  for (let i = 1; i < rows.length; i++) if (compare(rows[i - 1]!, rows[i]!) > 0) return rows.sort(compare);
  return rows;
}

/** Numbers that compare as the column's values do: ranks for text, the (nearly exact) values of numbers. Nulls come first. */
function sortKeys(packed: PackedRows, name: string): Float64Array | Int32Array {
  const { column, physical } = columnNamed(packed, name);
  if (physical === PhysicalType.BYTE_ARRAY) return textRanks(column);
  if (physical === PhysicalType.FIXED_LEN_BYTE_ARRAY)
    throw new ParquetError(`rows can't be sorted by ${name}: sorting by fixed binary values is not supported`);
  const keys = physical === PhysicalType.INT64 ? relativeLongs(column) : Float64Array.from(column.values!);
  const { validity } = column;
  if (validity) for (let i = 0; i < keys.length; i++) if (!getBit(validity, i)) keys[i] = Number.NEGATIVE_INFINITY;
  return keys;
}

/** int64 values less the first one's high word: exact within 2^53 (104 days of nanoseconds) of it. */
function relativeLongs(column: PackedColumn): Float64Array {
  const pairs = column.values as Int32Array;
  const base = pairs.length > 0 ? pairs[1]! : 0;
  const values = new Float64Array(column.length);
  for (let i = 0; i < values.length; i++) values[i] = (pairs[2 * i + 1]! - base) * 4294967296 + (pairs[2 * i]! >>> 0);
  return values;
}

function textRanks(column: PackedColumn): Int32Array {
  const { ids, count, rows } = buildDictionary(column, PhysicalType.BYTE_ARRAY, true)!;
  const entries = Int32Array.from({ length: count }, (_, i) => i).sort((a, b) =>
    compareText(column, rows[a]!, rows[b]!),
  );
  const ranks = new Int32Array(count);
  entries.forEach((entry, rank) => {
    ranks[entry] = rank;
  });
  return ids.map((id) => (id < 0 ? -1 : ranks[id]!));
}

function compareText(column: PackedColumn, a: number, b: number): number {
  const { offsets, values } = column;
  let i = offsets![a]!;
  let k = offsets![b]!;
  const endA = offsets![a + 1]!;
  const endB = offsets![b + 1]!;
  for (; i < endA && k < endB; i++, k++) {
    const difference = (values![i] as number) - (values![k] as number);
    if (difference !== 0) return difference;
  }
  return endA - i - (endB - k);
}

function orderByTrace(packed: PackedRows): { rows: Int32Array; traces: Dictionary } {
  const { column: ids } = columnNamed(packed, 'trace_id');
  const { column: starts } = columnNamed(packed, 'start_time');
  const traces = buildDictionary(ids, PhysicalType.BYTE_ARRAY, true)!;
  const times = relativeLongs(starts);
  const firsts = new Float64Array(traces.count).fill(Number.POSITIVE_INFINITY);
  for (let row = 0; row < packed.rows; row++) {
    const trace = traces.ids[row]!;
    if (trace >= 0 && times[row]! < firsts[trace]!) firsts[trace] = times[row]!;
  }
  const base = packed.rows > 0 ? (starts.values as Int32Array)[1]! * 4294967296 : 0;
  const seconds = firsts.map((time) => Math.floor((time + base) / 1e9));
  const order = Int32Array.from({ length: traces.count }, (_, i) => i);
  order.sort((a, b) => seconds[a]! - seconds[b]! || compareText(ids, traces.rows[a]!, traces.rows[b]!));
  const rank = new Int32Array(traces.count);
  order.forEach((trace, place) => {
    rank[trace] = place;
  });
  const ranks = traces.ids.map((id) => (id < 0 ? -1 : rank[id]!));
  const { placed, starts: bounds } = countingSort(
    Int32Array.from({ length: packed.rows }, (_, i) => i),
    ranks,
  );
  for (let b = 0; b + 1 < bounds.length; b++) sortByTime(placed, bounds[b]!, bounds[b + 1]!, times);
  return { rows: placed, traces };
}

/** A trace's rows by start time: few, so inserted one by one; many, sorted. */
function sortByTime(rows: Int32Array, from: number, to: number, times: Float64Array): void {
  if (to - from > 64) {
    rows.subarray(from, to).sort((a, b) => times[a]! - times[b]!);
    return;
  }
  for (let i = from + 1; i < to; i++) {
    const row = rows[i]!;
    const time = times[row]!;
    let k = i - 1;
    for (; k >= from && times[rows[k]!]! > time; k--) rows[k + 1] = rows[k]!;
    rows[k + 1] = row;
  }
}
