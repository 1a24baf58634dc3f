import type { AnyValue, KeyValue } from '@signaldb/proto/opentelemetry/proto/common/v1/common';
import type { LogRecord, LogsData } from '@signaldb/proto/opentelemetry/proto/logs/v1/logs';
import type {
  Exemplar,
  Metric,
  MetricsData,
  NumberDataPoint,
} from '@signaldb/proto/opentelemetry/proto/metrics/v1/metrics';
import type { Span, TracesData } from '@signaldb/proto/opentelemetry/proto/trace/v1/trace';

const KEYS = [
  'a',
  'A',
  'http.route',
  'http.Route',
  'bb',
  'ccc',
  'k'.repeat(256),
  'k'.repeat(257),
  '',
  'ключ',
  'service.name',
  'x\0y',
  '日本',
];
const TEXTS = [
  '',
  'x',
  'ok',
  'häßlich',
  '日本語テキスト',
  '😀',
  '"quoted\\"\n\t\u0001',
  'z'.repeat(63),
  'z'.repeat(64),
  'ü'.repeat(70),
  '\ufeffbom',
  '\u2028',
];
const INTS = [0n, 1n, -1n, 127n, 128n, 300n, 2n ** 31n, -(2n ** 31n), 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)];
const DOUBLES = [
  0,
  -0,
  1,
  -1.5,
  1e21,
  5e-324,
  Number.MAX_VALUE,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const TIMES = [
  0n,
  1n,
  1_767_225_600_000_000_000n,
  1_767_225_599_999_999_999n,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 63n - 1n,
];
const COUNTS = [0, 0, 0, 1, 7, 0x7fff_ffff, 0xffff_ffff];
const UINT64S = [0n, 1n, 42n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n];

/** Random OTLP data, the same for the same seed; made to touch each branch of the format rather than to look real. */
export class RandomOtlp {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]!;
  }

  maybe<T>(make: () => T): T | undefined {
    return this.next() < 0.5 ? make() : undefined;
  }

  many<T>(max: number, make: () => T): T[] {
    return Array.from({ length: Math.floor(this.next() * (max + 1)) }, make);
  }

  id(length: number): Buffer {
    const id = Buffer.from(Array.from({ length }, () => Math.floor(this.next() * 256)));
    id[0]! |= 1;
    return id;
  }

  anyId(): Buffer {
    return this.pick([Buffer.alloc(0), Buffer.alloc(8), Buffer.from([1, 2, 3]), this.id(8), this.id(16)]);
  }

  value(depth = 0): AnyValue | undefined {
    const kinds: (() => AnyValue | undefined)[] = [
      () => ({ value: { $case: 'stringValue', value: this.pick(TEXTS) } }),
      () => ({ value: { $case: 'boolValue', value: this.next() < 0.5 } }),
      () => ({ value: { $case: 'intValue', value: this.pick(INTS) } }),
      () => ({ value: { $case: 'doubleValue', value: this.pick(DOUBLES) } }),
      () => ({ value: { $case: 'bytesValue', value: this.id(this.pick([1, 2, 3, 40])) } }),
      () => ({ value: undefined }),
      () => this.#flatArray(),
      () => ({
        value: {
          $case: 'arrayValue',
          value: { values: this.many(3, () => this.value(depth + 1) ?? { value: undefined }) },
        },
      }),
      () => ({ value: { $case: 'kvlistValue', value: { values: this.attributes(3, depth + 1) } } }),
      () => undefined,
    ];
    return this.pick(depth > 3 ? kinds.slice(0, 5) : kinds)();
  }

  #flatArray(): AnyValue {
    const element: () => AnyValue = this.pick([
      () => ({ value: { $case: 'stringValue' as const, value: this.pick(TEXTS) } }),
      () => ({ value: { $case: 'boolValue' as const, value: this.next() < 0.5 } }),
      () => ({ value: { $case: 'intValue' as const, value: this.pick(INTS) } }),
      () => ({ value: { $case: 'doubleValue' as const, value: this.pick(DOUBLES) } }),
    ]);
    return { value: { $case: 'arrayValue', value: { values: [element(), ...this.many(3, element)] } } };
  }

  attributes(max = 8, depth = 0): KeyValue[] {
    return this.many(max, () => ({ key: this.pick(KEYS), value: this.value(depth) }));
  }

  resource() {
    return this.maybe(() => ({
      attributes: this.attributes(),
      droppedAttributesCount: this.pick(COUNTS),
      entityRefs: this.many(2, () => ({
        schemaUrl: this.pick(TEXTS),
        type: this.pick(TEXTS),
        idKeys: this.many(2, () => this.pick(TEXTS)),
        descriptionKeys: this.many(2, () => this.pick(TEXTS)),
      })),
    }));
  }

  scope() {
    return this.maybe(() => ({
      name: this.pick(TEXTS),
      version: this.pick(TEXTS),
      attributes: this.attributes(4),
      droppedAttributesCount: this.pick(COUNTS),
    }));
  }

  span(): Span {
    return {
      traceId: this.id(16),
      spanId: this.id(8),
      traceState: this.pick(TEXTS),
      parentSpanId: this.pick([Buffer.alloc(0), this.id(8)]),
      flags: this.pick(COUNTS),
      name: this.pick(TEXTS),
      kind: this.pick([0, 1, 2, 5, 99]) as Span['kind'],
      startTimeUnixNano: this.pick(TIMES),
      endTimeUnixNano: this.pick(TIMES),
      attributes: this.attributes(),
      droppedAttributesCount: this.pick(COUNTS),
      events: this.many(3, () => ({
        timeUnixNano: this.pick(TIMES),
        name: this.pick(TEXTS),
        attributes: this.attributes(3),
        droppedAttributesCount: this.pick(COUNTS),
      })),
      droppedEventsCount: this.pick(COUNTS),
      links: this.many(2, () => ({
        traceId: this.anyId(),
        spanId: this.anyId(),
        traceState: this.pick(TEXTS),
        attributes: this.attributes(3),
        droppedAttributesCount: this.pick(COUNTS),
        flags: this.pick(COUNTS),
      })),
      droppedLinksCount: this.pick(COUNTS),
      status: this.maybe(() => ({ message: this.pick(TEXTS), code: this.pick([0, 1, 2] as const) })),
    };
  }

  traces(): TracesData {
    return {
      resourceSpans: this.many(3, () => ({
        resource: this.resource(),
        schemaUrl: this.pick(TEXTS),
        scopeSpans: this.many(3, () => ({
          scope: this.scope(),
          schemaUrl: this.pick(TEXTS),
          spans: this.many(4, () => this.span()),
        })),
      })),
    };
  }

  logRecord(): LogRecord {
    return {
      timeUnixNano: this.pick(TIMES),
      observedTimeUnixNano: this.pick(TIMES),
      severityNumber: this.pick([0, 1, 9, 24]) as LogRecord['severityNumber'],
      severityText: this.pick(TEXTS),
      body: this.value(),
      attributes: this.attributes(),
      droppedAttributesCount: this.pick(COUNTS),
      flags: this.pick(COUNTS),
      traceId: this.pick([Buffer.alloc(0), this.id(16)]),
      spanId: this.pick([Buffer.alloc(0), this.id(8)]),
      eventName: this.pick(TEXTS),
    };
  }

  logs(): LogsData {
    return {
      resourceLogs: this.many(3, () => ({
        resource: this.resource(),
        schemaUrl: this.pick(TEXTS),
        scopeLogs: this.many(3, () => ({
          scope: this.scope(),
          schemaUrl: this.pick(TEXTS),
          logRecords: this.many(4, () => this.logRecord()),
        })),
      })),
    };
  }

  #number(): NumberDataPoint['value'] {
    return this.pick([
      undefined,
      { $case: 'asDouble' as const, value: this.pick(DOUBLES) },
      { $case: 'asInt' as const, value: this.pick(INTS) },
    ]);
  }

  #exemplars(): Exemplar[] {
    return this.many(2, () => ({
      filteredAttributes: this.attributes(2),
      timeUnixNano: this.pick(TIMES),
      value: this.#number(),
      spanId: this.anyId(),
      traceId: this.anyId(),
    }));
  }

  #point() {
    return {
      attributes: this.attributes(),
      startTimeUnixNano: this.pick(TIMES),
      timeUnixNano: this.pick(TIMES),
      flags: this.pick(COUNTS),
    };
  }

  #distribution() {
    return {
      ...this.#point(),
      count: this.pick(UINT64S),
      sum: this.maybe(() => this.pick(DOUBLES)),
      min: this.maybe(() => this.pick(DOUBLES)),
      max: this.maybe(() => this.pick(DOUBLES)),
      exemplars: this.#exemplars(),
    };
  }

  #buckets() {
    return this.maybe(() => ({
      offset: this.pick([0, -1, 5, 2 ** 31 - 1, -(2 ** 31)]),
      bucketCounts: this.many(4, () => this.pick(UINT64S)),
    }));
  }

  metric(): Metric {
    const numbers = () =>
      this.many(3, () => ({ ...this.#point(), value: this.#number(), exemplars: this.#exemplars() }));
    const aggregationTemporality = this.pick([0, 1, 2] as const);
    const data: (() => Metric['data'])[] = [
      () => ({ $case: 'gauge', value: { dataPoints: numbers() } }),
      () => ({
        $case: 'sum',
        value: { dataPoints: numbers(), aggregationTemporality, isMonotonic: this.next() < 0.5 },
      }),
      () => ({
        $case: 'histogram',
        value: {
          aggregationTemporality,
          dataPoints: this.many(3, () => ({
            ...this.#distribution(),
            bucketCounts: this.many(4, () => this.pick(UINT64S)),
            explicitBounds: this.many(3, () => this.pick(DOUBLES)),
          })),
        },
      }),
      () => ({
        $case: 'exponentialHistogram',
        value: {
          aggregationTemporality,
          dataPoints: this.many(3, () => ({
            ...this.#distribution(),
            scale: this.pick([0, 3, -10]),
            zeroCount: this.pick(UINT64S),
            zeroThreshold: this.pick(DOUBLES),
            positive: this.#buckets(),
            negative: this.#buckets(),
          })),
        },
      }),
      () => ({
        $case: 'summary',
        value: {
          dataPoints: this.many(3, () => ({
            ...this.#point(),
            count: this.pick(UINT64S),
            sum: this.pick(DOUBLES),
            quantileValues: this.many(3, () => ({ quantile: this.pick(DOUBLES), value: this.pick(DOUBLES) })),
          })),
        },
      }),
    ];
    return {
      name: this.pick(TEXTS),
      description: this.pick(TEXTS),
      unit: this.pick(TEXTS),
      data: this.pick(data)(),
      metadata: this.attributes(2),
    };
  }

  metrics(): MetricsData {
    return {
      resourceMetrics: this.many(3, () => ({
        resource: this.resource(),
        schemaUrl: this.pick(TEXTS),
        scopeMetrics: this.many(3, () => ({
          scope: this.scope(),
          schemaUrl: this.pick(TEXTS),
          metrics: this.many(5, () => this.metric()),
        })),
      })),
    };
  }
}
