import type { Int32Column } from '../columns/int32.ts';
import type { ListColumn } from '../columns/list.ts';
import type { WordsColumn } from '../columns/words.ts';
import type { WireReader } from '../wire/reader.ts';
import { ExemplarsColumn } from './exemplars-column.ts';
import { AggregationColumns, type MetricHeader, PointDecoder, setFixed64 } from './point-decoder.ts';
import type { TableBuilder } from './table-builder.ts';

const EXPONENTIAL_HISTOGRAM_DATA_POINT_FIELDS = 0b111_1111_1111_1110;
const BUCKETS_FIELDS = 0b110;

/** ExponentialHistogramDataPoints. */
export class ExponentialHistogramPoints extends PointDecoder {
  readonly #count: WordsColumn;
  readonly #sum: WordsColumn;
  readonly #min: WordsColumn;
  readonly #max: WordsColumn;
  readonly #scale: Int32Column;
  readonly #zeroCount: WordsColumn;
  readonly #zeroThreshold: WordsColumn;
  readonly #positive: Buckets;
  readonly #negative: Buckets;
  readonly #exemplars: ExemplarsColumn;
  readonly #aggregation: AggregationColumns;

  constructor(attributeColumnsMax: number) {
    super('metrics_exponential_histogram', attributeColumnsMax);
    const { table } = this;
    this.#count = table.column('count') as WordsColumn;
    this.#sum = table.column('sum') as WordsColumn;
    this.#min = table.column('min') as WordsColumn;
    this.#max = table.column('max') as WordsColumn;
    this.#scale = table.column('scale') as Int32Column;
    this.#zeroCount = table.column('zero_count') as WordsColumn;
    this.#zeroThreshold = table.column('zero_threshold') as WordsColumn;
    this.#positive = new Buckets(table, 'positive');
    this.#negative = new Buckets(table, 'negative');
    this.#exemplars = new ExemplarsColumn(table.column('exemplars'));
    this.#aggregation = new AggregationColumns(table);
  }

  protected override read(wire: WireReader, row: number, end: number): void {
    this.#count.append(row, 0, 0);
    this.#scale.append(row, 0);
    this.#zeroCount.append(row, 0, 0);
    this.#zeroThreshold.append(row, 0, 0);
    while (wire.pos < end) {
      const tag = wire.tag(end);
      switch (tag) {
        case 0x0a:
          this.addAttribute(wire, row, end);
          break;
        case 0x11:
          this.setStartTime(wire, row, end);
          break;
        case 0x19:
          this.setTime(wire, end);
          break;
        case 0x21: // count
          setFixed64(this.#count, wire, row, end);
          break;
        case 0x29: // sum
          setFixed64(this.#sum, wire, row, end);
          break;
        case 0x30: // scale
          this.#scale.append(row, zigzag32(wire, end));
          break;
        case 0x39: // zero_count
          setFixed64(this.#zeroCount, wire, row, end);
          break;
        case 0x42:
          this.#positive.read(wire, row, end);
          break;
        case 0x4a:
          this.#negative.read(wire, row, end);
          break;
        case 0x50:
          this.setFlags(wire, end);
          break;
        case 0x5a: // exemplars
          this.#exemplars.add(row, wire, end);
          break;
        case 0x61: // min
          setFixed64(this.#min, wire, row, end);
          break;
        case 0x69: // max
          setFixed64(this.#max, wire, row, end);
          break;
        case 0x71: // zero_threshold
          setFixed64(this.#zeroThreshold, wire, row, end);
          break;
        default:
          wire.skip(tag, end, EXPONENTIAL_HISTOGRAM_DATA_POINT_FIELDS);
      }
    }
  }

  protected override addAggregation(row: number, header: MetricHeader): void {
    this.#aggregation.add(row, header);
  }
}

function zigzag32(wire: WireReader, end: number): number {
  wire.varint(end);
  return (wire.lo >>> 1) ^ -(wire.lo & 1);
}

/** The buckets on one side of zero. Without them the offset is null. */
class Buckets {
  readonly #offset: Int32Column;
  readonly #counts: ListColumn<WordsColumn>;

  constructor(table: TableBuilder, side: 'positive' | 'negative') {
    this.#offset = table.column(`${side}_offset`) as Int32Column;
    this.#counts = table.column(`${side}_bucket_counts`) as ListColumn<WordsColumn>;
  }

  read(wire: WireReader, row: number, outerEnd: number): void {
    const end = wire.length(outerEnd) + wire.pos;
    if (this.#offset.rows <= row) this.#offset.append(row, 0);
    while (wire.pos < end) {
      const tag = wire.tag(end);
      if (tag === 0x08) this.#offset.append(row, zigzag32(wire, end));
      else if (tag === 0x10) this.#addCount(wire, row, end);
      else if (tag === 0x12) {
        const last = wire.length(end) + wire.pos;
        while (wire.pos < last) this.#addCount(wire, row, last);
      } else wire.skip(tag, end, BUCKETS_FIELDS);
    }
  }

  #addCount(wire: WireReader, row: number, end: number): void {
    wire.varint(end);
    this.#counts.child.append(this.#counts.add(row), wire.lo, wire.hi);
  }
}
