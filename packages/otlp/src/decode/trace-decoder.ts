import type { Int32Column } from '../columns/int32.ts';
import type { TextColumn } from '../columns/text.ts';
import type { WordsColumn } from '../columns/words.ts';
import { signalTables } from '../tables.ts';
import type { WireReader } from '../wire/reader.ts';
import type { Envelope } from './envelope.ts';
import { EventsColumn } from './events-column.ts';
import { isZero } from './ids.ts';
import { LinksColumn } from './links-column.ts';
import { SignalDecoder } from './signal-decoder.ts';
import { TableBuilder } from './table-builder.ts';

const SPAN_FIELDS = 0x1_fffe; // 1 to 16
const STATUS_FIELDS = 0b1100;

/** Spans into rows of `traces`. */
export class TraceDecoder extends SignalDecoder {
  readonly #table: TableBuilder;
  readonly #traceId: TextColumn;
  readonly #spanId: TextColumn;
  readonly #parentSpanId: TextColumn;
  readonly #traceState: TextColumn;
  readonly #name: TextColumn;
  readonly #kind: Int32Column;
  readonly #startTime: WordsColumn;
  readonly #duration: WordsColumn;
  readonly #statusCode: Int32Column;
  readonly #statusMessage: TextColumn;
  readonly #flags: WordsColumn;
  readonly #droppedAttributes: WordsColumn;
  readonly #droppedEvents: WordsColumn;
  readonly #droppedLinks: WordsColumn;
  readonly #events: EventsColumn;
  readonly #links: LinksColumn;
  // The status of the span being read.
  #code = 0;
  #messagePos = 0;
  #messageLength = 0;

  constructor(attributeColumnsMax: number) {
    const table = new TableBuilder(signalTables.traces, attributeColumnsMax);
    super([table]);
    this.#table = table;
    this.#traceId = table.column('trace_id') as TextColumn;
    this.#spanId = table.column('span_id') as TextColumn;
    this.#parentSpanId = table.column('parent_span_id') as TextColumn;
    this.#traceState = table.column('trace_state') as TextColumn;
    this.#name = table.column('name') as TextColumn;
    this.#kind = table.column('kind') as Int32Column;
    this.#startTime = table.column('start_time') as WordsColumn;
    this.#duration = table.column('duration_ns') as WordsColumn;
    this.#statusCode = table.column('status_code') as Int32Column;
    this.#statusMessage = table.column('status_message') as TextColumn;
    this.#flags = table.column('flags') as WordsColumn;
    this.#droppedAttributes = table.column('dropped_attributes_count') as WordsColumn;
    this.#droppedEvents = table.column('dropped_events_count') as WordsColumn;
    this.#droppedLinks = table.column('dropped_links_count') as WordsColumn;
    this.#events = new EventsColumn(table.column('events'));
    this.#links = new LinksColumn(table.column('links'));
  }

