/**
 * OTLP's messages as data: what the JSON codec and error paths need to know of them. Names are those of OTLP's JSON
 * (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding); numbers and types those of proto/opentelemetry.
 */

export type ScalarType =
  | 'string'
  | 'bytes' // base64 in JSON
  | 'id' // hexadecimal in JSON
  | 'bool'
  | 'double'
  | 'enum'
  | 'uint32'
  | 'sint32'
  | 'fixed32'
  | 'int64'
  | 'uint64'
  | 'fixed64'
  | 'sfixed64';

export interface FieldSpec {
  readonly number: number;
  readonly name: string;
  readonly type: ScalarType | MessageSpec;
  readonly repeated: boolean;
  /** Members of a oneof, and fields with presence, are written even when they have their default value. */
  readonly presence: boolean;
  /** An enum's names, by which JSON may call its numbers. */
  readonly names?: Readonly<Record<string, number>>;
}

export interface MessageSpec {
  readonly name: string;
  readonly byName: Map<string, FieldSpec>;
  readonly byNumber: Map<number, FieldSpec>;
}

type Options = Partial<Pick<FieldSpec, 'repeated' | 'presence' | 'names'>>;
type Row = readonly [number: number, name: string, type: ScalarType | MessageSpec, options?: Options];

const many: Options = { repeated: true };
const present: Options = { presence: true };

function message(name: string, ...rows: Row[]): MessageSpec {
  const spec: MessageSpec = { name, byName: new Map(), byNumber: new Map() };
  return extend(spec, ...rows);
}

function extend(spec: MessageSpec, ...rows: Row[]): MessageSpec {
  for (const [number, name, type, options] of rows) {
    const field = { number, name, type, repeated: false, presence: typeof type !== 'string', ...options };
    spec.byName.set(name, field);
    spec.byNumber.set(number, field);
  }
  return spec;
}

/** An enum's names, numbered from `first` on. */
function names(prefix: string, ...list: string[]): Options {
  return { names: Object.fromEntries(list.map((name, number) => [prefix + name, number])) };
}

const anyValue = message('AnyValue');
const keyValue = message('KeyValue', [1, 'key', 'string'], [2, 'value', anyValue]);
extend(
  anyValue,
  [1, 'stringValue', 'string', present],
  [2, 'boolValue', 'bool', present],
  [3, 'intValue', 'int64', present],
  [4, 'doubleValue', 'double', present],
  [5, 'arrayValue', message('ArrayValue', [1, 'values', anyValue, many])],
  [6, 'kvlistValue', message('KeyValueList', [1, 'values', keyValue, many])],
  [7, 'bytesValue', 'bytes', present],
);

const entityRef = message(
  'EntityRef',
  [1, 'schemaUrl', 'string'],
  [2, 'type', 'string'],
  [3, 'idKeys', 'string', many],
  [4, 'descriptionKeys', 'string', many],
);
const resource = message(
  'Resource',
  [1, 'attributes', keyValue, many],
  [2, 'droppedAttributesCount', 'uint32'],
  [3, 'entityRefs', entityRef, many],
);
const scope = message(
  'InstrumentationScope',
  [1, 'name', 'string'],
  [2, 'version', 'string'],
  [3, 'attributes', keyValue, many],
  [4, 'droppedAttributesCount', 'uint32'],
);

const spanKinds = names('SPAN_KIND_', 'UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER');
const statusCodes = names('STATUS_CODE_', 'UNSET', 'OK', 'ERROR');
const severities = names(
  'SEVERITY_NUMBER_',
  'UNSPECIFIED',
  ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((name) => [name, `${name}2`, `${name}3`, `${name}4`]),
);
const temporalities = names('AGGREGATION_TEMPORALITY_', 'UNSPECIFIED', 'DELTA', 'CUMULATIVE');

const event = message(
  'Event',
  [1, 'timeUnixNano', 'fixed64'],
  [2, 'name', 'string'],
  [3, 'attributes', keyValue, many],
  [4, 'droppedAttributesCount', 'uint32'],
);
const link = message(
  'Link',
  [1, 'traceId', 'id'],
  [2, 'spanId', 'id'],
  [3, 'traceState', 'string'],
  [4, 'attributes', keyValue, many],
  [5, 'droppedAttributesCount', 'uint32'],
  [6, 'flags', 'fixed32'],
);
const span = message(
  'Span',
  [1, 'traceId', 'id'],
  [2, 'spanId', 'id'],
  [3, 'traceState', 'string'],
  [4, 'parentSpanId', 'id'],
  [5, 'name', 'string'],
  [6, 'kind', 'enum', spanKinds],
  [7, 'startTimeUnixNano', 'fixed64'],
  [8, 'endTimeUnixNano', 'fixed64'],
  [9, 'attributes', keyValue, many],
  [10, 'droppedAttributesCount', 'uint32'],
  [11, 'events', event, many],
  [12, 'droppedEventsCount', 'uint32'],
  [13, 'links', link, many],
  [14, 'droppedLinksCount', 'uint32'],
  [15, 'status', message('Status', [2, 'message', 'string'], [3, 'code', 'enum', statusCodes])],
  [16, 'flags', 'fixed32'],
);

