import { type Data, makeData, type Struct } from 'apache-arrow';
import type { Column } from './column.ts';

/** A Struct column that is never null itself: its rows are those of its fields. */
export class StructColumn<F extends Record<string, Column> = Record<string, Column>> implements Column {
  readonly type: Struct;
  /** The fields' columns by name, in the order of the type's fields. */
  readonly fields: F;
  readonly #columns: readonly Column[];

  constructor(type: Struct, fields: F) {
    this.type = type;
    this.fields = fields;
    this.#columns = Object.values(fields);
  }

  get rows(): number {
    return this.#columns.reduce((rows, column) => Math.max(rows, column.rows), 0);
  }

  get byteLength(): number {
    return this.#columns.reduce((bytes, column) => bytes + column.byteLength, 0);
  }

  truncate(rows: number): void {
    for (const column of this.#columns) column.truncate(rows);
  }

  rowBytes(row: number): number {
    return this.#columns.reduce((bytes, column) => bytes + column.rowBytes(row), 0);
  }

  repeat(from: number, to: number): void {
    for (const column of this.#columns) if (column.rows > from) column.repeat(from, to);
  }

  copy(from: number, count: number, at: number): void {
    for (const column of this.#columns) column.copy(from, count, at);
  }

  take(rows: number): Data<Struct> {
    const children = this.#columns.map((column) => column.take(rows));
    return makeData({ type: this.type, length: rows, nullCount: 0, children });
  }
}
