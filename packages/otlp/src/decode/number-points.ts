import type { BoolColumn } from '../columns/bool.ts';
import type { WordsColumn } from '../columns/words.ts';
import type { WireReader } from '../wire/reader.ts';
import { ExemplarsColumn } from './exemplars-column.ts';
import { NumberColumns } from './number-columns.ts';
import { AggregationColumns, type MetricHeader, PointDecoder } from './point-decoder.ts';

const NUMBER_DATA_POINT_FIELDS = 0b1_1111_1100;

/** NumberDataPoints: the points of gauges and sums. */
export class NumberPoints extends PointDecoder {
  readonly #number: NumberColumns;
  readonly #exemplars: ExemplarsColumn;
  readonly #aggregation: AggregationColumns | undefined;

  constructor(name: 'metrics_gauge' | 'metrics_sum', attributeColumnsMax: number) {
    super(name, attributeColumnsMax);
    const { table } = this;
    this.#number = new NumberColumns(table.column('value') as WordsColumn, table.column('value_int') as WordsColumn);
    this.#exemplars = new ExemplarsColumn(table.column('exemplars'));
    if (name === 'metrics_sum') {
      this.#aggregation = new AggregationColumns(table, table.column('is_monotonic') as BoolColumn);
    }
  }

  protected override read(wire: WireReader, row: number, end: number): void {
    while (wire.pos < end) {
      const tag = wire.tag(end);
      switch (tag) {
        case 0x11:
          this.setStartTime(wire, row, end);
          break;
        case 0x19:
          this.setTime(wire, end);
          break;
        case 0x21: // as_double
          this.#number.setDouble(row, wire, end);
          break;
        case 0x2a: // exemplars
          this.#exemplars.add(row, wire, end);
          break;
        case 0x31: // as_int
          this.#number.setInteger(row, wire, end);
          break;
        case 0x3a:
          this.addAttribute(wire, row, end);
          break;
        case 0x40:
          this.setFlags(wire, end);
          break;
        default:
          wire.skip(tag, end, NUMBER_DATA_POINT_FIELDS);
      }
    }
  }

  protected override addAggregation(row: number, header: MetricHeader): void {
    this.#aggregation?.add(row, header);
  }
}
