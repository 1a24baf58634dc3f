import { freePorts } from './free-ports.ts';

export const serviceNames = ['flowctl', 'writer', 'acceptor', 'querier', 'router'] as const;
/** In the order in which they are started; they are stopped in the opposite one. */
export type ServiceName = (typeof serviceNames)[number];

/** Every port of a cluster. */
export interface ClusterPorts {
  readonly otlpGrpc: number;
  readonly otlpHttp: number;
  readonly acceptorFlight: number;
  readonly writerFlight: number;
  readonly querierFlight: number;
  readonly routerHttp: number;
  readonly routerFlight: number;
  readonly flowctlGrpc: number;
  readonly flowctlHttp: number;
  readonly minio: number;
  /** Metrics and health; the single process uses the acceptor's. */
  readonly ops: Readonly<Record<ServiceName, number>>;
}

/** Those that users know. */
export const defaultPorts: ClusterPorts = {
  otlpGrpc: 4317,
  otlpHttp: 4318,
  acceptorFlight: 8815,
  writerFlight: 8816,
  querierFlight: 8817,
  routerHttp: 3200,
  routerFlight: 8082,
  flowctlGrpc: 8080,
  flowctlHttp: 8181,
  minio: 9000,
  ops: { acceptor: 9464, writer: 9465, querier: 9466, router: 9467, flowctl: 9468 },
};

export async function freeClusterPorts(): Promise<ClusterPorts> {
  const names = Object.keys(defaultPorts).filter((name) => name !== 'ops');
  const ports = await freePorts(names.length + serviceNames.length);
  const ops = Object.fromEntries(serviceNames.map((name, i) => [name, ports[names.length + i]!]));
  return { ...Object.fromEntries(names.map((name, i) => [name, ports[i]!])), ops } as unknown as ClusterPorts;
}
