import { KeyValueCursor } from '../attributes/any-value-json.ts';
import type { Column } from '../columns/column.ts';
import type { KeyValueListColumn } from '../columns/key-value-list.ts';
import type { ListColumn } from '../columns/list.ts';
import type { StructColumn } from '../columns/struct.ts';
import type { TextColumn } from '../columns/text.ts';
import type { WordsColumn } from '../columns/words.ts';
import type { WireReader } from '../wire/reader.ts';
import { readKeyValue } from './events-column.ts';

const LINK_FIELDS = 0b111_1110;

/** The links of spans. Their ids are kept as they came, whatever their length. */
export class LinksColumn {
  readonly #list: ListColumn;
  readonly #traceId: TextColumn;
  readonly #spanId: TextColumn;
  readonly #traceState: TextColumn;
  readonly #flags: WordsColumn;
  readonly #attributes: KeyValueListColumn;
  readonly #droppedAttributes: WordsColumn;
  readonly #entry = new KeyValueCursor();

  constructor(column: Column) {
    this.#list = column as ListColumn;
    const { fields } = this.#list.child as StructColumn;
    this.#traceId = fields.trace_id as TextColumn;
    this.#spanId = fields.span_id as TextColumn;
    this.#traceState = fields.trace_state as TextColumn;
    this.#flags = fields.flags as WordsColumn;
    this.#attributes = fields.attributes as KeyValueListColumn;
    this.#droppedAttributes = fields.dropped_attributes_count as WordsColumn;
  }

  /** Adds the link in [pos, end) to the span in `row`. */
  add(row: number, wire: WireReader, pos: number, end: number): void {
    const link = this.#list.add(row);
    let traceIdPos = 0;
    let traceIdLength = 0;
    let spanIdPos = 0;
    let spanIdLength = 0;
    let statePos = 0;
    let stateLength = 0;
    let dropped = 0;
    let flags = 0;
    wire.pos = pos;
    while (wire.pos < end) {
      const tag = wire.tag(end);
      switch (tag) {
        case 0x0a: // trace_id
          traceIdLength = wire.length(end);
          traceIdPos = wire.pos;
          wire.pos = (wire.pos + traceIdLength) | 0;
          break;
        case 0x12: // span_id
          spanIdLength = wire.length(end);
          spanIdPos = wire.pos;
          wire.pos = (wire.pos + spanIdLength) | 0;
          break;
        case 0x1a: // trace_state
          stateLength = wire.length(end);
          statePos = wire.pos;
          wire.pos = (wire.pos + stateLength) | 0;
          break;
        case 0x22: // attributes
          readKeyValue(this.#attributes, link, wire, end, this.#entry);
          break;
        case 0x28: // dropped_attributes_count
          wire.varint(end);
          dropped = wire.lo;
          break;
        case 0x35: // flags
          flags = wire.fixed32(end);
          break;
        default:
          wire.skip(tag, end, LINK_FIELDS);
      }
    }
    this.#traceId.appendHex(link, wire.bytes, traceIdPos, traceIdLength);
    this.#spanId.appendHex(link, wire.bytes, spanIdPos, spanIdLength);
    if (stateLength > 0) this.#traceState.append(link, wire, statePos, stateLength);
    if (flags !== 0) this.#flags.append(link, flags, 0);
    if (dropped !== 0) this.#droppedAttributes.append(link, dropped, 0);
  }
}
