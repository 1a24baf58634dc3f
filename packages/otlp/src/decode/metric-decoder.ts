import type { WireReader } from '../wire/reader.ts';
import type { Envelope } from './envelope.ts';
import { ExponentialHistogramPoints } from './exponential-histogram-points.ts';
import { HistogramPoints } from './histogram-points.ts';
import { NumberPoints } from './number-points.ts';
import type { MetricHeader, PointDecoder } from './point-decoder.ts';
import { SignalDecoder } from './signal-decoder.ts';
import { SummaryPoints } from './summary-points.ts';

const METRIC_FIELDS = 0b1_1110_1010_1110; // 1, 2, 3, 5, 7, 9 to 12
const GAUGE_FIELDS = 0b10;
const SUM_FIELDS = 0b1110;

/** Metrics into rows of their five tables, one row a data point. A metric without points leaves no trace. */
export class MetricDecoder extends SignalDecoder {
  /** By the number of the field that holds the points. */
  readonly #points: ReadonlyMap<number, PointDecoder>;
  readonly #header: MetricHeader = {
    namePos: 0,
    nameLength: 0,
    descriptionPos: 0,
    descriptionLength: 0,
    unitPos: 0,
    unitLength: 0,
    metadata: [],
    bytes: 0,
    end: 0,
    temporality: 0,
    monotonic: false,
  };

  constructor(attributeColumnsMax: number) {
    const points = new Map<number, PointDecoder>([
      [5, new NumberPoints('metrics_gauge', attributeColumnsMax)],
      [7, new NumberPoints('metrics_sum', attributeColumnsMax)],
      [9, new HistogramPoints(attributeColumnsMax)],
      [10, new ExponentialHistogramPoints(attributeColumnsMax)],
      [11, new SummaryPoints(attributeColumnsMax)],
    ]);
    super([...points.values()].map(({ table }) => table));
    this.#points = points;
  }

  override item(envelope: Envelope, start: number, end: number): void {
    const { wire } = envelope;
    const header = this.#header;
    header.nameLength = header.descriptionLength = header.unitLength = header.metadata.length = 0;
    header.bytes = 0;
    header.end = end;
    let data = 0;
    let dataPos = 0;
    let dataEnd = 0;
    wire.pos = start;
    while (wire.pos < end) {
      const tag = wire.tag(end);
      const field = tag >>> 3;
      if ((tag & 7) !== 2 || field > 12 || ((METRIC_FIELDS >>> field) & 1) === 0) {
        wire.skip(tag, end, METRIC_FIELDS);
        continue;
      }
      const lengthPos = wire.pos;
      const length = wire.length(end);
      if (field <= 3 || field === 12) header.bytes += length;
      if (field === 12) header.metadata.push(lengthPos);
      else if (field <= 3) setText(header, field, wire.pos, length);
      else {
        data = field;
        dataPos = wire.pos;
        dataEnd = wire.pos + length;
      }
      wire.pos = (wire.pos + length) | 0;
    }
    const points = this.#points.get(data);
    if (points) this.#addPoints(envelope, points, data, dataPos, dataEnd);
  }

  #addPoints(envelope: Envelope, points: PointDecoder, data: number, start: number, end: number): void {
    const { wire } = envelope;
    this.#readAggregation(wire, data === 7 ? SUM_FIELDS : GAUGE_FIELDS, start, end);
    wire.pos = start;
    while (wire.pos < end) {
      const tag = wire.tag(end);
      if (tag !== 0x0a) {
        wire.skip(tag, end);
        continue;
      }
      const next = (wire.length(end) + wire.pos) | 0;
      points.add(envelope, this.#header, wire.pos, next);
      wire.pos = next;
    }
  }

  /** Temporality and monotonicity stand behind the points, but belong into their rows. */
  #readAggregation(wire: WireReader, known: number, start: number, end: number): void {
    const header = this.#header;
    header.temporality = 0;
    header.monotonic = false;
    wire.pos = start;
    while (wire.pos < end) {
      const tag = wire.tag(end);
      if (tag === 0x10 || tag === 0x18) {
        wire.varint(end);
        if (tag === 0x10) header.temporality = wire.lo;
        else header.monotonic = (wire.lo | wire.hi) !== 0;
      } else wire.skip(tag, end, tag === 0x0a ? 0 : known);
    }
  }
}

function setText(header: MetricHeader, field: number, pos: number, length: number): void {
  if (field === 1) {
    header.namePos = pos;
    header.nameLength = length;
  } else if (field === 2) {
    header.descriptionPos = pos;
    header.descriptionLength = length;
  } else {
    header.unitPos = pos;
    header.unitLength = length;
  }
}
