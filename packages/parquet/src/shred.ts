// Nested columns become levels and values, level by level (Dremel; https://parquet.apache.org/docs/file-format/nestedencoding/).
import { getBit } from './bits.ts';
import type { ColumnNode } from './column-tree.ts';
import type { PackedColumn } from './pack.ts';

/** A leaf's values of some rows, as a column chunk holds them. */
export interface LeafValues {
  readonly column: PackedColumn;
  /** Levels: how many values and nulls. */
  readonly count: number;
  /** Absent where every level is `maxDefinition`. */
  readonly definition?: Uint8Array;
  /** Absent where the leaf is in no list. */
  readonly repetition?: Uint8Array;
  /** Where in `column` the values that are not null lie, in order. */
  readonly positions: Int32Array;
}

/** What holds at one depth: for each level, the element's position in its column, -1 where a null or empty list ended it. */
interface Slots {
  readonly positions: Int32Array;
  readonly definition: Uint8Array;
  readonly repetition: Uint8Array;
  /** The same one level further, for those below that are never null: siblings share it. */
  present?: Slots;
  /** `positions` without those that are -1. */
  values?: Int32Array;
}

/** Shreds columns for the same rows, in the order of `leafColumns`. */
export type Shredder = (node: ColumnNode, column: PackedColumn) => LeafValues[];

/** Attributes of one kind of span are there or not there together: what follows from that is worked out once. */
interface Pattern {
  readonly validity: Uint8Array;
  readonly definition: Uint8Array;
  readonly positions: Int32Array;
}
const patternsMax = 32;

export function createShredder(rows: Int32Array): Shredder {
  const patterns: Pattern[] = [];

  function flatLeaf(column: PackedColumn): LeafValues {
    const { validity } = column;
    if (!validity) return { column, count: rows.length, positions: rows };
    let pattern = patterns.find((known) => Buffer.compare(known.validity, validity) === 0);
    if (!pattern) {
      pattern = patternOf(validity, rows);
      if (patterns.length < patternsMax) patterns.push(pattern);
    }
    const { definition, positions } = pattern;
    return { column, count: rows.length, ...(positions.length < rows.length && { definition }), positions };
  }

  return (node, column) => {
    if (node.kind === 'leaf') return [flatLeaf(column)];
    const leaves: LeafValues[] = [];
    const none = new Uint8Array(rows.length);
    visit(node, column, { positions: rows, definition: none, repetition: none }, 0, 0, leaves);
    return leaves;
  };
}

function patternOf(validity: Uint8Array, rows: Int32Array): Pattern {
  const definition = new Uint8Array(rows.length);
  const positions = new Int32Array(rows.length);
  let n = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const valid = (validity[row >> 3]! >> (row & 7)) & 1;
    definition[i] = valid;
    positions[n] = row; // overwritten where it was null
    n += valid;
  }
  return { validity, definition, positions: positions.subarray(0, n) };
}

function visit(
  node: ColumnNode,
  column: PackedColumn,
  slots: Slots,
  definition: number,
  repetition: number,
  leaves: LeafValues[],
): void {
  const present = node.required ? slots : keepValid(column, slots, definition + 1);
  const own = definition + (node.required ? 0 : 1);
  if (node.kind === 'leaf') leaves.push(nestedLeaf(column, present, repetition));
  else if (node.kind === 'struct') {
    node.children.forEach((child, i) => {
      visit(child, column.children[i]!, present, own, repetition, leaves);
    });
  } else {
    const elements = expand(column, present, own + 1, repetition + 1);
    node.children.forEach((child, i) => {
      visit(child, column.children[i]!, elements, own + 1, repetition + 1, leaves);
    });
  }
}

function keepValid(column: PackedColumn, slots: Slots, level: number): Slots {
  const { validity } = column;
  if (!validity) {
    slots.present ??= { positions: slots.positions, definition: raised(slots, level), repetition: slots.repetition };
    return slots.present;
  }
  const positions = slots.positions.slice();
  const definition = slots.definition.slice();
  for (let i = 0; i < positions.length; i++) {
    if (positions[i]! < 0) continue;
    if (!getBit(validity, positions[i]!)) positions[i] = -1;
    else definition[i] = level;
  }
  return { positions, definition, repetition: slots.repetition };
}

function raised({ positions, definition }: Slots, level: number): Uint8Array {
  const levels = definition.slice();
  for (let i = 0; i < levels.length; i++) if (positions[i]! >= 0) levels[i] = level;
  return levels;
}

/** Lists give way to their elements; one that is null or empty keeps its one level. */
function expand(column: PackedColumn, slots: Slots, level: number, repetitionLevel: number): Slots {
  const offsets = column.offsets!;
  let count = 0;
  for (const at of slots.positions) count += at < 0 ? 1 : Math.max(1, offsets[at + 1]! - offsets[at]!);
  const positions = new Int32Array(count);
  const definition = new Uint8Array(count);
  const repetition = new Uint8Array(count);
  let n = 0;
  for (let i = 0; i < slots.positions.length; i++) {
    const at = slots.positions[i]!;
    const start = at < 0 ? 0 : offsets[at]!;
    const end = at < 0 ? 0 : offsets[at + 1]!;
    repetition[n] = slots.repetition[i]!;
    if (start === end) {
      positions[n] = -1;
      definition[n++] = slots.definition[i]!;
      continue;
    }
    for (let p = start; p < end; p++, n++) {
      positions[n] = p;
      definition[n] = level;
      if (p > start) repetition[n] = repetitionLevel;
    }
  }
  return { positions, definition, repetition };
}

function nestedLeaf(column: PackedColumn, slots: Slots, repetition: number): LeafValues {
  slots.values ??= slots.positions.filter((p) => p >= 0);
  return {
    column,
    count: slots.positions.length,
    definition: slots.definition,
    ...(repetition > 0 && { repetition: slots.repetition }),
    positions: slots.values,
  };
}

/** A chunk of nothing but nulls has one level a row, whatever the leaf's depth. */
export const isAllNull = (column: PackedColumn): boolean => column.length > 0 && column.nullCount === column.length;

/** How many leaves a node has. */
export const leafCount = (node: ColumnNode): number =>
  node.kind === 'leaf' ? 1 : node.children.reduce((sum, child) => sum + leafCount(child), 0);
