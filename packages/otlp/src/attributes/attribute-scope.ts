import type { BoolColumn } from '../columns/bool.ts';
import type { Column } from '../columns/column.ts';
import { addKeyValue, type KeyValueListColumn } from '../columns/key-value-list.ts';
import type { ListColumn } from '../columns/list.ts';
import type { TextColumn } from '../columns/text.ts';
import type { WordsColumn } from '../columns/words.ts';
import { WireError } from '../errors.ts';
import type { WireReader } from '../wire/reader.ts';
import { validUtf8 } from '../wire/utf8.ts';
import { KeyValueCursor } from './any-value-json.ts';
import type { AttributeColumns } from './attribute-columns.ts';
import { AttributeKey, KEY_BYTES_MAX, KeyTable } from './key-table.ts';
import { LIST, ValueKind } from './kinds.ts';
import { ValueCursor } from './value-cursor.ts';

const KEY_VALUES = 0b10; // ArrayValue's only field

/** The attributes of one scope of a table: from KeyValue messages into typed columns, and what has no column into the overflow. */
export class AttributeScope {
  readonly name: string;
  readonly overflow: KeyValueListColumn;
  readonly #columns: AttributeColumns;
  readonly #value = new ValueCursor();
  readonly #entry = new KeyValueCursor();
  #keys = new KeyTable();

  constructor(name: string, columns: AttributeColumns, overflow: KeyValueListColumn) {
    this.name = name;
    this.#columns = columns;
    this.overflow = overflow;
  }

  /** Lets a base column of text hold the attribute whose key `name` is. */
  pin(name: WireReader, column: TextColumn): void {
    const key = new AttributeKey(this.name, new TextDecoder().decode(name.bytes), name, 0, name.size);
    key.kind = key.columnKind = ValueKind.Text;
    key.column = column;
    this.#columns.pin(key);
    this.#keys.add(key);
  }

  /** Forgets the keys that the batch just taken had no column for, and with them the buffers of their columns. */
  forgetUnusedKeys(): void {
    const keys = this.#keys.keys();
    const used = keys.filter(({ kind }) => kind !== 0);
    if (used.length === keys.length) return;
    this.#keys = new KeyTable();
    for (const key of used) {
      key.next = undefined;
      this.#keys.add(key);
    }
  }

  /** Takes the KeyValue in [pos, end) as an attribute of `row`; answers the column that it went to. */
  add(wire: WireReader, row: number, pos: number, end: number): Column {
    const { bytes } = wire;
    const keyPos = (pos + 2) | 0;
    const keyLength = bytes[(pos + 1) | 0]!;
    const valuePos = (keyPos + keyLength + 2) | 0;
    const valueLength = (end - valuePos) | 0;
    // Nearly every attribute has this shape: a short key, then a short value, and nothing else.
    if (
      valuePos > end ||
      valueLength >= 0x80 ||
      keyLength >= 0x80 ||
      bytes[pos] !== 0x0a ||
      bytes[(valuePos - 2) | 0] !== 0x12 ||
      bytes[(valuePos - 1) | 0] !== valueLength
    ) {
      return this.#addUnusual(wire, row, pos, end);
    }
    const key = this.#keys.find(wire, keyPos, keyLength);
    // And most values are texts, for a key that has a column of texts.
    const length = (valueLength - 2) | 0;
    if (key?.kind === ValueKind.Text && bytes[valuePos] === 0x0a && bytes[(valuePos + 1) | 0] === length) {
      const column = key.column as TextColumn;
      if (column.rows <= row) {
        column.append(row, wire, (valuePos + 2) | 0, length);
        return column;
      }
    }
    return this.#addValue(wire, row, key, keyPos, keyLength, valuePos, end);
  }

