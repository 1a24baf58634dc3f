import type { RecordBatch } from 'apache-arrow';
import type { TableName } from '../tables.ts';
import { attributesOf, listAttributes } from './attributes.ts';
import { type Cells, cellsOf } from './cells.ts';
import {
  type FieldWriter,
  fixed64Field,
  fixed64Of,
  idOf,
  integerField,
  presentDoubleOf,
  presentFixed64Of,
  zigzagOf,
} from './fields.ts';

/** How the points of each table are written. */
export const pointWriters: Partial<Record<TableName, (batch: RecordBatch) => FieldWriter>> = {
  metrics_gauge: numberPoint,
  metrics_sum: numberPoint,
  metrics_histogram: histogramPoint,
  metrics_exponential_histogram: exponentialHistogramPoint,
  metrics_summary: summaryPoint,
};

function all(...fields: FieldWriter[]): FieldWriter {
  return (out, row) => {
    for (const write of fields) write(out, row);
  };
}

function attributesField(batch: RecordBatch, field: number): FieldWriter {
  const attributes = attributesOf(batch, 'metric');
  return (out, row) => attributes.write(out, field, row);
}

function present(batch: RecordBatch, column: string, field: number): FieldWriter {
  return presentDoubleOf(cellsOf(batch, column), field);
}

function times(batch: RecordBatch): FieldWriter {
  return all(fixed64Field(batch, 'start_time', 2), fixed64Field(batch, 'time', 3));
}

function numberPoint(batch: RecordBatch): FieldWriter {
  return all(
    times(batch),
    value(cellsOf(batch, 'value'), cellsOf(batch, 'value_int'), 4),
    exemplars(cellsOf(batch, 'exemplars'), 5),
    attributesField(batch, 7),
    integerField(batch, 'flags', 8),
  );
}

/** An integer (field 6) where there is one, else a double. */
function value(doubles: Cells | undefined, integers: Cells | undefined, doubleField: number): FieldWriter {
  const writeInteger = presentFixed64Of(integers, 6);
  const writeDouble = presentDoubleOf(doubles, doubleField);
  return (out, row) => {
    if (integers && !integers.isNull(row)) writeInteger(out, row);
    else writeDouble(out, row);
  };
}

function exemplars(cells: Cells | undefined, field: number): FieldWriter {
  const fields = cells?.child?.fields;
  const attributes = listAttributes(fields?.get('attributes'));
  const write = all(
    fixed64Of(fields?.get('time'), 2),
    value(fields?.get('value'), fields?.get('value_int'), 3),
    idOf(fields?.get('span_id'), 4),
    idOf(fields?.get('trace_id'), 5),
    (out, row) => attributes.write(out, 7, row),
  );
  return listOf(cells, field, write);
}

/** A repeated message field from a list column. */
function listOf(cells: Cells | undefined, field: number, write: FieldWriter): FieldWriter {
  return (out, row) => {
    if (!cells || cells.isNull(row)) return;
    for (let i = cells.start(row); i < cells.start(row + 1); i++) {
      const message = out.open(field);
      write(out, i);
      out.close(message);
    }
  };
}

/** A packed repeated field from a list column of numbers. */
function packed(cells: Cells | undefined, field: number, as: 'fixed64' | 'varint64' | 'double'): FieldWriter {
  return (out, row) => {
    const child = cells?.child;
    if (!cells || !child || cells.isNull(row) || cells.start(row) === cells.start(row + 1)) return;
    const start = out.open(field);
    for (let i = cells.start(row); i < cells.start(row + 1); i++) {
      if (as === 'double') out.double(child.number(i));
      else {
        child.integer(i);
        out[as](child.lo, child.hi);
      }
    }
    out.close(start);
  };
}

function histogramPoint(batch: RecordBatch): FieldWriter {
  return all(
    times(batch),
    fixed64Field(batch, 'count', 4),
    present(batch, 'sum', 5),
    packed(cellsOf(batch, 'bucket_counts'), 6, 'fixed64'),
    packed(cellsOf(batch, 'explicit_bounds'), 7, 'double'),
    exemplars(cellsOf(batch, 'exemplars'), 8),
    attributesField(batch, 9),
    integerField(batch, 'flags', 10),
    present(batch, 'min', 11),
    present(batch, 'max', 12),
  );
}

function exponentialHistogramPoint(batch: RecordBatch): FieldWriter {
  return all(
    attributesField(batch, 1),
    times(batch),
    fixed64Field(batch, 'count', 4),
    present(batch, 'sum', 5),
    zigzagOf(cellsOf(batch, 'scale'), 6),
    fixed64Field(batch, 'zero_count', 7),
    buckets(batch, 'positive', 8),
    buckets(batch, 'negative', 9),
    integerField(batch, 'flags', 10),
    exemplars(cellsOf(batch, 'exemplars'), 11),
    present(batch, 'min', 12),
    present(batch, 'max', 13),
    nonZeroDouble(cellsOf(batch, 'zero_threshold'), 14),
  );
}

function buckets(batch: RecordBatch, side: 'positive' | 'negative', field: number): FieldWriter {
  const offsets = cellsOf(batch, `${side}_offset`);
  const write = all(zigzagOf(offsets, 1), packed(cellsOf(batch, `${side}_bucket_counts`), 2, 'varint64'));
  return (out, row) => {
    if (!offsets || offsets.isNull(row)) return;
    const message = out.open(field);
    write(out, row);
    out.close(message);
  };
}

/** A double without presence: positive zero, which is all bits zero, is its default. */
function nonZeroDouble(cells: Cells | undefined, field: number): FieldWriter {
  const write = presentDoubleOf(cells, field);
  return (out, row) => {
    if (cells && !cells.isNull(row) && !Object.is(cells.number(row), 0)) write(out, row);
  };
}

function summaryPoint(batch: RecordBatch): FieldWriter {
  const quantiles = cellsOf(batch, 'quantiles');
  const fields = quantiles?.child?.fields;
  const quantile = all(nonZeroDouble(fields?.get('quantile'), 1), nonZeroDouble(fields?.get('value'), 2));
  return all(
    times(batch),
    fixed64Field(batch, 'count', 4),
    nonZeroDouble(cellsOf(batch, 'sum'), 5),
    listOf(quantiles, 6, quantile),
    attributesField(batch, 7),
    integerField(batch, 'flags', 8),
  );
}
