import { randomUUID } from 'node:crypto';
import type { ClusterState, ControlPlane } from '@signaldb/component';
import type { Latest } from './latest.ts';
import type { Leases } from './leases.ts';
import { type Machine, proposeOrThrow } from './machine.ts';
import type { SchemaRegistry } from './schema-registry.ts';
import { checkLogAssignment, checkServiceInfo } from './validate.ts';

export interface ControlPlaneParts {
  readonly machine: Machine;
  readonly leases: Leases;
  readonly schemas: SchemaRegistry;
  readonly watched: Latest<ClusterState>;
}

/** The control plane over its state: what the gRPC services serve, and what services in the same process call. */
export function createControlPlane({ machine, leases, schemas, watched }: ControlPlaneParts): ControlPlane {
  return {
    async register(info) {
      checkServiceInfo(info);
      return leases.register({ ...info, serviceId: info.serviceId || `${info.role || info.type}-${randomUUID()}` });
    },
    heartbeat: (beat) => leases.heartbeat(beat),
    async unregister(serviceId) {
      await proposeOrThrow(machine, { type: 'unregister', serviceId });
    },
    serviceStatus: async (serviceId) => leases.status(serviceId),
    listServices: async () => leases.list(),
    watch: (signal) => watched.follow(signal),
    async assignLog({ logId, acceptorId, writerId, renew = false }) {
      checkLogAssignment({ logId, acceptorId, writerId });
      return {
        epoch: await proposeOrThrow<number>(machine, { type: 'assign-log', logId, acceptorId, writerId, renew }),
      };
    },
    async drainLog({ logId, epoch }) {
      await proposeOrThrow(machine, { type: 'drain-log', logId, epoch });
    },
    registerSchema: (schema) => schemas.register(schema),
    getSchema: async (query) => schemas.get(query),
    close: async () => {},
  };
}
