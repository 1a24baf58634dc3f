import type { RecordBatch } from 'apache-arrow';
import { requests } from '../json/messages.ts';
import { type JsonObject, toJson } from '../json/to-json.ts';
import type { TableName } from '../tables.ts';
import { WireWriter } from '../wire/writer.ts';
import { listAttributes } from './attributes.ts';
import { cellsOf } from './cells.ts';
import { bytesField, type FieldWriter, integerField } from './fields.ts';
import { keyOf, OriginGroups, type ScopeGroup } from './groups.ts';
import { originsOf } from './origin.ts';
import { pointWriters } from './points.ts';

/** Rows of one of the metrics' tables. */
export interface MetricRows {
  readonly table: TableName;
  readonly batch: RecordBatch;
}

/** The fields of Metric that hold the points. */
const dataFields: Partial<Record<TableName, number>> = {
  metrics_gauge: 5,
  metrics_sum: 7,
  metrics_histogram: 9,
  metrics_exponential_histogram: 10,
  metrics_summary: 11,
};

/** A metric: points with the same name, unit, type and so on. */
interface MetricGroup {
  readonly field: number;
  /** Metric's own fields. */
  readonly header: Uint8Array;
  /** The fields that stand beside the points: temporality, monotonicity. */
  readonly aggregation: Uint8Array;
  readonly points: WireWriter;
}

/** Rows of the metrics' tables as OTLP again: MetricsData, in protobuf or in OTLP's JSON. Points of equal metrics come together. */
export function encodeMetrics(rows: readonly MetricRows[], as: 'protobuf'): Uint8Array;
export function encodeMetrics(rows: readonly MetricRows[], as: 'json-otlp'): JsonObject;
export function encodeMetrics(rows: readonly MetricRows[], as: 'protobuf' | 'json-otlp'): Uint8Array | JsonObject {
  const groups = new OriginGroups();
  const metrics = new Map<ScopeGroup, Map<string, MetricGroup>>();
  for (const { table, batch } of rows) {
    const origins = originsOf(batch);
    const metricOf = metricFinder(table, batch);
    const writePoint = pointWriters[table]?.(batch);
    if (!writePoint) throw new TypeError(`${table} is not a table of metrics`);
    for (let row = 0; row < batch.numRows; row++) {
      const scope = groups.scope(origins.resource(row), () => origins.scope(row));
      const ofScope = metrics.get(scope) ?? new Map<string, MetricGroup>();
      metrics.set(scope, ofScope);
      const { points } = metricOf(ofScope, row);
      const point = points.open(1);
      writePoint(points, row);
      points.close(point);
    }
  }
  for (const [scope, ofScope] of metrics) for (const metric of ofScope.values()) writeMetric(scope.items, metric);
  const bytes = groups.finish();
  return as === 'protobuf' ? bytes : { resourceMetrics: [], ...toJson(requests.metrics, bytes) };
}

function metricFinder(table: TableName, batch: RecordBatch) {
  const field = dataFields[table]!;
  const header = headerWriter(batch);
  const aggregation = [integerField(batch, 'aggregation_temporality', 2), monotonic(batch)];
  const out = new WireWriter();
  return (metrics: Map<string, MetricGroup>, row: number): MetricGroup => {
    out.clear();
    header(out, row);
    const headerLength = out.length;
    for (const write of aggregation) write(out, row);
    const key = `${field} ${headerLength} ${keyOf(out.written)}`;
    let group = metrics.get(key);
    if (!group) {
      const bytes = out.finish();
      const points = new WireWriter();
      group = { field, header: bytes.subarray(0, headerLength), aggregation: bytes.subarray(headerLength), points };
      metrics.set(key, group);
    }
    return group;
  };
}

function headerWriter(batch: RecordBatch): FieldWriter {
  const name = bytesField(batch, 'name', 1);
  const description = bytesField(batch, 'description', 2);
  const unit = bytesField(batch, 'unit', 3);
  const metadata = listAttributes(cellsOf(batch, 'metadata'));
  return (out, row) => {
    name(out, row);
    description(out, row);
    unit(out, row);
    metadata.write(out, 12, row);
  };
}

function monotonic(batch: RecordBatch): FieldWriter {
  const cells = cellsOf(batch, 'is_monotonic');
  return (out, row) => {
    if (!cells || cells.isNull(row) || !cells.bool(row)) return;
    out.tag(3, 0);
    out.varint32(1);
  };
}

function writeMetric(out: WireWriter, { field, header, aggregation, points }: MetricGroup): void {
  const metric = out.open(2);
  out.raw(header);
  const data = out.open(field);
  out.raw(points.written);
  out.raw(aggregation);
  out.close(data);
  out.close(metric);
}
