import * as grpc from '@grpc/grpc-js';
import { ExportTraceServiceResponse } from '@signaldb/proto/opentelemetry/proto/collector/trace/v1/trace_service';
import { traceRequest } from './spans.ts';

export interface OtlpClient {
  /** Sends spans of these names over gRPC; rejects with grpc-js's ServiceError. */
  traces(names: readonly string[], metadata?: Record<string, string>): Promise<ExportTraceServiceResponse>;
  /** Sends these bytes as the message. */
  raw(body: Uint8Array, metadata?: Record<string, string>): Promise<ExportTraceServiceResponse>;
  /** Sends a body over HTTP. */
  http(path: string, body: Uint8Array, headers?: Record<string, string>, method?: string): Promise<Response>;
  close(): void;
}

const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

/** A client as an SDK's exporter is one: grpc-js and fetch. */
export function createOtlpClient(ports: { otlpGrpcPort: number; otlpHttpPort: number }): OtlpClient {
  const client = new grpc.Client(`127.0.0.1:${ports.otlpGrpcPort}`, grpc.credentials.createInsecure());
  const raw = (body: Uint8Array, headers: Record<string, string> = {}) => {
    const metadata = new grpc.Metadata();
    for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
    const { promise, resolve, reject } = Promise.withResolvers<ExportTraceServiceResponse>();
    const decode = (bytes: Buffer) => ExportTraceServiceResponse.decode(bytes);
    client.makeUnaryRequest(
      path,
      (bytes: Buffer) => bytes,
      decode,
      Buffer.from(body),
      metadata,
      {},
      (error, answer) => {
        if (error) reject(error);
        else resolve(answer!);
      },
    );
    return promise;
  };
  return {
    raw,
    traces: (names, metadata) => raw(traceRequest(names).protobuf, metadata),
    http: (url, body, headers = {}, method = 'POST') =>
      fetch(`http://127.0.0.1:${ports.otlpHttpPort}${url}`, {
        method,
        headers,
        ...(method === 'POST' && { body: body as Uint8Array<ArrayBuffer> }),
      }),
    close: () => client.close(),
  };
}
