import type { AttributeScope } from '../attributes/attribute-scope.ts';
import type { Column } from '../columns/column.ts';
import type { TextColumn } from '../columns/text.ts';
import type { WordsColumn } from '../columns/words.ts';
import type { WireReader } from '../wire/reader.ts';
import { writeEntityRef } from './entity-ref.ts';
import type { Envelope, Origin } from './envelope.ts';
import type { TableBuilder } from './table-builder.ts';

const JSON_GROWTH = 2; // a value's bytes on the wire against those of a column, about

/**
 * The columns that all rows of a resource (or scope) share. They are written once, at its first row, and repeated for the
 * rest when it ends.
 */
abstract class OriginColumns {
  open = false;
  protected readonly attributes: AttributeScope;
  readonly #table: TableBuilder;
  readonly #schemaUrl: TextColumn;
  readonly #droppedAttributes: WordsColumn;
  #start = 0;
  #attributeCount = 0;
  /** Attribute columns written at the first row. */
  readonly #written: Column[] = [];
  /** The base columns among them. */
  readonly columns: readonly Column[];

  constructor(table: TableBuilder, attributes: AttributeScope, columns: readonly Column[]) {
    const { name } = attributes;
    this.#table = table;
    this.attributes = attributes;
    this.#schemaUrl = table.column(`${name}_schema_url`) as TextColumn;
    this.#droppedAttributes = table.column(`${name}_dropped_attributes_count`) as WordsColumn;
    this.columns = [this.#schemaUrl, this.#droppedAttributes, attributes.overflow, ...columns];
  }

  /** The table's next row is the first. */
  enter(): void {
    this.#start = this.#table.rows;
    this.#attributeCount = this.#table.attributeCount;
    this.#written.length = 0;
    this.open = true;
  }

  /** Writes the first row. */
  write(wire: WireReader, origin: Origin): void {
    if (origin.schemaUrlLength > 0) {
      this.#schemaUrl.append(this.#start, wire, origin.schemaUrlPos, origin.schemaUrlLength);
    }
    const { pieces } = origin;
    for (let i = 0; i < pieces.length; i += 2) this.read(wire, this.#start, pieces[i]!, pieces[i + 1]!);
  }

  /** Takes one piece of the message as values of `row`. */
  protected abstract read(wire: WireReader, row: number, pos: number, end: number): void;

  protected addAttribute(wire: WireReader, row: number, end: number): void {
    const length = wire.length(end);
    const pos = wire.pos;
    const column = this.attributes.add(wire, row, pos, (pos + length) | 0);
    if (!this.columns.includes(column)) this.#written.push(column);
    wire.pos = (pos + length) | 0;
  }

  protected setDroppedAttributes(wire: WireReader, row: number, end: number): void {
    wire.varint(end);
    this.#droppedAttributes.truncate(row);
    if (wire.lo !== 0) this.#droppedAttributes.append(row, wire.lo, 0);
  }

  /** Gives all rows since the first what the first has. */
  leave(envelope: Envelope, origin: Origin): void {
    const { rows } = this.#table;
    const start = this.#start;
    this.open = false;
    if (rows === start) {
      for (const column of this.columns) column.truncate(start);
      for (const column of this.#written) column.truncate(start);
      this.#table.forgetAttributes(this.#attributeCount);
      return;
    }
    envelope.spend((rows - start) * origin.bytes * JSON_GROWTH);
    for (const column of this.columns) if (column.rows > start) column.repeat(start, rows);
    for (const column of this.#written) column.repeat(start, rows);
  }
}

const RESOURCE_FIELDS = 0b1110;

export class ResourceColumns extends OriginColumns {
  readonly #entityRefs: TextColumn;

  constructor(table: TableBuilder, attributes: AttributeScope) {
    const entityRefs = table.column('resource_entity_refs') as TextColumn;
    super(table, attributes, [table.column('service_name'), entityRefs]);
    this.#entityRefs = entityRefs;
  }

  protected override read(wire: WireReader, row: number, pos: number, end: number): void {
    wire.pos = pos;
    while (wire.pos < end) {
      const tag = wire.tag(end);
      if (tag === 0x0a) this.addAttribute(wire, row, end);
      else if (tag === 0x10) this.setDroppedAttributes(wire, row, end);
      else if (tag === 0x1a) this.#addEntityRef(wire, row, end);
      else wire.skip(tag, end, RESOURCE_FIELDS);
    }
  }

  /** The references are a JSON array in the making until the last is there. */
  #addEntityRef(wire: WireReader, row: number, end: number): void {
    const length = wire.length(end);
    const next = wire.pos + length;
    const column = this.#entityRefs;
    if (column.rows <= row) {
      column.begin(row, length);
      column.writeAscii('[');
    } else {
      column.end--; // reopens the array
      column.writeAscii(',');
    }
    writeEntityRef(column, wire, wire.pos, next);
    column.writeAscii(']');
    column.finish(row);
    wire.pos = next;
  }
}

const SCOPE_FIELDS = 0b1_1110;

export class ScopeColumns extends OriginColumns {
  readonly #name: TextColumn;
  readonly #version: TextColumn;

  constructor(table: TableBuilder, attributes: AttributeScope) {
    const name = table.column('scope_name') as TextColumn;
    const version = table.column('scope_version') as TextColumn;
    super(table, attributes, [name, version]);
    this.#name = name;
    this.#version = version;
  }

  protected override read(wire: WireReader, row: number, pos: number, end: number): void {
    wire.pos = pos;
    while (wire.pos < end) {
      const tag = wire.tag(end);
      if (tag === 0x1a) this.addAttribute(wire, row, end);
      else if (tag === 0x20) this.setDroppedAttributes(wire, row, end);
      else if (tag === 0x0a || tag === 0x12) {
        const length = wire.length(end);
        setText(tag === 0x0a ? this.#name : this.#version, row, wire, length);
        wire.pos = (wire.pos + length) | 0;
      } else wire.skip(tag, end, SCOPE_FIELDS);
    }
  }
}

/** A text that is null when empty; of several the last counts. */
function setText(column: TextColumn, row: number, wire: WireReader, length: number): void {
  column.truncate(row);
  if (length > 0) column.append(row, wire, wire.pos, length);
}
