import { KeyValueCursor } from '../attributes/any-value-json.ts';
import type { Column } from '../columns/column.ts';
import { addKeyValue, type KeyValueListColumn } from '../columns/key-value-list.ts';
import type { ListColumn } from '../columns/list.ts';
import type { StructColumn } from '../columns/struct.ts';
import type { TextColumn } from '../columns/text.ts';
import type { WordsColumn } from '../columns/words.ts';
import type { WireReader } from '../wire/reader.ts';

const EVENT_FIELDS = 0b1_1110;

/** Adds the attribute whose field's length comes next to a list; `wire` is behind it afterwards. */
export function readKeyValue(
  list: KeyValueListColumn,
  row: number,
  wire: WireReader,
  end: number,
  entry: KeyValueCursor,
): void {
  const next = (wire.length(end) + wire.pos) | 0;
  entry.read(wire, wire.pos, next);
  addKeyValue(list, row, wire, entry.keyPos, entry.keyEnd - entry.keyPos, entry.valuePos, entry.valueEnd);
  wire.pos = next;
}

/** The events of spans. */
export class EventsColumn {
  readonly #list: ListColumn;
  readonly #time: WordsColumn;
  readonly #name: TextColumn;
  readonly #attributes: KeyValueListColumn;
  readonly #droppedAttributes: WordsColumn;
  readonly #entry = new KeyValueCursor();

  constructor(column: Column) {
    this.#list = column as ListColumn;
    const { fields } = this.#list.child as StructColumn;
    this.#time = fields.time as WordsColumn;
    this.#name = fields.name as TextColumn;
    this.#attributes = fields.attributes as KeyValueListColumn;
    this.#droppedAttributes = fields.dropped_attributes_count as WordsColumn;
  }

  /** Adds the event in [pos, end) to the span in `row`. */
  add(row: number, wire: WireReader, pos: number, end: number): void {
    const event = this.#list.add(row);
    let timeLo = 0;
    let timeHi = 0;
    let namePos = 0;
    let nameLength = 0;
    let dropped = 0;
    wire.pos = pos;
    while (wire.pos < end) {
      const tag = wire.tag(end);
      switch (tag) {
        case 0x09: // time_unix_nano
          wire.fixed64(end);
          timeLo = wire.lo;
          timeHi = wire.hi;
          break;
        case 0x12: // name
          nameLength = wire.length(end);
          namePos = wire.pos;
          wire.pos = (wire.pos + nameLength) | 0;
          break;
        case 0x1a: // attributes
          readKeyValue(this.#attributes, event, wire, end, this.#entry);
          break;
        case 0x20: // dropped_attributes_count
          wire.varint(end);
          dropped = wire.lo;
          break;
        default:
          wire.skip(tag, end, EVENT_FIELDS);
      }
    }
    this.#time.append(event, timeLo, timeHi);
    this.#name.append(event, wire, namePos, nameLength);
    if (dropped !== 0) this.#droppedAttributes.append(event, dropped, 0);
  }
}
