import { GrpcError, Status } from '@signaldb/grpc';
import type { ClusterState, ControlPlane, Heartbeat, ServiceInfo } from '../control-plane.ts';

/** A control plane in memory that can be away, and forget. */
export interface FakeControlPlane extends ControlPlane {
  readonly registrations: ServiceInfo[];
  readonly heartbeats: Heartbeat[];
  readonly unregistered: string[];
  /** While away every call fails with UNAVAILABLE. */
  away: boolean;
  /** Drops all registrations. */
  forget(): void;
  publish(state: ClusterState): void;
  /** Fails the watches that run. */
  breakWatches(): void;
}

export function createFakeControlPlane(leaseMs = 30): FakeControlPlane {
  const known = new Map<string, number>();
  const watchers = new Set<{ push(state: ClusterState): void; fail(): void }>();
  let state: ClusterState = { revision: 1, services: [], logs: [] };
  let epoch = 0;
  const reach = () => {
    if (fake.away) throw new GrpcError(Status.UNAVAILABLE, 'away');
  };
  const unused = () => Promise.reject(new GrpcError(Status.UNIMPLEMENTED, 'not faked'));

  const fake: FakeControlPlane = {
    registrations: [],
    heartbeats: [],
    unregistered: [],
    away: false,
    forget: () => known.clear(),
    publish(next) {
      state = next;
      for (const watcher of watchers) watcher.push(next);
    },
    breakWatches() {
      for (const watcher of watchers) watcher.fail();
    },
    async register(info) {
      reach();
      fake.registrations.push(info);
      known.set(info.serviceId || 'given', ++epoch);
      return { serviceId: info.serviceId || 'given', epoch, leaseMs };
    },
    async heartbeat(beat) {
      reach();
      if (!known.has(beat.serviceId)) throw new GrpcError(Status.NOT_FOUND, 'unknown');
      fake.heartbeats.push(beat);
    },
    async unregister(serviceId) {
      reach();
      fake.unregistered.push(serviceId);
    },
    async *watch(signal) {
      reach();
      const queue: (ClusterState | undefined)[] = [state];
      let wake = () => {};
      const add = (next: ClusterState | undefined) => {
        queue.push(next);
        wake();
      };
      const watcher = { push: add, fail: () => add(undefined) };
      const onAbort = () => wake();
      signal?.addEventListener('abort', onAbort);
      watchers.add(watcher);
      try {
        while (!signal?.aborted) {
          if (queue.length > 0) {
            const next = queue.shift();
            if (!next) throw new GrpcError(Status.UNAVAILABLE, 'broken');
            yield next;
          } else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        watchers.delete(watcher);
        signal?.removeEventListener('abort', onAbort);
      }
    },
    serviceStatus: unused,
    listServices: unused,
    assignLog: unused,
    drainLog: unused,
    registerSchema: unused,
    getSchema: unused,
    close: async () => {},
  };
  return fake;
}

/** A healthy service as others see it. */
export function exampleEntry(serviceId: string, role: string, more: Partial<ClusterState['services'][number]> = {}) {
  return {
    serviceId,
    role,
    type: 'sink' as const,
    location: `grpc://${serviceId}:1`,
    healthy: true,
    epoch: 1,
    metadata: {},
    inputEventTypes: [],
    outputEventTypes: [],
    ...more,
  };
}

/** What a service says about itself. */
export function exampleInfo(serviceId: string): ServiceInfo {
  const { healthy: _healthy, epoch: _epoch, ...info } = exampleEntry(serviceId, 'writer');
  return { ...info, healthEndpoint: '', maxInflight: 0, supportedSchemas: [] };
}