const logRecord = message(
  'LogRecord',
  [1, 'timeUnixNano', 'fixed64'],
  [2, 'severityNumber', 'enum', severities],
  [3, 'severityText', 'string'],
  [5, 'body', anyValue],
  [6, 'attributes', keyValue, many],
  [7, 'droppedAttributesCount', 'uint32'],
  [8, 'flags', 'fixed32'],
  [9, 'traceId', 'id'],
  [10, 'spanId', 'id'],
  [11, 'observedTimeUnixNano', 'fixed64'],
  [12, 'eventName', 'string'],
);

const exemplar = message(
  'Exemplar',
  [2, 'timeUnixNano', 'fixed64'],
  [3, 'asDouble', 'double', present],
  [4, 'spanId', 'id'],
  [5, 'traceId', 'id'],
  [6, 'asInt', 'sfixed64', present],
  [7, 'filteredAttributes', keyValue, many],
);
const times: Row[] = [
  [2, 'startTimeUnixNano', 'fixed64'],
  [3, 'timeUnixNano', 'fixed64'],
];
const numberDataPoint = message(
  'NumberDataPoint',
  ...times,
  [4, 'asDouble', 'double', present],
  [5, 'exemplars', exemplar, many],
  [6, 'asInt', 'sfixed64', present],
  [7, 'attributes', keyValue, many],
  [8, 'flags', 'uint32'],
);
const histogramDataPoint = message(
  'HistogramDataPoint',
  ...times,
  [4, 'count', 'fixed64'],
  [5, 'sum', 'double', present],
  [6, 'bucketCounts', 'fixed64', many],
  [7, 'explicitBounds', 'double', many],
  [8, 'exemplars', exemplar, many],
  [9, 'attributes', keyValue, many],
  [10, 'flags', 'uint32'],
  [11, 'min', 'double', present],
  [12, 'max', 'double', present],
);
const buckets = message('Buckets', [1, 'offset', 'sint32'], [2, 'bucketCounts', 'uint64', many]);
const exponentialHistogramDataPoint = message(
  'ExponentialHistogramDataPoint',
  [1, 'attributes', keyValue, many],
  ...times,
  [4, 'count', 'fixed64'],
  [5, 'sum', 'double', present],
  [6, 'scale', 'sint32'],
  [7, 'zeroCount', 'fixed64'],
  [8, 'positive', buckets],
  [9, 'negative', buckets],
  [10, 'flags', 'uint32'],
  [11, 'exemplars', exemplar, many],
  [12, 'min', 'double', present],
  [13, 'max', 'double', present],
  [14, 'zeroThreshold', 'double'],
);
const summaryDataPoint = message(
  'SummaryDataPoint',
  ...times,
  [4, 'count', 'fixed64'],
  [5, 'sum', 'double'],
  [6, 'quantileValues', message('ValueAtQuantile', [1, 'quantile', 'double'], [2, 'value', 'double']), many],
  [7, 'attributes', keyValue, many],
  [8, 'flags', 'uint32'],
);

function aggregation(name: string, point: MessageSpec, ...rows: Row[]): MessageSpec {
  return message(name, [1, 'dataPoints', point, many], ...rows);
}

const temporality: Row = [2, 'aggregationTemporality', 'enum', temporalities];
const metric = message(
  'Metric',
  [1, 'name', 'string'],
  [2, 'description', 'string'],
  [3, 'unit', 'string'],
  [5, 'gauge', aggregation('Gauge', numberDataPoint)],
  [7, 'sum', aggregation('Sum', numberDataPoint, temporality, [3, 'isMonotonic', 'bool'])],
  [9, 'histogram', aggregation('Histogram', histogramDataPoint, temporality)],
  [10, 'exponentialHistogram', aggregation('ExponentialHistogram', exponentialHistogramDataPoint, temporality)],
  [11, 'summary', aggregation('Summary', summaryDataPoint)],
  [12, 'metadata', keyValue, many],
);

/** An export request: `resource<Kind>` of `scope<Kind>` of items. */
function request(kind: string, items: string, item: MessageSpec): MessageSpec {
  const group = message(`Scope${kind}`, [1, 'scope', scope], [2, items, item, many], [3, 'schemaUrl', 'string']);
  const resourceGroup = message(
    `Resource${kind}`,
    [1, 'resource', resource],
    [2, `scope${kind}`, group, many],
    [3, 'schemaUrl', 'string'],
  );
  return message(`Export${kind}ServiceRequest`, [1, `resource${kind}`, resourceGroup, many]);
}

/** The export requests of the signals; TracesData, LogsData and MetricsData have the same form. */
export const requests = {
  traces: request('Spans', 'spans', span),
  logs: request('Logs', 'logRecords', logRecord),
  metrics: request('Metrics', 'metrics', metric),
} as const;

export { anyValue, entityRef };
