import { ExportTraceServiceRequest } from '@signaldb/proto/opentelemetry/proto/collector/trace/v1/trace_service';

/** `unknown`: no answer came, or another one than success. Such a request may be stored, but then as a whole and once. */
export type RequestState = 'under way' | 'acknowledged' | 'unknown';

/** A request as it was sent, once. */
export interface SentRequest {
  readonly number: number;
  readonly sentAt: number;
  readonly spanIds: readonly string[];
  /** Spans by trace. */
  readonly traces: ReadonlyMap<string, number>;
  state: RequestState;
  answeredAt: number;
}

/** What was sent and what was acknowledged: what the database has to agree with. */
export interface Ledger {
  readonly requests: readonly SentRequest[];
  readonly acknowledgedSpans: number;
  readonly acknowledgedRequests: number;
  readonly unknownRequests: number;
  send(body: Uint8Array): SentRequest;
  settle(request: SentRequest, state: 'acknowledged' | 'unknown'): void;
  /** Spans that may be stored at most: those acknowledged and those whose outcome is open. */
  readonly sentSpans: number;
  requestOf(spanId: string): SentRequest | undefined;
}

export function createLedger(): Ledger {
  const requests: SentRequest[] = [];
  const bySpan = new Map<string, SentRequest>();
  let [acknowledgedSpans, acknowledgedRequests, unknownRequests] = [0, 0, 0];
  return {
    requests,
    get acknowledgedSpans() {
      return acknowledgedSpans;
    },
    get acknowledgedRequests() {
      return acknowledgedRequests;
    },
    get unknownRequests() {
      return unknownRequests;
    },
    get sentSpans() {
      return bySpan.size;
    },
    send(body) {
      const { spanIds, traces } = idsOf(body);
      const request: SentRequest = {
        number: requests.length,
        sentAt: Date.now(),
        spanIds,
        traces,
        state: 'under way',
        answeredAt: 0,
      };
      requests.push(request);
      for (const id of spanIds) {
        if (bySpan.has(id)) throw new Error(`span id ${id} was made twice: the load can't tell its spans apart`);
        bySpan.set(id, request);
      }
      return request;
    },
    settle(request, state) {
      request.state = state;
      request.answeredAt = Date.now();
      if (state === 'unknown') unknownRequests++;
      else {
        acknowledgedRequests++;
        acknowledgedSpans += request.spanIds.length;
      }
    },
    requestOf: (spanId) => bySpan.get(spanId),
  };
}

function idsOf(body: Uint8Array): { spanIds: string[]; traces: Map<string, number> } {
  const spanIds: string[] = [];
  const traces = new Map<string, number>();
  for (const { scopeSpans } of ExportTraceServiceRequest.decode(body).resourceSpans) {
    for (const { spans } of scopeSpans) {
      for (const span of spans) {
        spanIds.push(Buffer.from(span.spanId).toString('hex'));
        const trace = Buffer.from(span.traceId).toString('hex');
        traces.set(trace, (traces.get(trace) ?? 0) + 1);
      }
    }
  }
  return { spanIds, traces };
}
