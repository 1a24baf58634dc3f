/** A span as tests write it down: what is left out has a value that doesn't matter. */
export interface TestSpan {
  readonly trace: string;
  readonly id: string;
  readonly parent?: string;
  readonly name?: string;
  readonly service?: string;
  /** Nanoseconds after the tests' beginning of time. */
  readonly at?: bigint | number;
  readonly durationNs?: bigint | number;
  readonly kind?: number;
  readonly status?: number;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly resource?: Readonly<Record<string, unknown>>;
  readonly events?: readonly { readonly name: string; readonly attributes?: Readonly<Record<string, unknown>> }[];
}

/** 2026-01-01T00:00:00Z. */
export const epochNs = 1_767_225_600_000_000_000n;

export const traceIdOf = (trace: string): string => trace.padStart(32, '0');
export const spanIdOf = (id: string): string => id.padStart(16, '0');

/** An OTLP request in JSON. */
export function tracesOf(spans: readonly TestSpan[]): object {
  return { resourceSpans: spans.map(resourceSpans) };
}

function resourceSpans(span: TestSpan): object {
  const start = epochNs + BigInt(span.at ?? 0);
  return {
    resource: { attributes: attributesOf({ 'service.name': span.service ?? 'shop', ...span.resource }) },
    scopeSpans: [
      {
        scope: { name: 'test' },
        spans: [
          {
            traceId: traceIdOf(span.trace),
            spanId: spanIdOf(span.id),
            ...(span.parent !== undefined && { parentSpanId: spanIdOf(span.parent) }),
            name: span.name ?? 'work',
            kind: span.kind ?? 1,
            startTimeUnixNano: String(start),
            endTimeUnixNano: String(start + BigInt(span.durationNs ?? 1_000_000)),
            attributes: attributesOf(span.attributes ?? {}),
            events: (span.events ?? []).map(({ name, attributes = {} }) => ({
              name,
              timeUnixNano: String(start),
              attributes: attributesOf(attributes),
            })),
            status: { code: span.status ?? 0 },
          },
        ],
      },
    ],
  };
}

function attributesOf(attributes: Readonly<Record<string, unknown>>): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: unknown): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'bigint') return { intValue: String(value) };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { kvlistValue: { values: attributesOf(value as Record<string, unknown>) } };
}
