import { KeyValueCursor } from '../attributes/any-value-json.ts';
import type { Column } from '../columns/column.ts';
import type { KeyValueListColumn } from '../columns/key-value-list.ts';
import type { ListColumn } from '../columns/list.ts';
import type { StructColumn } from '../columns/struct.ts';
import type { TextColumn } from '../columns/text.ts';
import type { WordsColumn } from '../columns/words.ts';
import type { WireReader } from '../wire/reader.ts';
import { readKeyValue } from './events-column.ts';
import { NumberColumns } from './number-columns.ts';

const EXEMPLAR_FIELDS = 0b1111_1100;

/** The exemplars of data points. Their ids are kept as they came, whatever their length. */
export class ExemplarsColumn {
  readonly #list: ListColumn;
  readonly #time: WordsColumn;
  readonly #number: NumberColumns;
  readonly #traceId: TextColumn;
  readonly #spanId: TextColumn;
  readonly #attributes: KeyValueListColumn;
  readonly #entry = new KeyValueCursor();

  constructor(column: Column) {
    this.#list = column as ListColumn;
    const { fields } = this.#list.child as StructColumn;
    this.#time = fields.time as WordsColumn;
    this.#number = new NumberColumns(fields.value as WordsColumn, fields.value_int as WordsColumn);
    this.#traceId = fields.trace_id as TextColumn;
    this.#spanId = fields.span_id as TextColumn;
    this.#attributes = fields.attributes as KeyValueListColumn;
  }

  /** Adds the exemplar whose field's length comes next to the point in `row`; `wire` is behind it afterwards. */
  add(row: number, wire: WireReader, outerEnd: number): void {
    const end = (wire.length(outerEnd) + wire.pos) | 0;
    const exemplar = this.#list.add(row);
    let timeLo = 0;
    let timeHi = 0;
    let traceIdPos = 0;
    let traceIdLength = 0;
    let spanIdPos = 0;
    let spanIdLength = 0;
    while (wire.pos < end) {
      const tag = wire.tag(end);
      switch (tag) {
        case 0x11: // time_unix_nano
          wire.fixed64(end);
          timeLo = wire.lo;
          timeHi = wire.hi;
          break;
        case 0x19: // as_double
          this.#number.setDouble(exemplar, wire, end);
          break;
        case 0x22: // span_id
          spanIdLength = wire.length(end);
          spanIdPos = wire.pos;
          wire.pos = (wire.pos + spanIdLength) | 0;
          break;
        case 0x2a: // trace_id
          traceIdLength = wire.length(end);
          traceIdPos = wire.pos;
          wire.pos = (wire.pos + traceIdLength) | 0;
          break;
        case 0x31: // as_int
          this.#number.setInteger(exemplar, wire, end);
          break;
        case 0x3a: // filtered_attributes
          readKeyValue(this.#attributes, exemplar, wire, end, this.#entry);
          break;
        default:
          wire.skip(tag, end, EXEMPLAR_FIELDS);
      }
    }
    this.#time.append(exemplar, timeLo, timeHi);
    if (traceIdLength > 0) this.#traceId.appendHex(exemplar, wire.bytes, traceIdPos, traceIdLength);
    if (spanIdLength > 0) this.#spanId.appendHex(exemplar, wire.bytes, spanIdPos, spanIdLength);
  }
}
