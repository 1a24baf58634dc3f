/** What a component of a pipeline is to the data: where it comes from, what changes it, where it ends. */
export type ServiceType = 'unspecified' | 'source' | 'processor' | 'sink' | 'pipeline';

/** One version of an event type's schema. */
export interface SchemaInfo {
  readonly eventType: string;
  /** `arrow-json`: the JSON of Arrow's integration tests; `arrow-ipc`: a serialized schema in base64. */
  readonly schemaFormat: string;
  readonly schemaFingerprint: string;
  readonly schemaDefinition: string;
  /** Counts from 1; 0 where it isn't registered yet. */
  readonly version: number;
  readonly compatibleVersions: readonly number[];
}

/** What a service says about itself. */
export interface ServiceInfo {
  /** Unique; a service that keeps its identity over restarts brings it along. Empty: the control plane chooses. */
  readonly serviceId: string;
  readonly type: ServiceType;
  /** What others look for: `acceptor`, `writer`, `querier`, `router`, `flowctl`, or a user's own. */
  readonly role: string;
  /** Of its Flight service: `inproc://writer`, `grpc://host:port`; empty where it has none. */
  readonly location: string;
  readonly inputEventTypes: readonly string[];
  readonly outputEventTypes: readonly string[];
  readonly healthEndpoint: string;
  readonly maxInflight: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly supportedSchemas: readonly SchemaInfo[];
}

export interface Registration {
  readonly serviceId: string;
  /** Rises with every registration of anyone; belongs into the heartbeats. */
  readonly epoch: number;
  /** Without a heartbeat for so long the service counts as unhealthy. */
  readonly leaseMs: number;
}

export interface Heartbeat {
  readonly serviceId: string;
  /** 0: whichever is current. */
  readonly epoch: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface ServiceStatus {
  readonly serviceId: string;
  readonly type: ServiceType;
  readonly healthy: boolean;
  /** Milliseconds since 1970. */
  readonly lastHeartbeatMs: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A service as the others see it. */
export interface ServiceEntry {
  readonly serviceId: string;
  readonly type: ServiceType;
  readonly role: string;
  readonly location: string;
  readonly healthy: boolean;
  readonly epoch: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputEventTypes: readonly string[];
  readonly outputEventTypes: readonly string[];
}

/** Which writer has an acceptor's log. */
export interface LogEntry {
  readonly logId: string;
  readonly acceptorId: string;
  readonly writerId: string;
  readonly epoch: number;
  /** Everything in it is committed and nothing more will come: readers needn't ask for it. */
  readonly drained: boolean;
}

export interface ClusterState {
  /** Rises with every change; 0 is the state before any was seen. */
  readonly revision: number;
  readonly services: readonly ServiceEntry[];
  readonly logs: readonly LogEntry[];
}

export const emptyClusterState: ClusterState = { revision: 0, services: [], logs: [] };

export interface LogAssignmentRequest {
  readonly logId: string;
  readonly acceptorId: string;
  readonly writerId: string;
  /** Raises the epoch in any case, so that whatever held the log before is cut off. */
  readonly renew?: boolean;
}

export interface SchemaQuery {
  readonly eventType: string;
  /** Neither version nor fingerprint: the newest. */
  readonly version?: number;
  readonly fingerprint?: string;
}

/**
 * The control plane as code uses it: the state machine itself in one process, a client of it elsewhere.
 * Every call rejects with a `GrpcError`; UNAVAILABLE means that it couldn't be reached and may be tried again.
 */
export interface ControlPlane {
  /** Registers, or replaces the registration of the same id under a new epoch. */
  register(info: ServiceInfo): Promise<Registration>;
  /** @throws NOT_FOUND for an unknown id, FAILED_PRECONDITION for a replaced epoch: register again */
  heartbeat(beat: Heartbeat): Promise<void>;
  /** Ends a registration at once. An unknown id is no error. */
  unregister(serviceId: string): Promise<void>;
  /** @throws NOT_FOUND */
  serviceStatus(serviceId: string): Promise<ServiceStatus>;
  listServices(): Promise<readonly ServiceStatus[]>;
  /**
   * The state now and after every change, until the signal aborts (the iteration then ends without an error). A slow reader
   * misses states in between, never the last. Connection losses are bridged: after one, the state comes anew.
   */
  watch(signal?: AbortSignal): AsyncIterable<ClusterState>;
  /**
   * Gives a log to a writer. The epoch rises when the writer is another one, when acceptor or writer registered anew since, after a
   * drain, and on `renew`. @throws NOT_FOUND where acceptor or writer aren't registered
   */
  assignLog(request: LogAssignmentRequest): Promise<{ readonly epoch: number }>;
  /** @throws FAILED_PRECONDITION where the log has another epoch by now */
  drainLog(log: { readonly logId: string; readonly epoch: number }): Promise<void>;
  /** Adds a version, unless the newest one is the same. @throws INVALID_ARGUMENT for a definition that isn't a schema */
  registerSchema(schema: SchemaInfo): Promise<SchemaInfo>;
  /** @throws NOT_FOUND */
  getSchema(query: SchemaQuery): Promise<SchemaInfo>;
  /** Lets go of connections. Watches end. */
  close(): Promise<void>;
}
