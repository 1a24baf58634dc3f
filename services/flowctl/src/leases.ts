import type { Heartbeat, Registration, ServiceInfo, ServiceStatus } from '@signaldb/component';
import { GrpcError, Status } from '@signaldb/grpc';
import type { Logger } from '@signaldb/runtime';
import { type Machine, proposeOrThrow } from './machine.ts';
import type { ServiceRecord } from './state/state.ts';

export interface LeasesOptions {
  readonly machine: Machine;
  readonly logger: Logger;
  /** Without a heartbeat for so long a service is unhealthy. */
  readonly leaseMs: number;
  /** Unhealthy for so long, it is forgotten. */
  readonly forgetAfterMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Who is alive: heartbeats stay in memory, only what they change (healthy, unhealthy, gone) becomes state. */
export interface Leases {
  register(info: ServiceInfo): Promise<Registration>;
  heartbeat(beat: Heartbeat): Promise<void>;
  status(serviceId: string): ServiceStatus;
  list(): ServiceStatus[];
  /** Looks for leases that ran out; to be called a few times a lease. */
  tick(): Promise<void>;
}

interface Beat {
  readonly atMs: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export function createLeases({ machine, logger, leaseMs, forgetAfterMs, now }: LeasesOptions): Leases {
  const beats = new Map<string, Beat>();
  // Nobody was heard before this start, or while this process or its machine was suspended: that is nobody's fault, and
  // everybody gets a whole lease from there on.
  let listeningSinceMs = now();
  let lastTickMs = listeningSinceMs;

  const lastBeatMs = (serviceId: string) => beats.get(serviceId)?.atMs ?? listeningSinceMs;
  const find = (serviceId: string): ServiceRecord => {
    const service = machine.state.services.get(serviceId);
    if (!service) throw new GrpcError(Status.NOT_FOUND, `No service "${serviceId}" is registered.`);
    return service;
  };
  const statusOf = ({ info, healthy }: ServiceRecord): ServiceStatus => ({
    serviceId: info.serviceId,
    type: info.type,
    healthy,
    lastHeartbeatMs: lastBeatMs(info.serviceId),
    metrics: beats.get(info.serviceId)?.metrics ?? {},
  });

  return {
    async register(info) {
      const atMs = now();
      beats.set(info.serviceId, { atMs, metrics: {} });
      const epoch = await proposeOrThrow<number>(machine, { type: 'register', info, atMs });
      logger.info({ serviceId: info.serviceId, role: info.role, location: info.location, epoch }, 'service registered');
      return { serviceId: info.serviceId, epoch, leaseMs };
    },
    async heartbeat({ serviceId, epoch, metrics }) {
      const service = find(serviceId);
      if (epoch !== 0 && epoch !== service.epoch) {
        throw new GrpcError(
          Status.FAILED_PRECONDITION,
          `"${serviceId}" has registered again since (epoch ${service.epoch}).`,
        );
      }
      beats.set(serviceId, { atMs: now(), metrics });
      if (service.healthy) return;
      await proposeOrThrow(machine, { type: 'set-health', serviceId, epoch: service.epoch, healthy: true });
      logger.info({ serviceId }, 'service healthy again');
    },
    status: (serviceId) => statusOf(find(serviceId)),
    list: () => [...machine.state.services.values()].map(statusOf),
    async tick() {
      const nowMs = now();
      if (nowMs - lastTickMs > leaseMs) listeningSinceMs = nowMs;
      lastTickMs = nowMs;
      for (const { info, epoch, healthy } of machine.state.services.values()) {
        const { serviceId } = info;
        const silentMs = nowMs - Math.max(lastBeatMs(serviceId), listeningSinceMs);
        if (silentMs >= leaseMs + forgetAfterMs) {
          await machine.propose({ type: 'unregister', serviceId, epoch });
          logger.warn({ serviceId, silentMs }, 'service forgotten');
        } else if (healthy && silentMs >= leaseMs) {
          await machine.propose({ type: 'set-health', serviceId, epoch, healthy: false });
          logger.warn({ serviceId, silentMs }, 'service unhealthy: no heartbeat');
        }
      }
      for (const serviceId of beats.keys()) if (!machine.state.services.has(serviceId)) beats.delete(serviceId);
    },
  };
}
