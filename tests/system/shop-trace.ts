import { randomBytes } from 'node:crypto';
import type { ExportTraceServiceRequest } from '@signaldb/proto/opentelemetry/proto/collector/trace/v1/trace_service';
import type { AnyValue, KeyValue } from '@signaldb/proto/opentelemetry/proto/common/v1/common';
import { Span_SpanKind, Status_StatusCode } from '@signaldb/proto/opentelemetry/proto/trace/v1/trace';

export interface ShopTrace {
  /** Hex. */
  readonly traceId: string;
  readonly spans: number;
  readonly request: ExportTraceServiceRequest;
}

/** One order in a small shop: a request, a query, a payment that failed. Begins now. */
export function shopTrace(service = 'checkout'): ShopTrace {
  const traceId = randomBytes(16);
  const startNs = BigInt(Date.now()) * 1_000_000n;
  const ids = [randomBytes(8), randomBytes(8), randomBytes(8)];
  const span = (index: number, name: string, attributes: KeyValue[], more: { failed?: boolean } = {}) => ({
    traceId,
    spanId: ids[index]!,
    traceState: 'shop=1',
    parentSpanId: index === 0 ? Buffer.alloc(0) : ids[0]!,
    flags: 1,
    name,
    kind: index === 0 ? Span_SpanKind.SPAN_KIND_SERVER : Span_SpanKind.SPAN_KIND_CLIENT,
    startTimeUnixNano: startNs + BigInt(index) * 1_000_000n,
    endTimeUnixNano: startNs + BigInt(50 + index) * 1_000_000n,
    attributes,
    droppedAttributesCount: 0,
    events: more.failed
      ? [
          {
            timeUnixNano: startNs,
            name: 'exception',
            attributes: [text('exception.type', 'CardDeclined')],
            droppedAttributesCount: 0,
          },
        ]
      : [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: more.failed ? { message: 'declined', code: Status_StatusCode.STATUS_CODE_ERROR } : undefined,
  });
  const spans = [
    span(0, 'POST /order', [text('http.request.method', 'POST'), int('http.response.status_code', 502)]),
    span(1, 'SELECT stock', [text('db.system', 'postgresql'), int('db.rows', 3)]),
    span(
      2,
      'pay',
      [text('payment.provider', 'acme'), keyValue('payment.amount', { $case: 'doubleValue', value: 12.5 })],
      { failed: true },
    ),
  ];
  const resource = {
    attributes: [text('service.name', service), text('deployment.environment', 'test')],
    droppedAttributesCount: 0,
    entityRefs: [],
  };
  const scope = { name: 'shop', version: '1.0', attributes: [], droppedAttributesCount: 0 };
  return {
    traceId: traceId.toString('hex'),
    spans: spans.length,
    request: { resourceSpans: [{ resource, scopeSpans: [{ scope, spans, schemaUrl: '' }], schemaUrl: '' }] },
  };
}

const text = (key: string, value: string) => keyValue(key, { $case: 'stringValue', value });
const int = (key: string, value: number) => keyValue(key, { $case: 'intValue', value: BigInt(value) });

function keyValue(key: string, value: NonNullable<AnyValue['value']>): KeyValue {
  return { key, value: { value } } as KeyValue;
}
