import type { ClusterState, ControlPlane, LogEntry, ServiceEntry, ServiceInfo } from '@signaldb/component';
import { GrpcError, Status } from '@signaldb/grpc';

export interface FakeControlPlane extends ControlPlane {
  readonly state: ClusterState;
  /** Calls fail with UNAVAILABLE until it is turned off. */
  isAway: boolean;
  /** Changes a service's health. */
  setHealthy(serviceId: string, healthy: boolean): void;
}

/** The control plane for tests: what the contract says, in memory. */
export function createFakeControlPlane(): FakeControlPlane {
  let services: ServiceEntry[] = [];
  let logs: LogEntry[] = [];
  let revision = 0;
  let epoch = 0;
  let changed = Promise.withResolvers<void>();
  const registeredAt = new Map<string, number>();

  function change(): void {
    revision++;
    changed.resolve();
    changed = Promise.withResolvers<void>();
  }

  function reached(): void {
    if (plane.isAway) throw new GrpcError(Status.UNAVAILABLE, 'the control plane is away');
  }

  const plane: FakeControlPlane = {
    isAway: false,
    get state() {
      return { revision, services, logs };
    },
    setHealthy: (serviceId, healthy) => {
      services = services.map((service) => (service.serviceId === serviceId ? { ...service, healthy } : service));
      change();
    },
    register: async (info: ServiceInfo) => {
      reached();
      const serviceId = info.serviceId || `service-${epoch}`;
      services = services.filter((service) => service.serviceId !== serviceId);
      services = [...services, { ...info, serviceId, healthy: true, epoch: ++epoch }];
      registeredAt.set(serviceId, epoch);
      change();
      return { serviceId, epoch, leaseMs: 3000 };
    },
    heartbeat: async ({ serviceId }) => {
      reached();
      if (!services.some((service) => service.serviceId === serviceId))
        throw new GrpcError(Status.NOT_FOUND, 'unknown');
    },
    unregister: async (serviceId) => {
      services = services.filter((service) => service.serviceId !== serviceId);
      change();
    },
    async *watch(signal) {
      const abort = () => changed.resolve();
      signal?.addEventListener('abort', abort, { once: true });
      for (;;) {
        if (signal?.aborted) return;
        const next = changed.promise;
        yield plane.state;
        await next;
      }
    },
    assignLog: async ({ logId, acceptorId, writerId, renew }) => {
      reached();
      const before = logs.find((log) => log.logId === logId);
      const since = Math.max(registeredAt.get(acceptorId) ?? 0, registeredAt.get(writerId) ?? 0);
      const keeps = before && !renew && !before.drained && before.writerId === writerId && before.epoch > since;
      const entry = { logId, acceptorId, writerId, epoch: keeps ? before.epoch : ++epoch, drained: false };
      logs = [...logs.filter((log) => log.logId !== logId), entry];
      change();
      return { epoch: entry.epoch };
    },
    drainLog: async ({ logId, epoch: of }) => {
      reached();
      logs = logs.map((log) => (log.logId === logId && log.epoch === of ? { ...log, drained: true } : log));
      change();
    },
    serviceStatus: () => Promise.reject(new GrpcError(Status.UNIMPLEMENTED, 'not here')),
    listServices: async () => [],
    registerSchema: async (schema) => schema,
    getSchema: () => Promise.reject(new GrpcError(Status.NOT_FOUND, 'not here')),
    close: async () => {},
  };
  return plane;
}
