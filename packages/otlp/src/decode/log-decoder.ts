import { writeAnyValue } from '../attributes/any-value-json.ts';
import { ValueKind } from '../attributes/kinds.ts';
import { ValueCursor } from '../attributes/value-cursor.ts';
import type { BoolColumn } from '../columns/bool.ts';
import type { Int32Column } from '../columns/int32.ts';
import type { TextColumn } from '../columns/text.ts';
import type { WordsColumn } from '../columns/words.ts';
import { signalTables } from '../tables.ts';
import type { WireReader } from '../wire/reader.ts';
import type { Envelope } from './envelope.ts';
import { appendOptionalId } from './ids.ts';
import { SignalDecoder } from './signal-decoder.ts';
import { TableBuilder } from './table-builder.ts';

const LOG_RECORD_FIELDS = 0b1_1111_1110_1110; // 1 to 12 but for 4

/** Log records into rows of `logs`. */
export class LogDecoder extends SignalDecoder {
  readonly #table: TableBuilder;
  readonly #time: WordsColumn;
  readonly #observedTime: WordsColumn;
  readonly #timeIsObserved: BoolColumn;
  readonly #traceId: TextColumn;
  readonly #spanId: TextColumn;
  readonly #severityNumber: Int32Column;
  readonly #severityText: TextColumn;
  readonly #body: TextColumn;
  readonly #bodyValue: TextColumn;
  readonly #eventName: TextColumn;
  readonly #flags: WordsColumn;
  readonly #droppedAttributes: WordsColumn;
  readonly #value = new ValueCursor();

  constructor(attributeColumnsMax: number) {
    const table = new TableBuilder(signalTables.logs, attributeColumnsMax);
    super([table]);
    this.#table = table;
    this.#time = table.column('time') as WordsColumn;
    this.#observedTime = table.column('observed_time') as WordsColumn;
    this.#timeIsObserved = table.column('time_is_observed') as BoolColumn;
    this.#traceId = table.column('trace_id') as TextColumn;
    this.#spanId = table.column('span_id') as TextColumn;
    this.#severityNumber = table.column('severity_number') as Int32Column;
    this.#severityText = table.column('severity_text') as TextColumn;
    this.#body = table.column('body') as TextColumn;
    this.#bodyValue = table.column('body_value') as TextColumn;
    this.#eventName = table.column('event_name') as TextColumn;
    this.#flags = table.column('flags') as WordsColumn;
    this.#droppedAttributes = table.column('dropped_attributes_count') as WordsColumn;
  }

  override item(envelope: Envelope, start: number, end: number): void {
    const table = this.#table;
    const { wire } = envelope;
    table.enter(envelope);
    const row = table.rows;
    let timeLo = 0;
    let timeHi = 0;
    let observedLo = 0;
    let observedHi = 0;
    let severity = 0;
    let severityPos = 0;
    let severityLength = 0;
    let bodyPos = -1;
    let bodyEnd = 0;
    let dropped = 0;
    let flags = 0;
    let traceIdPos = 0;
    let traceIdLength = 0;
    let spanIdPos = 0;
    let spanIdLength = 0;
    let eventPos = 0;
    let eventLength = 0;
    wire.pos = start;
    while (wire.pos < end) {
      const tag = wire.tag(end);
      switch (tag) {
        case 0x09: // time_unix_nano
          wire.fixed64(end);
          timeLo = wire.lo;
          timeHi = wire.hi;
          break;
        case 0x10: // severity_number
          wire.varint(end);
          severity = wire.lo;
          break;
        case 0x1a: // severity_text
          severityLength = wire.length(end);
          severityPos = wire.pos;
          wire.pos = (wire.pos + severityLength) | 0;
          break;
        case 0x2a: // body
          bodyEnd = wire.length(end);
          bodyPos = wire.pos;
          wire.pos = bodyEnd += bodyPos;
          break;
        case 0x32: {
          // attributes
          const length = wire.length(end);
          const pos = wire.pos;
          table.attributes.add(wire, row, pos, (pos + length) | 0);
          wire.pos = (pos + length) | 0;
          break;
        }
        case 0x38: // dropped_attributes_count
          wire.varint(end);
          dropped = wire.lo;
          break;
        case 0x45: // flags
          flags = wire.fixed32(end);
          break;
        case 0x4a: // trace_id
          traceIdLength = wire.length(end);
          traceIdPos = wire.pos;
          wire.pos = (wire.pos + traceIdLength) | 0;
          break;
        case 0x52: // span_id
          spanIdLength = wire.length(end);
          spanIdPos = wire.pos;
          wire.pos = (wire.pos + spanIdLength) | 0;
          break;
        case 0x59: // observed_time_unix_nano
          wire.fixed64(end);
          observedLo = wire.lo;
          observedHi = wire.hi;
          break;
        case 0x62: // event_name
          eventLength = wire.length(end);
          eventPos = wire.pos;
          wire.pos = (wire.pos + eventLength) | 0;
          break;
        default:
          wire.skip(tag, end, LOG_RECORD_FIELDS);
      }
    }
    if ((observedLo | observedHi) !== 0) {
      this.#observedTime.append(row, observedLo, observedHi);
      if ((timeLo | timeHi) === 0) {
        timeLo = observedLo;
        timeHi = observedHi;
        this.#timeIsObserved.append(row, true);
      }
    }
    table.hour.append(row, timeLo, timeHi);
    this.#time.append(row, timeLo, timeHi);
    appendOptionalId(this.#traceId, row, wire.bytes, traceIdPos, traceIdLength, 16);
    appendOptionalId(this.#spanId, row, wire.bytes, spanIdPos, spanIdLength, 8);
    this.#severityNumber.append(row, severity);
    if (severityLength > 0) this.#severityText.append(row, wire, severityPos, severityLength);
    if (bodyPos >= 0) this.#addBody(wire, row, bodyPos, bodyEnd);
    if (eventLength > 0) this.#eventName.append(row, wire, eventPos, eventLength);
    this.#flags.append(row, flags, 0);
    if (dropped !== 0) this.#droppedAttributes.append(row, dropped, 0);
    table.rows = row + 1;
  }

  /** A text as it is; anything else as OTLP's JSON, in the other column. */
  #addBody(wire: WireReader, row: number, pos: number, end: number): void {
    const value = this.#value;
    value.read(wire, pos, end);
    if (value.kind === ValueKind.Text) this.#body.append(row, wire, value.pos, value.end - value.pos);
    else {
      this.#bodyValue.begin(row, end - pos);
      writeAnyValue(this.#bodyValue, wire, pos, end);
      this.#bodyValue.finish(row);
    }
  }
}
