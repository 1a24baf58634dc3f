import type { FlatTable } from './flatbuffer.ts';

export type KeyValues = Map<string, string>;

/** Reads custom metadata; undefined where there is none. */
export function readKeyValues(table: FlatTable, slot: number): KeyValues | undefined {
  const vector = table.vector(slot, 4);
  if (!vector || vector.length === 0) return undefined;
  const pairs: KeyValues = new Map();
  for (let i = 0; i < vector.length; i++) {
    const pair = table.element(vector, i);
    pairs.set(pair.string(0) ?? '', pair.string(1) ?? '');
  }
  return pairs;
}
