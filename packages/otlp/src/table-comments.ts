import type { TableName } from './tables.ts';

type Comments = Readonly<Record<string, string>>;

const ns = 'nanoseconds since 1970-01-01 UTC';

/** What a row of each table is. */
export const tableComments: Readonly<Record<TableName, string>> = {
  traces: 'Spans: one row a span',
  logs: 'Log records: one row a record',
  metrics_gauge: 'Data points of gauges: one row a point',
  metrics_sum: 'Data points of sums (counters): one row a point',
  metrics_histogram: 'Data points of histograms with explicit bounds: one row a point',
  metrics_exponential_histogram: 'Data points of exponential histograms: one row a point',
  metrics_summary: 'Data points of summaries: one row a point',
};

const origin: Comments = {
  hour: 'Hour of the row’s time, UTC: what the table is partitioned by; 1970-01-01T00 for times outside of 2000 to 2099',
  service_name: 'Resource attribute service.name; null where the resource has none',
  scope_name: 'Name of the instrumentation scope',
  scope_version: 'Version of the instrumentation scope',
  resource_schema_url: 'Schema URL of the resource',
  scope_schema_url: 'Schema URL of the instrumentation scope',
  resource_dropped_attributes_count: 'Attributes that the sender dropped from the resource; null for none',
  scope_dropped_attributes_count: 'Attributes that the sender dropped from the scope; null for none',
  resource_entity_refs: 'Entities that the resource is, as OTLP’s JSON array',
  resource_overflow: 'Resource attributes without a column of their own: keys, and values in OTLP’s JSON',
  scope_overflow: 'Scope attributes without a column of their own: keys, and values in OTLP’s JSON',
};

const traces: Comments = {
  trace_id: 'Trace: 32 hexadecimal digits, lower case',
  span_id: 'Span: 16 hexadecimal digits, lower case; unique in its trace',
  parent_span_id: 'The span that this one is part of; null for a root',
  trace_state: 'W3C trace state',
  name: 'Name of the operation',
  kind: '0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer',
  start_time: `When the span began: ${ns}`,
  duration_ns: 'How long it took, in nanoseconds',
  status_code: '0 unset, 1 ok, 2 error',
  status_message: 'What the status says, mostly of an error',
  flags: 'W3C trace flags (bits 0 to 7); bit 8: it is known whether the parent is remote, bit 9: it is',
  dropped_attributes_count: 'Attributes that the sender dropped; null for none',
  dropped_events_count: 'Events that the sender dropped; null for none',
  dropped_links_count: 'Links that the sender dropped; null for none',
  events: `What happened during the span: time (${ns}), name, attributes; null for none`,
  links: 'Spans of other traces that this one refers to; null for none',
  span_overflow: 'Span attributes without a column of their own: keys, and values in OTLP’s JSON',
};

const logs: Comments = {
  time: `When it happened, or where that isn’t known, when it was observed: ${ns}`,
  observed_time: `When it was observed: ${ns}`,
  time_is_observed: 'True: the record had no time of its own, time is when it was observed',
  trace_id: 'Trace that it belongs to: 32 hexadecimal digits; null for none',
  span_id: 'Span that it belongs to: 16 hexadecimal digits; null for none',
  severity_number:
    '0 unspecified, 1 to 4 trace, 5 to 8 debug, 9 to 12 info, 13 to 16 warn, 17 to 20 error, 21 to 24 fatal',
  severity_text: 'Severity as the source names it',
  body: 'The message, where it is text',
  body_value: 'The message, where it is no text, in OTLP’s JSON',
  event_name: 'Kind of event that the record is; null for none',
  flags: 'W3C trace flags',
  dropped_attributes_count: 'Attributes that the sender dropped; null for none',
  log_overflow: 'Attributes without a column of their own: keys, and values in OTLP’s JSON',
};

const metric: Comments = {
  name: 'Name of the metric',
  description: 'What the metric measures',
  unit: 'Unit of the values, in UCUM’s spelling (ms, By, {request})',
  time: `When the value was so: ${ns}`,
  start_time: `When counting began: ${ns}`,
  flags: '1: no value was recorded',
  metadata: 'Attributes of the metric itself: keys, and values in OTLP’s JSON',
  metric_overflow: 'Attributes without a column of their own: keys, and values in OTLP’s JSON',
  exemplars: `Measurements that stand for the point: time (${ns}), value, trace and span`,
  aggregation_temporality: '0 unspecified, 1 delta (since the last point), 2 cumulative (since start_time)',
};

const number: Comments = {
  value: 'The value; of an integer the nearest double',
  value_int: 'The exact value, where it is an integer',
};

const distribution: Comments = {
  count: 'Number of measurements',
  sum: 'Sum of the measurements, in the metric’s unit',
  min: 'Least measurement, in the metric’s unit',
  max: 'Greatest measurement, in the metric’s unit',
};

const ofTable: Readonly<Record<TableName, Comments>> = {
  traces: { ...origin, ...traces },
  logs: { ...origin, ...logs },
  metrics_gauge: { ...origin, ...metric, ...number },
  metrics_sum: {
    ...origin,
    ...metric,
    ...number,
    is_monotonic: 'True: a counter, which only grows',
  },
  metrics_histogram: {
    ...origin,
    ...metric,
    ...distribution,
    bucket_counts: 'Measurements in each bucket; one bucket more than there are bounds',
    explicit_bounds: 'Upper bounds of the buckets, the last one’s left out, in the metric’s unit',
  },
  metrics_exponential_histogram: {
    ...origin,
    ...metric,
    ...distribution,
    scale: 'Resolution: bucket i holds values from base^i to base^(i+1), where base = 2^(2^-scale)',
    zero_count: 'Measurements that count as zero',
    zero_threshold: 'Greatest magnitude that counts as zero',
    positive_offset: 'Index of the first bucket of positive values',
    positive_bucket_counts: 'Measurements in each bucket of positive values',
    negative_offset: 'Index of the first bucket of negative values',
    negative_bucket_counts: 'Measurements in each bucket of negative values',
  },
  metrics_summary: {
    ...origin,
    ...metric,
    ...distribution,
    quantiles: 'Quantiles (0 to 1) and their values, in the metric’s unit',
  },
};

/** What the columns of a table are, and their units. Has every column of the table’s base schema, and may have more. */
export function columnComments(table: TableName): Comments {
  return ofTable[table];
}
