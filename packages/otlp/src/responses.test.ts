import { describe, expect, it } from '@jest/globals';
import { ExportLogsServiceResponse } from '@signaldb/proto/opentelemetry/proto/collector/logs/v1/logs_service';
import { ExportMetricsServiceResponse } from '@signaldb/proto/opentelemetry/proto/collector/metrics/v1/metrics_service';
import { ExportTraceServiceResponse } from '@signaldb/proto/opentelemetry/proto/collector/trace/v1/trace_service';
import { encodeExportResponse, encodeStatus } from './index.ts';

const text = new TextDecoder();

describe('encodeExportResponse', () => {
  it.each(['traces', 'logs', 'metrics'] as const)('leaves partial_success unset when all %s were taken', (signal) => {
    expect(encodeExportResponse(signal, 'protobuf')).toHaveLength(0);
    expect(text.decode(encodeExportResponse(signal, 'json'))).toBe('{}');
  });

  const rejected = { count: 300, reason: 'spans[0].traceId: is all zero' };
  it('names how many were left out, and why', () => {
    const bytes = (signal: 'traces' | 'logs' | 'metrics') => encodeExportResponse(signal, 'protobuf', rejected);
    expect(ExportTraceServiceResponse.decode(bytes('traces')).partialSuccess).toEqual({
      rejectedSpans: 300n,
      errorMessage: rejected.reason,
    });
    expect(ExportLogsServiceResponse.decode(bytes('logs')).partialSuccess?.rejectedLogRecords).toBe(300n);
    expect(ExportMetricsServiceResponse.decode(bytes('metrics')).partialSuccess?.rejectedDataPoints).toBe(300n);
  });

  it.each([
    ['traces', 'rejectedSpans'],
    ['logs', 'rejectedLogRecords'],
    ['metrics', 'rejectedDataPoints'],
  ] as const)('says so in JSON for %s', (signal, name) => {
    expect(JSON.parse(text.decode(encodeExportResponse(signal, 'json', rejected)))).toEqual({
      partialSuccess: { [name]: '300', errorMessage: rejected.reason },
    });
  });
});

describe('encodeStatus', () => {
  it('is a google.rpc.Status', () => {
    expect(Buffer.from(encodeStatus({ code: 3, message: 'bad' }, 'protobuf')).toString('hex')).toBe('08031203626164');
    expect(text.decode(encodeStatus({ code: 3, message: 'bad' }, 'json'))).toBe('{"code":3,"message":"bad"}');
  });

  it('carries when to try again', () => {
    const status = { code: 8, message: 'full', retryDelayMs: 1500 };
    expect(JSON.parse(text.decode(encodeStatus(status, 'json')))).toEqual({
      code: 8,
      message: 'full',
      details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' }],
    });
    const hex = Buffer.from(encodeStatus(status, 'protobuf')).toString('hex');
    expect(hex).toContain(Buffer.from('type.googleapis.com/google.rpc.RetryInfo').toString('hex'));
    expect(hex.endsWith('0a08080110' + '80cab5ee01')).toBe(true); // Duration {seconds: 1, nanos: 500000000}
  });
});
