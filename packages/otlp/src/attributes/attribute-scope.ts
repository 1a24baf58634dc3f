import type { BoolColumn } from '../columns/bool.ts';
import type { Column } from '../columns/column.ts';
import { addKeyValue, type KeyValueListColumn } from '../columns/key-value-list.ts';
import type { ListColumn } from '../columns/list.ts';
import type { TextColumn } from '../columns/text.ts';
import type { WordsColumn } from '../columns/words.ts';
import { foldedName } from '../conform/attribute-name.ts';
import { WireError } from '../errors.ts';
import type { WireReader } from '../wire/reader.ts';
import { validUtf8 } from '../wire/utf8.ts';
import { KeyValueCursor } from './any-value-json.ts';
import type { AttributeColumns } from './attribute-columns.ts';
import { type AttributeKey, KEY_BYTES_MAX, KeyTable } from './key-table.ts';
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
  readonly #pinned: [key: string, column: Column][] = [];

  constructor(name: string, columns: AttributeColumns, overflow: KeyValueListColumn) {
    this.name = name;
    this.#columns = columns;
    this.overflow = overflow;
  }

  /** Lets a base column of text hold the attribute `key`. */
  pin(key: string, column: TextColumn, from: WireReader): void {
    const entry = this.#newKey(key, true);
    entry.kind = entry.columnKind = ValueKind.Text;
    entry.column = column;
    this.#columns.pin(entry);
    this.#keys.add(from, 0, from.bytes.length, entry);
    this.#pinned.push([key, column]);
  }

  /** Takes the KeyValue in [pos, end) as an attribute of `row`; answers the column that it went to. */
  add(wire: WireReader, row: number, pos: number, end: number): Column {
    // Nearly every attribute has this shape: a short key, then a short value, and nothing else.
    const { bytes } = wire;
    const keyPos = pos + 2;
    const keyLength = bytes[pos + 1]!;
    const valuePos = keyPos + keyLength + 2;
    if (
      valuePos <= end &&
      bytes[pos] === 0x0a &&
      keyLength < 0x80 &&
      bytes[valuePos - 2] === 0x12 &&
      bytes[valuePos - 1] === end - valuePos &&
      end - valuePos < 0x80
    ) {
      return this.#add(wire, row, keyPos, keyLength, valuePos, end);
    }
    const entry = this.#entry;
    entry.read(wire, pos, end);
    return this.#add(wire, row, entry.keyPos, entry.keyEnd - entry.keyPos, entry.valuePos, entry.valueEnd);
  }

  #add(wire: WireReader, row: number, keyPos: number, keyLength: number, pos: number, end: number): Column {
    const value = this.#value;
    const { bytes } = wire;
    let kind: number;
    if (end - pos >= 2 && bytes[pos] === 0x0a && bytes[pos + 1] === end - pos - 2 && end - pos < 0x82) {
      kind = ValueKind.Text;
      value.pos = pos + 2;
      value.end = end;
    } else {
      value.read(wire, pos, end);
      kind = value.kind === ValueKind.Array ? elementKind(wire, value.pos, value.end) : value.kind;
    }
    const key = this.#keys.find(wire, keyPos, keyLength);
    let column: Column | undefined;
    if (key !== undefined && key.kind === kind) column = key.column;
    else if (isColumnKind(kind)) column = this.#activate(wire, keyPos, keyLength, key, kind);
    if (column === undefined || column.rows > row) {
      addKeyValue(this.overflow, row, wire, keyPos, keyLength, pos, end);
      return this.overflow;
    }
    switch (kind) {
      case ValueKind.Text:
        (column as TextColumn).append(row, wire, value.pos, value.end - value.pos);
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
    const key = this.#newKey(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), false);
    const column = this.#columns.activate(key, kind);
    if (column) this.#keys.add(wire, pos, length, key);
    return column;
  }

  #newKey(key: string, pinned: boolean): AttributeKey {
    const columnName = `${this.name}.${key}`;
    const folded = foldedName(columnName);
    return { scope: this.name, columnName, folded, kind: 0, column: undefined, columnKind: 0, pinned };
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
