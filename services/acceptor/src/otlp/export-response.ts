import type { AppendResult, Signal } from '@signaldb/otlp';
import { ExportLogsServiceResponse } from '@signaldb/proto/opentelemetry/proto/collector/logs/v1/logs_service';
import { ExportMetricsServiceResponse } from '@signaldb/proto/opentelemetry/proto/collector/metrics/v1/metrics_service';
import { ExportTraceServiceResponse } from '@signaldb/proto/opentelemetry/proto/collector/trace/v1/trace_service';
import type { OtlpEncoding } from '../log-record.ts';

const nothing = new Uint8Array(0);

/**
 * The answer to a request that was taken. Without rejected items `partial_success` is unset, as the specification
 * has it: https://opentelemetry.io/docs/specs/otlp/#full-success
 */
export function exportResponse(signal: Signal, { rejected }: AppendResult, encoding: OtlpEncoding): Uint8Array {
  if (!rejected) return encoding === 'json' ? Buffer.from('{}') : nothing;
  const count = BigInt(rejected.count);
  const errorMessage = rejected.reason;
  if (encoding === 'json') {
    const name = { traces: 'rejectedSpans', logs: 'rejectedLogRecords', metrics: 'rejectedDataPoints' }[signal];
    return Buffer.from(JSON.stringify({ partialSuccess: { [name]: String(count), errorMessage } }));
  }
  switch (signal) {
    case 'traces':
      return ExportTraceServiceResponse.encode({ partialSuccess: { rejectedSpans: count, errorMessage } }).finish();
    case 'logs':
      return ExportLogsServiceResponse.encode({
        partialSuccess: { rejectedLogRecords: count, errorMessage },
      }).finish();
    case 'metrics':
      return ExportMetricsServiceResponse.encode({
        partialSuccess: { rejectedDataPoints: count, errorMessage },
      }).finish();
  }
}
