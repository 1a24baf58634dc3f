import type { AppendResult } from './appender.ts';
import type { Signal } from './tables.ts';
import { WireWriter } from './wire/writer.ts';

const rejectedNames: Record<Signal, string> = {
  traces: 'rejectedSpans',
  logs: 'rejectedLogRecords',
  metrics: 'rejectedDataPoints',
};

/**
 * The answer to an export request (Export…ServiceResponse). Without a rejection it is the empty message, as OTLP asks of full
 * success: `partial_success` stays unset (https://opentelemetry.io/docs/specs/otlp/#full-success).
 */
export function encodeExportResponse(
  signal: Signal,
  encoding: 'protobuf' | 'json',
  rejected?: AppendResult['rejected'],
): Uint8Array {
  if (encoding === 'json') {
    const partialSuccess = rejected && {
      [rejectedNames[signal]]: String(rejected.count),
      errorMessage: rejected.reason,
    };
    return utf8(JSON.stringify({ partialSuccess }));
  }
  const out = new WireWriter();
  if (rejected) {
    const partialSuccess = out.open(1);
    out.tag(1, 0);
    out.varint64(rejected.count | 0, Math.floor(rejected.count / 0x1_0000_0000));
    out.bytes(2, utf8(rejected.reason));
    out.close(partialSuccess);
  }
  return out.finish();
}

/** A `google.rpc.Status`: the body of OTLP/HTTP's errors, and gRPC's `grpc-status-details-bin`. */
export interface RpcStatus {
  /** A gRPC status code. */
  readonly code: number;
  readonly message: string;
  /** When a client may try again: added as a `google.rpc.RetryInfo`. */
  readonly retryDelayMs?: number;
}

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

/** A status in the request's own encoding (https://opentelemetry.io/docs/specs/otlp/#failures-1). */
export function encodeStatus(status: RpcStatus, encoding: 'protobuf' | 'json'): Uint8Array {
  const { code, message, retryDelayMs } = status;
  if (encoding === 'json') {
    const details =
      retryDelayMs === undefined ? undefined : [{ '@type': RETRY_INFO, retryDelay: `${retryDelayMs / 1000}s` }];
    return utf8(JSON.stringify({ code, message, details }));
  }
  const out = new WireWriter();
  out.tag(1, 0);
  out.varint32(code);
  out.bytes(2, utf8(message));
  if (retryDelayMs !== undefined) {
    const any = out.open(3);
    out.bytes(1, utf8(RETRY_INFO));
    const retryInfo = out.open(2);
    const delay = out.open(1);
    out.tag(1, 0);
    out.varint32(Math.floor(retryDelayMs / 1000));
    out.tag(2, 0);
    out.varint32(Math.round((retryDelayMs % 1000) * 1e6));
    out.close(delay);
    out.close(retryInfo);
    out.close(any);
  }
  return out.finish();
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