  /** A KeyValue of any shape. */
  #addUnusual(wire: WireReader, row: number, pos: number, end: number): Column {
    const entry = this.#entry;
    entry.read(wire, pos, end);
    const keyLength = entry.keyEnd - entry.keyPos;
    const key = this.#keys.find(wire, entry.keyPos, keyLength);
    return this.#addValue(wire, row, key, entry.keyPos, keyLength, entry.valuePos, entry.valueEnd);
  }

  /** An AnyValue of any kind. */
  #addValue(
    wire: WireReader,
    row: number,
    key: AttributeKey | undefined,
    keyPos: number,
    keyLength: number,
    pos: number,
    end: number,
  ): Column {
    const value = this.#value;
    value.read(wire, pos, end);
    const kind = value.kind === ValueKind.Array ? elementKind(wire, value.pos, value.end) : value.kind;
    let column: Column | undefined;
    if (isColumnKind(kind)) {
      column = key?.kind === kind ? key.column : this.#activate(wire, keyPos, keyLength, key, kind);
    }
    if (column === undefined || column.rows > row) {
      addKeyValue(this.overflow, row, wire, keyPos, keyLength, pos, end);
      return this.overflow;
    }
    appendValue(column, kind, row, wire, value);
    return column;
  }

  #activate(
    wire: WireReader,
    pos: number,
    length: number,
    known: AttributeKey | undefined,
    kind: number,
  ): Column | undefined {
    if (this.#columns.full || (known && known.kind !== 0)) return undefined;
    if (known) return this.#columns.activate(known, kind);
    const bytes = wire.bytes.subarray(pos, pos + length);
    if (length === 0 || length > KEY_BYTES_MAX || bytes.includes(0)) return undefined;
    if (!validUtf8(bytes, 0, length)) throw new WireError('the text is not UTF-8', pos);
    const name = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    const key = new AttributeKey(this.name, name, wire, pos, length);
    const column = this.#columns.activate(key, kind);
    if (column) this.#keys.add(key);
    return column;
  }
}

function appendValue(column: Column, kind: number, row: number, wire: WireReader, value: ValueCursor): void {
  switch (kind) {
    case ValueKind.Text:
      (column as TextColumn).append(row, wire, value.pos, (value.end - value.pos) | 0);
      break;
    case ValueKind.Int:
    case ValueKind.Double:
      (column as WordsColumn).append(row, value.lo, value.hi);
      break;
    case ValueKind.Bool:
      (column as BoolColumn).append(row, value.lo !== 0);
      break;
    default:
      appendList(column as ListColumn, row, wire, value.pos, value.end);
  }
}

function isColumnKind(kind: number): boolean {
  return (kind >= ValueKind.Text && kind <= ValueKind.Double) || kind > LIST;
}

const element = new ValueCursor();

/** The kind of a list column that an ArrayValue fits into; that of an array (no column) when it is empty, mixed or nested. */
function elementKind(wire: WireReader, pos: number, end: number): number {
  let kind: number = ValueKind.Empty;
  wire.pos = pos;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag !== 0x0a) {
      wire.skip(tag, end, KEY_VALUES);
      continue;
    }
    const next = wire.length(end) + wire.pos;
    element.read(wire, wire.pos, next);
    wire.pos = next;
    if (element.kind < ValueKind.Text || element.kind > ValueKind.Double) return ValueKind.Array;
    if (kind !== ValueKind.Empty && kind !== element.kind) return ValueKind.Array;
    kind = element.kind;
  }
  return kind === ValueKind.Empty ? ValueKind.Array : LIST + kind;
}

function appendList(list: ListColumn, row: number, wire: WireReader, pos: number, end: number): void {
  wire.pos = pos;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag !== 0x0a) {
      wire.skip(tag, end, KEY_VALUES);
      continue;
    }
    const next = wire.length(end) + wire.pos;
    element.read(wire, wire.pos, next);
    wire.pos = next;
    const at = list.add(row);
    if (element.kind === ValueKind.Text) {
      (list.child as TextColumn).append(at, wire, element.pos, element.end - element.pos);
    } else if (element.kind === ValueKind.Bool) (list.child as BoolColumn).append(at, element.lo !== 0);
    else (list.child as WordsColumn).append(at, element.lo, element.hi);
  }
}