  override item(envelope: Envelope, start: number, end: number): void {
    const table = this.#table;
    const { wire } = envelope;
    table.enter(envelope);
    const row = table.rows;
    const attributeCount = table.attributeCount;
    const { attributes } = table;
    let traceIdPos = 0;
    let traceIdLength = 0;
    let spanIdPos = 0;
    let spanIdLength = 0;
    let parentPos = 0;
    let parentLength = 0;
    let statePos = 0;
    let stateLength = 0;
    let namePos = 0;
    let nameLength = 0;
    let kind = 0;
    let flags = 0;
    let startLo = 0;
    let startHi = 0;
    let endLo = 0;
    let endHi = 0;
    let droppedAttributes = 0;
    let droppedEvents = 0;
    let droppedLinks = 0;
    this.#code = this.#messageLength = 0;
    wire.pos = start;
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
        case 0x22: // parent_span_id
          parentLength = wire.length(end);
          parentPos = wire.pos;
          wire.pos = (wire.pos + parentLength) | 0;
          break;
        case 0x2a: // name
          nameLength = wire.length(end);
          namePos = wire.pos;
          wire.pos = (wire.pos + nameLength) | 0;
          break;
        case 0x30: // kind
          wire.varint(end);
          kind = wire.lo;
          break;
        case 0x39: // start_time_unix_nano
          wire.fixed64(end);
          startLo = wire.lo;
          startHi = wire.hi;
          break;
        case 0x41: // end_time_unix_nano
          wire.fixed64(end);
          endLo = wire.lo;
          endHi = wire.hi;
          break;
        case 0x4a: {
          // attributes
          const length = wire.length(end);
          const pos = wire.pos;
          attributes.add(wire, row, pos, (pos + length) | 0);
          wire.pos = (pos + length) | 0;
          break;
        }
        case 0x50: // dropped_attributes_count
          wire.varint(end);
          droppedAttributes = wire.lo;
          break;
        case 0x5a: {
          // events
          const next = (wire.length(end) + wire.pos) | 0;
          this.#events.add(row, wire, wire.pos, next);
          wire.pos = next;
          break;
        }
        case 0x60: // dropped_events_count
          wire.varint(end);
          droppedEvents = wire.lo;
          break;
        case 0x6a: {
          // links
          const next = (wire.length(end) + wire.pos) | 0;
          this.#links.add(row, wire, wire.pos, next);
          wire.pos = next;
          break;
        }
        case 0x70: // dropped_links_count
          wire.varint(end);
          droppedLinks = wire.lo;
          break;
        case 0x7a: {
          // status
          const next = (wire.length(end) + wire.pos) | 0;
          this.#readStatus(wire, next);
          wire.pos = next;
          break;
        }
        case 0x85: // flags
          flags = wire.fixed32(end);
          break;
        default:
          wire.skip(tag, end, SPAN_FIELDS);
      }
    }
    const { bytes } = wire;
    const fault = idFault(bytes, traceIdPos, traceIdLength, spanIdPos, spanIdLength, parentLength);
    if (fault !== undefined) {
      table.dropRow(attributeCount);
      this.reject(fault, start - 1); // the span itself, not its first field
      return;
    }
    table.hour.append(row, startLo, startHi);
    this.#traceId.appendHex(row, bytes, traceIdPos, 16);
    this.#spanId.appendHex(row, bytes, spanIdPos, 8);
    if (parentLength > 0 && !isZero(bytes, parentPos, 8)) this.#parentSpanId.appendHex(row, bytes, parentPos, 8);
    if (stateLength > 0) this.#traceState.append(row, wire, statePos, stateLength);
    this.#name.append(row, wire, namePos, nameLength);
    this.#kind.append(row, kind);
    this.#startTime.append(row, startLo, startHi);
    const borrow = endLo >>> 0 < startLo >>> 0 ? 1 : 0;
    this.#duration.append(row, (endLo - startLo) | 0, (endHi - startHi - borrow) | 0);
    this.#statusCode.append(row, this.#code);
    if (this.#messageLength > 0) this.#statusMessage.append(row, wire, this.#messagePos, this.#messageLength);
    this.#flags.append(row, flags, 0);
    if (droppedAttributes !== 0) this.#droppedAttributes.append(row, droppedAttributes, 0);
    if (droppedEvents !== 0) this.#droppedEvents.append(row, droppedEvents, 0);
    if (droppedLinks !== 0) this.#droppedLinks.append(row, droppedLinks, 0);
    table.rows = row + 1;
  }

  #readStatus(wire: WireReader, end: number): void {
    while (wire.pos < end) {
      const tag = wire.tag(end);
      if (tag === 0x12) {
        this.#messageLength = wire.length(end);
        this.#messagePos = wire.pos;
        wire.pos += this.#messageLength;
      } else if (tag === 0x18) {
        wire.varint(end);
        this.#code = wire.lo;
      } else wire.skip(tag, end, STATUS_FIELDS);
    }
  }
}

/** Why a span's ids make it invalid (https://github.com/open-telemetry/opentelemetry-proto, Span.trace_id, span_id). */
function idFault(
  bytes: Uint8Array,
  traceIdPos: number,
  traceIdLength: number,
  spanIdPos: number,
  spanIdLength: number,
  parentLength: number,
): string | undefined {
  if (traceIdLength !== 16) return `traceId: has ${traceIdLength} bytes, not 16`;
  if (spanIdLength !== 8) return `spanId: has ${spanIdLength} bytes, not 8`;
  if (parentLength !== 0 && parentLength !== 8) return `parentSpanId: has ${parentLength} bytes, not 8`;
  if (isZero(bytes, traceIdPos, 16)) return 'traceId: is all zero';
  if (isZero(bytes, spanIdPos, 8)) return 'spanId: is all zero';
  return undefined;
}
