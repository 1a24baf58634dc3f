import { Field, makeData, RecordBatch, Schema, Struct } from 'apache-arrow';
import { AttributeColumns } from '../attributes/attribute-columns.ts';
import { AttributeScope } from '../attributes/attribute-scope.ts';
import { typeOfKind } from '../attributes/kinds.ts';
import type { Column } from '../columns/column.ts';
import { createColumn } from '../columns/create.ts';
import type { KeyValueListColumn } from '../columns/key-value-list.ts';
import type { TextColumn } from '../columns/text.ts';
import type { WordsColumn } from '../columns/words.ts';
import type { SignalTable } from '../tables.ts';
import { WireReader } from '../wire/reader.ts';
import type { Envelope } from './envelope.ts';
import { HourColumn } from './hour-column.ts';
import { ResourceColumns, ScopeColumns } from './origin-columns.ts';

const SERVICE_NAME = new WireReader(new TextEncoder().encode('service.name'));

const ROWS_PAID_AT_ONCE = 4096;
const BYTES_PER_PLACE = 5; // an offset or a small value, and its bit

/** What a table held at a moment, to go back to. */
export interface TableMark {
  readonly rows: number;
  readonly attributes: number;
}

/** A table's batch in the making: rows of many requests, one after another. */
export class TableBuilder {
  readonly table: SignalTable;
  rows = 0;
  #rowsPaid = 0;
  readonly hour: HourColumn;
  /** The attributes of the rows themselves. */
  readonly attributes: AttributeScope;
  readonly #scopes: readonly AttributeScope[];
  readonly #columns: ReadonlyMap<string, Column>;
  readonly #rowColumns: readonly Column[];
  readonly #attributeColumns: AttributeColumns;
  readonly #resource: ResourceColumns;
  readonly #scope: ScopeColumns;

  constructor(table: SignalTable, attributeColumnsMax: number) {
    this.table = table;
    this.#attributeColumns = new AttributeColumns(attributeColumnsMax);
    this.#columns = new Map(table.baseSchema.fields.map((field) => [field.name, createColumn(field.type)]));
    this.hour = new HourColumn(this.column('hour') as WordsColumn);
    this.attributes = this.#attributeScope(table.attributeScopes[0]!);
    const resource = this.#attributeScope('resource');
    const scope = this.#attributeScope('scope');
    this.#scopes = [this.attributes, resource, scope];
    resource.pin(SERVICE_NAME, this.column('service_name') as TextColumn);
    this.#resource = new ResourceColumns(this, resource);
    this.#scope = new ScopeColumns(this, scope);
    const shared = new Set([...this.#resource.columns, ...this.#scope.columns]);
    this.#rowColumns = [...this.#columns.values()].filter((column) => !shared.has(column));
  }

  #attributeScope(name: string): AttributeScope {
    return new AttributeScope(name, this.#attributeColumns, this.column(`${name}_overflow`) as KeyValueListColumn);
  }

  /** A base column. */
  column(name: string): Column {
    const column = this.#columns.get(name);
    if (!column) throw new TypeError(`${this.table.name} has no column ${name}`);
    return column;
  }

  /** Bytes that the rows take. */
  get bytes(): number {
    let bytes = 0;
    for (const column of this.#columns.values()) bytes += column.byteLength;
    for (const key of this.#attributeColumns.active) bytes += key.column!.byteLength;
    return bytes;
  }

  /** Is called before each row: begins the resource and scope that the envelope stands at, where it hasn't yet. */
  enter(envelope: Envelope): void {
    if (this.rows >= this.#rowsPaid) this.#payRows(envelope);
    if (!this.#resource.open) {
      this.#resource.enter();
      this.#resource.write(envelope.wire, envelope.resource);
    }
    if (!this.#scope.open) this.#scope.enter();
  }

  /** Counts the places that some thousand rows take in all columns. */
  #payRows(envelope: Envelope): void {
    this.#rowsPaid = this.rows + ROWS_PAID_AT_ONCE;
    const columns = this.#columns.size + this.#attributeColumns.active.length;
    envelope.spend(ROWS_PAID_AT_ONCE * columns * BYTES_PER_PLACE);
  }

  leaveScope(envelope: Envelope): void {
    if (!this.#scope.open) return;
    this.#scope.write(envelope.wire, envelope.scope);
    this.#scope.leave(envelope, envelope.scope);
  }

  leaveResource(envelope: Envelope): void {
    if (this.#resource.open) this.#resource.leave(envelope, envelope.resource);
  }

  get mark(): TableMark {
    return { rows: this.rows, attributes: this.#attributeColumns.active.length };
  }

  /** Forgets all since the mark. */
  truncate(mark: TableMark): void {
    this.#resource.open = this.#scope.open = false;
    for (const column of this.#columns.values()) column.truncate(mark.rows);
    for (const key of this.#attributeColumns.active) key.column!.truncate(mark.rows);
    this.#attributeColumns.truncate(mark.attributes);
    this.rows = this.#rowsPaid = mark.rows;
  }

  /** How many attribute columns there are: what `dropRow` needs to know of the time before the row. */
  get attributeCount(): number {
    return this.#attributeColumns.active.length;
  }

  /** Forgets the row in the making, which no `rows++` has followed; its resource and scope stay. */
  dropRow(attributeCount: number): void {
    for (const column of this.#rowColumns) column.truncate(this.rows);
    for (const key of this.#attributeColumns.active) {
      if (key.scope === this.attributes.name) key.column!.truncate(this.rows);
    }
    this.#attributeColumns.truncate(attributeCount);
  }

  /** Takes back the attribute columns added since there were so many; they have no rows any more. */
  forgetAttributes(attributeCount: number): void {
    this.#attributeColumns.truncate(attributeCount);
  }

  /** Takes all rows out. */
  seal(): RecordBatch {
    const { rows } = this;
    const fields = [...this.table.baseSchema.fields];
    const children = fields.map((field) => this.column(field.name).take(rows));
    for (const key of this.#attributeColumns.active) {
      fields.push(new Field(key.columnName, typeOfKind(key.kind), true));
      children.push(key.column!.take(rows));
    }
    for (const scope of this.#scopes) scope.forgetUnusedKeys();
    this.#attributeColumns.truncate(0);
    this.rows = this.#rowsPaid = 0;
    const schema = new Schema(fields);
    return new RecordBatch(schema, makeData({ type: new Struct(fields), length: rows, nullCount: 0, children }));
  }
}
