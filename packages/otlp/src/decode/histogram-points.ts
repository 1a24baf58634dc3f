import type { ListColumn } from '../columns/list.ts';
import type { WordsColumn } from '../columns/words.ts';
import type { WireReader } from '../wire/reader.ts';
import { ExemplarsColumn } from './exemplars-column.ts';
import { AggregationColumns, type MetricHeader, PointDecoder, setFixed64 } from './point-decoder.ts';

const HISTOGRAM_DATA_POINT_FIELDS = 0b1_1111_1111_1100;

/** HistogramDataPoints. */
export class HistogramPoints extends PointDecoder {
  readonly #count: WordsColumn;
  readonly #sum: WordsColumn;
  readonly #min: WordsColumn;
  readonly #max: WordsColumn;
  readonly #bucketCounts: ListColumn<WordsColumn>;
  readonly #explicitBounds: ListColumn<WordsColumn>;
  readonly #exemplars: ExemplarsColumn;
  readonly #aggregation: AggregationColumns;

  constructor(attributeColumnsMax: number) {
    super('metrics_histogram', attributeColumnsMax);
    const { table } = this;
    this.#count = table.column('count') as WordsColumn;
    this.#sum = table.column('sum') as WordsColumn;
    this.#min = table.column('min') as WordsColumn;
    this.#max = table.column('max') as WordsColumn;
    this.#bucketCounts = table.column('bucket_counts') as ListColumn<WordsColumn>;
    this.#explicitBounds = table.column('explicit_bounds') as ListColumn<WordsColumn>;
    this.#exemplars = new ExemplarsColumn(table.column('exemplars'));
    this.#aggregation = new AggregationColumns(table);
  }

  protected override read(wire: WireReader, row: number, end: number): void {
    this.#count.append(row, 0, 0);
    while (wire.pos < end) {
      const tag = wire.tag(end);
      switch (tag) {
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
        case 0x31: // bucket_counts, one by one
        case 0x32: // bucket_counts, packed
          addFixed64s(this.#bucketCounts, wire, row, tag, end);
          break;
        case 0x39: // explicit_bounds, one by one
        case 0x3a: // explicit_bounds, packed
          addFixed64s(this.#explicitBounds, wire, row, tag, end);
          break;
        case 0x42: // exemplars
          this.#exemplars.add(row, wire, end);
          break;
        case 0x4a:
          this.addAttribute(wire, row, end);
          break;
        case 0x50:
          this.setFlags(wire, end);
          break;
        case 0x59: // min
          setFixed64(this.#min, wire, row, end);
          break;
        case 0x61: // max
          setFixed64(this.#max, wire, row, end);
          break;
        default:
          wire.skip(tag, end, HISTOGRAM_DATA_POINT_FIELDS);
      }
    }
  }

  protected override addAggregation(row: number, header: MetricHeader): void {
    this.#aggregation.add(row, header);
  }
}

/** One element, or a packed run of them, of a repeated 64-bit field. */
function addFixed64s(list: ListColumn<WordsColumn>, wire: WireReader, row: number, tag: number, end: number): void {
  const last = (tag & 7) === 2 ? wire.length(end) + wire.pos : wire.pos + 1;
  while (wire.pos < last) {
    wire.fixed64((tag & 7) === 2 ? last : end);
    list.child.append(list.add(row), wire.lo, wire.hi);
  }
}
