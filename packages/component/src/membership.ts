import { setTimeout as sleep } from 'node:timers/promises';
import { type GrpcError, Status } from '@signaldb/grpc';
import { createBackoff } from './backoff.ts';
import {
  type ClusterState,
  type ControlPlane,
  emptyClusterState,
  type Registration,
  type ServiceEntry,
  type ServiceInfo,
} from './control-plane.ts';
import { pause } from './pause.ts';
import { rendezvous } from './rendezvous.ts';

/** For a call that is on its way when a service leaves. */
const leaveTimeoutMs = 1000;

/** What a membership needs of a logger; pino's fits. */
export interface MembershipLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface JoinClusterOptions {
  readonly controlPlane: ControlPlane;
  readonly info: ServiceInfo;
  /** Goes with each heartbeat. */
  readonly metrics?: () => Record<string, number>;
  readonly logger?: MembershipLogger;
  /** Default: a third of the lease. */
  readonly heartbeatIntervalMs?: number;
}

/** A service's place in the cluster. */
export interface Membership {
  readonly serviceId: string;
  /** Of the registration; 0 before the first. */
  readonly epoch: number;
  /** Whether the control plane knows us: the last heartbeat or registration was answered. */
  readonly registered: boolean;
  /** The last state seen; stays while the control plane is away. */
  readonly state: ClusterState;
  /** Resolves with the first registration and the first state. */
  readonly ready: Promise<void>;
  /** Calls back after every change of the state, and after every registration. Returns the way to stop that. */
  onChange(listener: (state: ClusterState) => void): () => void;
  /** The healthy services of a role. */
  services(role: string): ServiceEntry[];
  /** The healthy service of a role that a key belongs to (rendezvous hashing); without a key, any. */
  pick(role: string, key?: string): ServiceEntry | undefined;
  /** Unregisters and stops. May be called twice. */
  leave(): Promise<void>;
}

/**
 * Joins at once and for good: registers, heartbeats and watches in the background, however often the control plane goes and comes
 * back, and registers again when it no longer knows this service.
 */
export function joinCluster({
  controlPlane,
  info,
  metrics = () => ({}),
  logger,
  heartbeatIntervalMs,
}: JoinClusterOptions): Membership {
  const stop = new AbortController();
  const listeners = new Set<(state: ClusterState) => void>();
  const firstRegistration = Promise.withResolvers<void>();
  const firstState = Promise.withResolvers<void>();
  let own: ServiceInfo = info;
  let registration: Registration | undefined;
  let registered = false;
  /** Said once an outage. */
  let lost = false;
  let state = emptyClusterState;

  function markReached(): void {
    if (lost) logger?.info({}, 'control plane reached again');
    lost = false;
    registered = true;
  }

  async function register(): Promise<void> {
    if (stop.signal.aborted) return;
    registration = await controlPlane.register(own);
    own = { ...own, serviceId: registration.serviceId };
    markReached();
    logger?.info({ serviceId: registration.serviceId, epoch: registration.epoch }, 'registered');
    firstRegistration.resolve();
    tell(state);
  }

  async function beat(): Promise<void> {
    if (!registration) return register();
    try {
      await controlPlane.heartbeat({
        serviceId: registration.serviceId,
        epoch: registration.epoch,
        metrics: metrics(),
      });
      markReached();
    } catch (error) {
      if (!isForgotten(error)) throw error;
      await register();
    }
  }

  async function keepRegistered(): Promise<void> {
    const backoff = createBackoff();
    while (!stop.signal.aborted) {
      try {
        await beat();
        backoff.reset();
        await pause(heartbeatIntervalMs ?? (registration?.leaseMs ?? 9000) / 3, stop.signal);
      } catch (error) {
        if (stop.signal.aborted) return;
        if (!lost) logger?.warn({ reason: (error as Error).message }, 'control plane not reached, trying on');
        lost = true;
        registered = false;
        await backoff.wait(stop.signal);
      }
    }
  }

  function tell(next: ClusterState): void {
    for (const listener of [...listeners]) {
      try {
        listener(next);
      } catch (error) {
        logger?.warn({ err: error }, 'a listener of the cluster state failed');
      }
    }
  }

  async function keepWatching(): Promise<void> {
    const backoff = createBackoff();
    while (!stop.signal.aborted) {
      try {
        for await (const next of controlPlane.watch(stop.signal)) {
          state = next;
          firstState.resolve();
          backoff.reset();
          tell(next);
        }
      } catch (error) {
        if (!stop.signal.aborted) logger?.warn({ err: error }, 'watch of the control plane ended');
      }
      await backoff.wait(stop.signal);
    }
  }

  const running = Promise.all([keepRegistered(), keepWatching()]);
  let leaving: Promise<void> | undefined;
  const services = (role: string) => state.services.filter((service) => service.role === role && service.healthy);

  return {
    get serviceId() {
      return own.serviceId;
    },
    get epoch() {
      return registration?.epoch ?? 0;
    },
    get registered() {
      return registered;
    },
    get state() {
      return state;
    },
    ready: Promise.all([firstRegistration.promise, firstState.promise]).then(() => {}),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    services,
    pick(role, key) {
      const candidates = services(role);
      return key === undefined
        ? candidates[Math.floor(Math.random() * candidates.length)]
        : rendezvous(key, candidates, (s) => s.serviceId);
    },
    leave() {
      leaving ??= leave();
      return leaving;
    },
  };

  async function leave(): Promise<void> {
    stop.abort();
    await Promise.race([running, sleep(leaveTimeoutMs, undefined, { ref: false })]);
    if (registration) await controlPlane.unregister(registration.serviceId).catch(() => {});
    registered = false;
  }
}

function isForgotten(error: unknown): boolean {
  const { code } = error as GrpcError;
  return code === Status.NOT_FOUND || code === Status.FAILED_PRECONDITION;
}
