import type { ListColumn } from '../columns/list.ts';
import type { StructColumn } from '../columns/struct.ts';
import type { WordsColumn } from '../columns/words.ts';
import type { WireReader } from '../wire/reader.ts';
import { PointDecoder, setFixed64 } from './point-decoder.ts';

const SUMMARY_DATA_POINT_FIELDS = 0b1_1111_1100;
const VALUE_AT_QUANTILE_FIELDS = 0b110;

/** SummaryDataPoints. */
export class SummaryPoints extends PointDecoder {
  readonly #count: WordsColumn;
  readonly #sum: WordsColumn;
  readonly #quantiles: ListColumn<StructColumn<{ quantile: WordsColumn; value: WordsColumn }>>;

  constructor(attributeColumnsMax: number) {
    super('metrics_summary', attributeColumnsMax);
    const { table } = this;
    this.#count = table.column('count') as WordsColumn;
    this.#sum = table.column('sum') as WordsColumn;
    this.#quantiles = table.column('quantiles') as ListColumn<
      StructColumn<{ quantile: WordsColumn; value: WordsColumn }>
    >;
  }

  protected override read(wire: WireReader, row: number, end: number): void {
    this.#count.append(row, 0, 0);
    this.#sum.append(row, 0, 0);
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
        case 0x32: // quantile_values
          this.#addQuantile(wire, row, end);
          break;
        case 0x3a:
          this.addAttribute(wire, row, end);
          break;
        case 0x40:
          this.setFlags(wire, end);
          break;
        default:
          wire.skip(tag, end, SUMMARY_DATA_POINT_FIELDS);
      }
    }
  }

  #addQuantile(wire: WireReader, row: number, outerEnd: number): void {
    const end = wire.length(outerEnd) + wire.pos;
    const element = this.#quantiles.add(row);
    const { quantile, value } = this.#quantiles.child.fields;
    quantile.append(element, 0, 0);
    value.append(element, 0, 0);
    while (wire.pos < end) {
      const tag = wire.tag(end);
      if (tag === 0x09) setFixed64(quantile, wire, element, end);
      else if (tag === 0x11) setFixed64(value, wire, element, end);
      else wire.skip(tag, end, VALUE_AT_QUANTILE_FIELDS);
    }
  }
}
