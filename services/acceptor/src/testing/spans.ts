import { ExportTraceServiceRequest } from '@signaldb/proto/opentelemetry/proto/collector/trace/v1/trace_service';

let count = 0;

/** An export request with spans of these names, in OTLP's JSON and protobuf. */
export function traceRequest(names: readonly string[]): { json: Buffer; protobuf: Buffer } {
  const value = {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
        scopeSpans: [
          {
            scope: { name: 'test' },
            spans: names.map((name) => ({
              traceId: (++count).toString(16).padStart(32, '0'),
              spanId: count.toString(16).padStart(16, '1'),
              name,
              kind: 2,
              startTimeUnixNano: '1700000000000000000',
              endTimeUnixNano: '1700000001000000000',
              attributes: [{ key: 'http.route', value: { stringValue: `/${name}` } }],
            })),
          },
        ],
      },
    ],
  };
  const protobuf = ExportTraceServiceRequest.encode(ExportTraceServiceRequest.fromJSON(hexIds(value))).finish();
  return { json: Buffer.from(JSON.stringify(value)), protobuf: Buffer.from(protobuf) };
}

/** Protobuf's own JSON has bytes in base64; OTLP's has ids in hex. */
function hexIds(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, inner) =>
    key === 'traceId' || key === 'spanId' ? Buffer.from(inner, 'hex').toString('base64') : inner,
  );
}
