import type { Column } from '../columns/column.ts';
import { createColumn } from '../columns/create.ts';
import type { AttributeKey } from './key-table.ts';
import { typeOfKind } from './kinds.ts';

/**
 * Which attributes of a table have columns in the batch being built. That depends on the batch's rows alone: the first type
 * of a key is its column's, names that differ in ASCII case share one place, and once `max` columns are there no more come.
 * Columns of the batch before are kept only for their buffers.
 */
export class AttributeColumns {
  readonly #max: number;
  /** In order of first appearance. */
  readonly active: AttributeKey[] = [];
  readonly #owners = new Map<string, AttributeKey>();

  constructor(max: number) {
    this.#max = max;
  }

  get full(): boolean {
    return this.active.length >= this.#max;
  }

  /** Keeps a name from being taken, for a base column that stands for an attribute. */
  pin(key: AttributeKey): void {
    this.#owners.set(key.folded, key);
  }

  /** Gives the key a column of a kind; undefined where it can't have one. */
  activate(key: AttributeKey, kind: number): Column | undefined {
    if (this.full || this.#owners.has(key.folded)) return undefined;
    if (key.columnKind !== kind || !key.column) {
      key.column = createColumn(typeOfKind(kind));
      key.columnKind = kind;
    }
    key.kind = kind;
    this.active.push(key);
    this.#owners.set(key.folded, key);
    return key.column;
  }

  /** Takes back the columns given since `active` had `length` of them. Their rows must be gone already. */
  truncate(length: number): void {
    while (this.active.length > length) {
      const key = this.active.pop()!;
      key.kind = 0;
      this.#owners.delete(key.folded);
    }
  }
}
