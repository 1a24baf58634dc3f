import { randomBytes } from 'node:crypto';

export interface GreetingFacts {
  readonly version: string;
  readonly dataDir: string;
  readonly storeUrl: string;
  readonly otlpGrpcPort: number;
  readonly otlpHttpPort: number;
  readonly tempoPort: number;
  readonly flightPort: number;
  readonly catalogPort: number;
  readonly controlPlanePort: number;
  readonly opsPort: number;
}

/** What `npm start` prints when all listens: what is where, and a first trace to send and to read. */
export function greeting(facts: GreetingFacts, nowMs = Date.now(), traceId = randomBytes(16).toString('hex')): string {
  const startNs = BigInt(nowMs) * 1_000_000n;
  const span = {
    traceId,
    spanId: traceId.slice(0, 16),
    name: 'hello',
    kind: 1,
    startTimeUnixNano: String(startNs - 250_000_000n),
    endTimeUnixNano: String(startNs),
  };
  const body = {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
        scopeSpans: [{ spans: [span] }],
      },
    ],
  };
  return `
SignalDB ${facts.version} is ready. Data in ${facts.dataDir}, tables in ${facts.storeUrl}.

  OTLP                    gRPC localhost:${facts.otlpGrpcPort}, HTTP http://localhost:${facts.otlpHttpPort}
  Grafana (Tempo API)     http://localhost:${facts.tempoPort}
  Flight and Flight SQL   grpc://localhost:${facts.flightPort}
  Iceberg REST catalog    http://localhost:${facts.catalogPort}
  Control plane           grpc://localhost:${facts.controlPlanePort}
  Metrics and health      http://localhost:${facts.opsPort}/metrics, /healthz, /readyz

Send a first trace, then read it:

  curl -H 'content-type: application/json' http://localhost:${facts.otlpHttpPort}/v1/traces -d '${JSON.stringify(body)}'
  curl http://localhost:${facts.tempoPort}/api/traces/${traceId}

Ctrl-C ends it in order.
`;
}
