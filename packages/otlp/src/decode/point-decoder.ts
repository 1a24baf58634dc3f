import { KeyValueCursor } from '../attributes/any-value-json.ts';
import type { BoolColumn } from '../columns/bool.ts';
import type { Int32Column } from '../columns/int32.ts';
import type { KeyValueListColumn } from '../columns/key-value-list.ts';
import type { TextColumn } from '../columns/text.ts';
import type { WordsColumn } from '../columns/words.ts';
import { signalTables, type TableName } from '../tables.ts';
import type { WireReader } from '../wire/reader.ts';
import type { Envelope } from './envelope.ts';
import { readKeyValue } from './events-column.ts';
import { TableBuilder } from './table-builder.ts';

/** What all points of a metric share. Texts are where they lie in the request. */
export interface MetricHeader {
  namePos: number;
  nameLength: number;
  descriptionPos: number;
  descriptionLength: number;
  unitPos: number;
  unitLength: number;
  /** Where metadata's KeyValue fields lie, from their lengths on. */
  readonly metadata: number[];
  /** Bytes of all of these. */
  bytes: number;
  end: number;
  temporality: number;
  monotonic: boolean;
}

/** Data points of one type into rows of its table. */
export abstract class PointDecoder {
  readonly table: TableBuilder;
  readonly #name: TextColumn;
  readonly #description: TextColumn;
  readonly #unit: TextColumn;
  readonly #time: WordsColumn;
  readonly #startTime: WordsColumn;
  readonly #flags: WordsColumn;
  readonly #metadata: KeyValueListColumn;
  readonly #entry = new KeyValueCursor();
  // Of the point being read.
  #timeLo = 0;
  #timeHi = 0;
  #flagBits = 0;

  constructor(name: TableName, attributeColumnsMax: number) {
    const table = new TableBuilder(signalTables[name], attributeColumnsMax);
    this.table = table;
    this.#name = table.column('name') as TextColumn;
    this.#description = table.column('description') as TextColumn;
    this.#unit = table.column('unit') as TextColumn;
    this.#time = table.column('time') as WordsColumn;
    this.#startTime = table.column('start_time') as WordsColumn;
    this.#flags = table.column('flags') as WordsColumn;
    this.#metadata = table.column('metadata') as KeyValueListColumn;
  }

  /** Takes the point in [start, end). */
  add(envelope: Envelope, header: MetricHeader, start: number, end: number): void {
    const { table } = this;
    const { wire } = envelope;
    table.enter(envelope);
    envelope.spend(header.bytes);
    const row = table.rows;
    this.#timeLo = this.#timeHi = this.#flagBits = 0;
    this.#addHeader(wire, row, header);
    wire.pos = start;
    this.read(wire, row, end);
    table.hour.append(row, this.#timeLo, this.#timeHi);
    this.#time.append(row, this.#timeLo, this.#timeHi);
    this.#flags.append(row, this.#flagBits, 0);
    this.addAggregation(row, header);
    table.rows = row + 1;
  }

  #addHeader(wire: WireReader, row: number, header: MetricHeader): void {
    this.#name.append(row, wire, header.namePos, header.nameLength);
    if (header.descriptionLength > 0) {
      this.#description.append(row, wire, header.descriptionPos, header.descriptionLength);
    }
    if (header.unitLength > 0) this.#unit.append(row, wire, header.unitPos, header.unitLength);
    for (const pos of header.metadata) {
      wire.pos = pos;
      readKeyValue(this.#metadata, row, wire, header.end, this.#entry);
    }
  }

  /** Reads the point's fields up to `end`. */
  protected abstract read(wire: WireReader, row: number, end: number): void;

  /** Sets temporality and monotonicity, where the table has them. */
  protected addAggregation(_row: number, _header: MetricHeader): void {}

  protected addAttribute(wire: WireReader, row: number, end: number): void {
    const next = (wire.length(end) + wire.pos) | 0;
    this.table.attributes.add(wire, row, wire.pos, next);
    wire.pos = next;
  }

  protected setStartTime(wire: WireReader, row: number, end: number): void {
    wire.fixed64(end);
    this.#startTime.truncate(row);
    if ((wire.lo | wire.hi) !== 0) this.#startTime.append(row, wire.lo, wire.hi);
  }

  protected setTime(wire: WireReader, end: number): void {
    wire.fixed64(end);
    this.#timeLo = wire.lo;
    this.#timeHi = wire.hi;
  }

  protected setFlags(wire: WireReader, end: number): void {
    wire.varint(end);
    this.#flagBits = wire.lo;
  }
}

/** A 64-bit field straight into its column. */
export function setFixed64(column: WordsColumn, wire: WireReader, row: number, end: number): void {
  wire.fixed64(end);
  column.append(row, wire.lo, wire.hi);
}

/** The columns of how a metric's points add up. */
export class AggregationColumns {
  readonly #temporality: Int32Column;
  readonly #monotonic: BoolColumn | undefined;

  constructor(table: TableBuilder, monotonic?: BoolColumn) {
    this.#temporality = table.column('aggregation_temporality') as Int32Column;
    this.#monotonic = monotonic;
  }

  add(row: number, header: MetricHeader): void {
    this.#temporality.append(row, header.temporality);
    this.#monotonic?.append(row, header.monotonic);
  }
}
