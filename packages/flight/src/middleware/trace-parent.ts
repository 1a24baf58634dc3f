import type { Metadata } from '@signaldb/grpc';

/** A span as another process knows it. https://www.w3.org/TR/trace-context/ */
export interface TraceParent {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** The header `tracestate`, as it came. */
  readonly state?: string;
}

/** What a header can carry on, and no more than the specification asks to keep. */
const TRACE_STATE = /^[\x20-\x7e]{1,512}$/;

/** The span in the headers `traceparent` and `tracestate`; undefined where there is none, or none that can be read. */
export function readTraceParent(headers: Pick<Metadata, 'get'>): TraceParent | undefined {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(
    headers.get('traceparent') ?? '',
  );
  if (!match) return undefined;
  const [, version, traceId, spanId, flags, rest] = match as unknown as string[];
  if (version === 'ff' || (version === '00' && rest) || /^0+$/.test(traceId!) || /^0+$/.test(spanId!)) return undefined;
  const state = headers.get('tracestate');
  return {
    traceId: traceId!,
    spanId: spanId!,
    sampled: (Number.parseInt(flags!, 16) & 1) === 1,
    ...(state && TRACE_STATE.test(state) && { state }),
  };
}

/** The headers that tell another process of a span. */
export function traceHeaders({ traceId, spanId, sampled, state }: TraceParent): Record<string, string> {
  return { traceparent: `00-${traceId}-${spanId}-0${sampled ? 1 : 0}`, ...(state && { tracestate: state }) };
}
