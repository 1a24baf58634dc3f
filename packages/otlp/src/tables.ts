import {
  Bool,
  type DataType,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  Schema,
  Struct,
  Timestamp,
  TimeUnit,
  Utf8,
} from 'apache-arrow';
import { columnComments, tableComments } from './table-comments.ts';

export type Signal = 'traces' | 'logs' | 'metrics';

export type TableName =
  | 'traces'
  | 'logs'
  | 'metrics_gauge'
  | 'metrics_sum'
  | 'metrics_histogram'
  | 'metrics_exponential_histogram'
  | 'metrics_summary';

/** Whose attributes a column holds; the column of attribute `k` is `<scope>.<k>`, the rest goes to `<scope>_overflow`. */
export type AttributeScopeName = 'span' | 'log' | 'metric' | 'resource' | 'scope';

/** What is fixed about a signal's table. docs/formats/tables.md says what the columns mean. */
export interface SignalTable {
  readonly name: TableName;
  readonly signal: Signal;
  /** The columns that every batch has, in this order; attribute columns follow them. */
  readonly baseSchema: Schema;
  /** The row's own time, in nanoseconds. */
  readonly timeColumn: 'start_time' | 'time';
  readonly sortKey: readonly string[];
  /** The columns that name a row, where there are such. Not enforced: a sender that repeats itself is taken at its word. */
  readonly primaryKey: readonly string[];
  /** What a row is. */
  readonly comment: string;
  /** What each column of the base schema is, and its unit. */
  readonly columnComments: Readonly<Record<string, string>>;
  /** The first is that of the rows themselves. */
  readonly attributeScopes: readonly AttributeScopeName[];
}

const text = new Utf8();
const int64 = new Int64();
const int32 = new Int32();
const float64 = new Float64();
const bool = new Bool();

function required(name: string, type: DataType): Field {
  return new Field(name, type, false);
}

function optional(name: string, type: DataType): Field {
  return new Field(name, type, true);
}

function listOf(type: DataType): List {
  return new List(new Field('element', type, false));
}

function structList(...fields: Field[]): List {
  return listOf(new Struct(fields));
}

/** Attributes that have no columns of their own: each with its value in OTLP's JSON. */
export const keyValueListType: List = structList(required('key', text), required('value', text));

const eventsType = structList(
  required('time', int64),
  required('name', text),
  optional('attributes', keyValueListType),
  optional('dropped_attributes_count', int64),
);

const linksType = structList(
  required('trace_id', text),
  required('span_id', text),
  optional('trace_state', text),
  optional('flags', int64),
  optional('attributes', keyValueListType),
  optional('dropped_attributes_count', int64),
);

const exemplarsType = structList(
  required('time', int64),
  optional('value', float64),
  optional('value_int', int64),
  optional('trace_id', text),
  optional('span_id', text),
  optional('attributes', keyValueListType),
);

const hour = required('hour', new Timestamp(TimeUnit.MICROSECOND, 'UTC'));

const origin = [
  optional('service_name', text),
  optional('scope_name', text),
  optional('scope_version', text),
  optional('resource_schema_url', text),
  optional('scope_schema_url', text),
  optional('resource_dropped_attributes_count', int64),
  optional('scope_dropped_attributes_count', int64),
  optional('resource_entity_refs', text),
];

function overflow(...scopes: AttributeScopeName[]): Field[] {
  return scopes.map((scope) => optional(`${scope}_overflow`, keyValueListType));
}

const traces = new Schema([
  hour,
  required('trace_id', text),
  required('span_id', text),
  optional('parent_span_id', text),
  optional('trace_state', text),
  optional('name', text),
  optional('kind', int32),
  required('start_time', int64),
  optional('duration_ns', int64),
  optional('status_code', int32),
  optional('status_message', text),
  optional('flags', int64),
  ...origin,
  optional('dropped_attributes_count', int64),
  optional('dropped_events_count', int64),
  optional('dropped_links_count', int64),
  optional('events', eventsType),
  optional('links', linksType),
  ...overflow('span', 'resource', 'scope'),
]);

const logs = new Schema([
  hour,
  required('time', int64),
  optional('observed_time', int64),
  optional('time_is_observed', bool),
  optional('trace_id', text),
  optional('span_id', text),
  optional('severity_number', int32),
  optional('severity_text', text),
  optional('body', text),
  optional('body_value', text),
  optional('event_name', text),
  optional('flags', int64),
  ...origin,
  optional('dropped_attributes_count', int64),
  ...overflow('log', 'resource', 'scope'),
]);

function metrics(...fields: Field[]): Schema {
  return new Schema([
    hour,
    optional('name', text),
    optional('description', text),
    optional('unit', text),
    required('time', int64),
    optional('start_time', int64),
    ...fields,
    optional('flags', int64),
    optional('metadata', keyValueListType),
    ...origin,
    ...overflow('metric', 'resource', 'scope'),
  ]);
}

const number = [optional('value', float64), optional('value_int', int64)];
const exemplars = optional('exemplars', exemplarsType);
const temporality = optional('aggregation_temporality', int32);
const distribution = [
  optional('count', int64),
  optional('sum', float64),
  optional('min', float64),
  optional('max', float64),
];

const schemas: Record<TableName, Schema> = {
  traces,
  logs,
  metrics_gauge: metrics(...number, exemplars),
  metrics_sum: metrics(...number, temporality, optional('is_monotonic', bool), exemplars),
  metrics_histogram: metrics(
    ...distribution,
    optional('bucket_counts', listOf(int64)),
    optional('explicit_bounds', listOf(float64)),
    temporality,
    exemplars,
  ),
  metrics_exponential_histogram: metrics(
    ...distribution,
    optional('scale', int32),
    optional('zero_count', int64),
    optional('zero_threshold', float64),
    optional('positive_offset', int32),
    optional('positive_bucket_counts', listOf(int64)),
    optional('negative_offset', int32),
    optional('negative_bucket_counts', listOf(int64)),
    temporality,
    exemplars,
  ),
  metrics_summary: metrics(
    optional('count', int64),
    optional('sum', float64),
    optional('quantiles', structList(required('quantile', float64), required('value', float64))),
  ),
};

function signalTable(name: TableName): SignalTable {
  const signal = name === 'traces' || name === 'logs' ? name : 'metrics';
  const rowScope = { traces: 'span', logs: 'log', metrics: 'metric' } as const;
  return {
    name,
    signal,
    baseSchema: schemas[name],
    timeColumn: signal === 'traces' ? 'start_time' : 'time',
    sortKey: signal === 'traces' ? ['trace_id', 'start_time'] : ['service_name', 'time'],
    primaryKey: signal === 'traces' ? ['trace_id', 'span_id'] : [],
    comment: tableComments[name],
    columnComments: columnComments(name),
    attributeScopes: [rowScope[signal], 'resource', 'scope'],
  };
}

/** The seven tables that signals are stored in. */
export const signalTables = Object.fromEntries(
  (Object.keys(schemas) as TableName[]).map((name) => [name, signalTable(name)]),
) as Record<TableName, SignalTable>;

/** The names of a signal's tables. */
export function tablesOf(signal: Signal): TableName[] {
  return (Object.keys(schemas) as TableName[]).filter((name) => signalTables[name].signal === signal);
}
