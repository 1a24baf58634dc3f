import type { Access } from '@signaldb/access';
import type { GrpcServer, ServerCall } from '@signaldb/grpc';
import { encodeExportResponse, type Signal } from '@signaldb/otlp';
import type { Intake } from '../intake.ts';
import { Refusal, type RefusalReason, toGrpcError } from '../refusal.ts';
import { senderTenant, tenantHeader } from '../tenant.ts';

const paths: Record<Signal, string> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
};

export interface OtlpGrpcOptions {
  readonly intake: Intake;
  readonly access: Access;
  readonly retryAfterMs: number;
  readonly onRefused: (reason: RefusalReason) => void;
}

/** Serves OTLP's three services. Requests reach the decoder as the bytes that came. */
export function addOtlpServices(
  server: GrpcServer,
  { intake, access, retryAfterMs, onRefused }: OtlpGrpcOptions,
): void {
  for (const signal of Object.keys(paths) as Signal[]) {
    const definition = {
      export: {
        path: paths[signal],
        requestStream: false as const,
        responseStream: false as const,
        requestDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: (bytes: Uint8Array) => bytes,
      },
    };
    server.addService(definition, {
      export: async (body: Buffer, call: ServerCall) => {
        try {
          const { metadata, peerCertificate } = call;
          const tenant = await senderTenant(access, metadata, metadata.get(tenantHeader), peerCertificate);
          const { rejected } = await intake.otlp(tenant, signal, body, 'protobuf');
          return encodeExportResponse(signal, 'protobuf', rejected);
        } catch (error) {
          if (error instanceof Refusal) onRefused(error.reason);
          throw toGrpcError(error, retryAfterMs);
        }
      },
    });
  }
}
