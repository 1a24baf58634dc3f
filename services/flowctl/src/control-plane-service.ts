import { type ControlPlane, wire } from '@signaldb/component';
import type { ServerCall, ServiceImplementation } from '@signaldb/grpc';
import type { ControlPlaneService } from '@signaldb/proto/flowctl/control_plane';
import type { PipelineRuns } from './pipeline-runs.ts';
import type { SchemaRegistry } from './schema-registry.ts';

export interface ControlPlaneServiceParts {
  readonly controlPlane: ControlPlane;
  readonly schemas: SchemaRegistry;
  readonly runs: PipelineRuns;
  /** Ends watches when the server closes. */
  readonly closing: AbortSignal;
  /** The cluster's key for who registers; undefined for who has it already, or must not have it. */
  readonly keyFor: (call: ServerCall) => Uint8Array | undefined;
}

/** `flowctl.ControlPlane` over gRPC. */
export function controlPlaneService(
  parts: ControlPlaneServiceParts,
): ServiceImplementation<typeof ControlPlaneService> {
  const { controlPlane, schemas, runs, closing, keyFor } = parts;
  return {
    async register(request, call) {
      const { serviceId, epoch, leaseMs } = await controlPlane.register(wire.serviceInfoFromWire(request));
      const key = keyFor(call);
      const connectionInfo: Record<string, string> = key
        ? { [wire.clusterKeyInfo]: Buffer.from(key).toString('base64') }
        : {};
      return { serviceId, topicNames: [], connectionInfo, epoch: BigInt(epoch), leaseMs: BigInt(leaseMs) };
    },
    async heartbeat({ serviceId, epoch, metrics }) {
      await controlPlane.heartbeat({ serviceId, epoch: Number(epoch), metrics });
      return {};
    },
    getServiceStatus: async ({ serviceId }) => wire.statusToWire(await controlPlane.serviceStatus(serviceId)),
    listServices: async () => ({ services: (await controlPlane.listServices()).map(wire.statusToWire) }),
    async unregister({ serviceId }) {
      await controlPlane.unregister(serviceId);
      return {};
    },
    async *watch(_request, call) {
      for await (const state of controlPlane.watch(AbortSignal.any([call.signal, closing])))
        yield wire.stateToWire(state);
    },
    async assignLog({ logId, acceptorId, writerId, renew }) {
      const { epoch } = await controlPlane.assignLog({ logId, acceptorId, writerId, renew });
      return { logId, writerId, epoch: BigInt(epoch) };
    },
    async drainLog({ logId, epoch }) {
      await controlPlane.drainLog({ logId, epoch: Number(epoch) });
      return {};
    },
    registerSchema: async (request) =>
      wire.schemaToWire(await controlPlane.registerSchema(wire.schemaFromWire(request))),
    async getSchema({ eventType, version, schemaFingerprint }) {
      return wire.schemaToWire(await controlPlane.getSchema({ eventType, version, fingerprint: schemaFingerprint }));
    },
    listCompatibleServices: ({ schema, level }) => schemas.compatibleServices(schema, level),
    validateSchemaCompatibility: ({ older, newer, level }) => schemas.validate(older, newer, level),
    createPipelineRun: (request) => runs.create(request),
    updatePipelineRun: (request) => runs.update(request),
    getPipelineRun: ({ runId }) => runs.get(runId),
    listPipelineRuns: (request) => runs.list(request),
    stopPipelineRun: ({ runId }) => runs.stop(runId),
  };
}
