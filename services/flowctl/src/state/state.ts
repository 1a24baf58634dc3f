import type { LogEntry, SchemaInfo, ServiceInfo } from '@signaldb/component';

/** A registered service. What changes with every heartbeat isn't here: leases keep it in memory. */
export interface ServiceRecord {
  readonly info: ServiceInfo;
  /** The run of the service: rises with every registration. */
  readonly epoch: number;
  readonly healthy: boolean;
  readonly registeredAtMs: number;
}

/** A log's assignment, with the runs of acceptor and writer for which it was made. */
export interface LogRecord extends LogEntry {
  readonly acceptorEpoch: number;
  readonly writerEpoch: number;
}

export interface NamespaceRecord {
  readonly properties: ReadonlyMap<string, string>;
  /** Table name to the location of its current metadata file. */
  readonly tables: ReadonlyMap<string, string>;
}

export type RunStatus = 'unknown' | 'starting' | 'running' | 'completed' | 'failed' | 'stopped';

export interface RunRecord {
  readonly runId: string;
  readonly pipelineName: string;
  readonly status: RunStatus;
  readonly startedAtMs: number;
  /** 0 while it runs. */
  readonly endedAtMs: number;
  readonly configYaml: string;
  readonly error: string;
  readonly componentIds: readonly string[];
  /** What was last reported, as it came (JSON). */
  readonly metricsJson: string;
}

/** Everything that the control plane must not forget. Values are replaced, never changed. */
export interface FlowState {
  /** Of the watched part: services and logs. */
  readonly revision: number;
  readonly nextEpoch: number;
  readonly services: ReadonlyMap<string, ServiceRecord>;
  readonly logs: ReadonlyMap<string, LogRecord>;
  /** Event type to its versions, oldest first. */
  readonly schemas: ReadonlyMap<string, readonly SchemaInfo[]>;
  readonly namespaces: ReadonlyMap<string, NamespaceRecord>;
  /** Oldest first. */
  readonly runs: ReadonlyMap<string, RunRecord>;
  /** What the services of this cluster share as their secret, in base64; empty until one is made. */
  readonly clusterKey: string;
}

export const initialState: FlowState = {
  revision: 0,
  nextEpoch: 1,
  services: new Map(),
  logs: new Map(),
  schemas: new Map(),
  namespaces: new Map(),
  runs: new Map(),
  clusterKey: '',
};

/** A map with one entry set. */
export function withEntry<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return new Map(map).set(key, value);
}

/** A map with one entry less. */
export function withoutEntry<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}
