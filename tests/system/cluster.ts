import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { findMinio, minioBucket, minioKeys, minioProcess, startMinio } from './minio.ts';
import { type ClusterPorts, defaultPorts, freeClusterPorts, type ServiceName, serviceNames } from './ports.ts';
import { ServiceProcess } from './service-process.ts';

export type { ClusterPorts, ServiceName } from './ports.ts';
export { ServiceProcess } from './service-process.ts';

export type ProcessName = ServiceName | `writer-${number}` | 'signaldb' | 'minio';

export interface StartClusterOptions {
  /** Where all data goes. */
  readonly dir: string;
  /** `five`: a process a service; `one`: the single process. Default: five. */
  readonly processes?: 'five' | 'one';
  /** `free` for tests. Default: those that users know. */
  readonly ports?: 'default' | 'free' | ClusterPorts;
  /** `local`: a folder; `minio`: a MinIO server; `auto`: MinIO where one is installed, else a folder. Default: local. */
  readonly store?: 'local' | 'minio' | 'auto';
  /** An object store that runs already, instead of `store`: flags for each service that has one. */
  readonly storeFlags?: readonly string[];
  /** More flags a service. */
  readonly flags?: Partial<Record<ProcessName, readonly string[]>>;
  /** Of `five`: how many writers there are; the further ones are named `writer-2` and so on. Default: 1. */
  readonly writers?: number;
  /** Services that are not started at first. */
  readonly without?: readonly ServiceName[];
  readonly onLine?: (process: ProcessName, line: string) => void;
}

/** SignalDB's processes on this machine. */
export interface Cluster {
  readonly dir: string;
  readonly ports: ClusterPorts;
  /** Where the objects are: a folder, or `s3://…`. */
  readonly store: string;
  /** Those that were started, and those that may be. */
  readonly processes: ReadonlyMap<ProcessName, ServiceProcess>;
  /** Throws for a name that this cluster doesn't have. */
  process(name: ProcessName): ServiceProcess;
  /** Waits until everything that was started is ready. */
  ready(timeoutMs?: number): Promise<void>;
  /** Ends all, front door first, and waits. With SIGTERM each has its 10 s. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const root = join(import.meta.dirname, '..', '..');
const program = (name: string) => join(root, 'services', name, 'src', 'main.ts');

/** Starts SignalDB as processes. They run when this resolves; `ready` says when they can be used. */
export async function startCluster(options: StartClusterOptions): Promise<Cluster> {
  const { dir, processes: mode = 'five', without = [], flags = {}, onLine } = options;
  const ports =
    options.ports === 'free'
      ? await freeClusterPorts()
      : typeof options.ports === 'object'
        ? options.ports
        : defaultPorts;
  mkdirSync(dir, { recursive: true });
  const processes = new Map<ProcessName, ServiceProcess>();
  const lineTo = (name: ProcessName) => (onLine ? { onLine: (line: string) => onLine(name, line) } : {});

  const store = await openStore(options, ports, (minio) => processes.set('minio', minio), lineTo('minio'));
  const add = (name: ProcessName, service: ServiceName | 'signaldb', opsPort: number, args: readonly string[]) => {
    const common = ['--ops-host', '127.0.0.1', '--ops-port', String(opsPort), '--log-format', 'json'];
    processes.set(
      name,
      new ServiceProcess({
        name,
        program: program(service),
        args: [...common, ...args, ...(flags[service] ?? [])],
        cwd: dir,
        env: { SIGNALDB_CALLER_DIR: dir },
        readyUrl: `http://127.0.0.1:${opsPort}/readyz`,
        ...lineTo(name),
      }),
    );
  };
  if (mode === 'one')
    add('signaldb', 'signaldb', ports.ops.acceptor, [
      '--data-dir',
      dir,
      ...store.flags,
      ...serviceNames.flatMap((name) => portFlags(name, ports)),
    ]);
  else
    for (const name of serviceNames)
      add(name, name, ports.ops[name], [...serviceFlags(name, dir, ports, store.flags), ...portFlags(name, ports)]);
  for (let n = 2; mode === 'five' && n <= (options.writers ?? 1); n++) {
    const [flightPort, opsPort] = await freePorts(2);
    const own = { ...ports, writerFlight: flightPort! };
    add(`writer-${n}`, 'writer', opsPort!, [
      ...serviceFlags('writer', dir, own, store.flags, `writer-${n}`),
      ...portFlags('writer', own),
    ]);
  }

  const started = () => [...processes.values()].filter((process) => process.running);
  for (const [name, process] of processes)
    if (!process.running && !without.includes(name as ServiceName)) process.start();
  return {
    dir,
    ports,
    store: store.where,
    processes,
    process(name) {
      const found = processes.get(name);
      if (!found) throw new Error(`This cluster has no "${name}".`);
      return found;
    },
    async ready(timeoutMs) {
      await Promise.all(started().map((process) => process.ready(timeoutMs)));
    },
    async stop(signal = 'SIGTERM') {
      for (const process of [...processes.values()].reverse()) await process.kill(signal);
    },
  };
}

/** A service's own ports and where it listens. */
function portFlags(name: ServiceName, ports: ClusterPorts): string[] {
  const own: Record<ServiceName, Record<string, number>> = {
    flowctl: { 'grpc-port': ports.flowctlGrpc, 'http-port': ports.flowctlHttp },
    writer: { 'flight-port': ports.writerFlight },
    acceptor: {
      'otlp-grpc-port': ports.otlpGrpc,
      'otlp-http-port': ports.otlpHttp,
      'flight-port': ports.acceptorFlight,
    },
    querier: { 'flight-port': ports.querierFlight },
    router: { 'http-port': ports.routerHttp, 'flight-port': ports.routerFlight },
  };
  const flags = Object.entries(own[name]).flatMap(([flag, port]) => [`--${name}-${flag}`, String(port)]);
  return [`--${name}-host`, '127.0.0.1', ...flags];
}

/** What a service by itself has to know of the others. */
function serviceFlags(
  name: ServiceName,
  dir: string,
  ports: ClusterPorts,
  storeFlags: readonly string[],
  folder: string = name,
): string[] {
  const flags: string[] = [];
  if (name !== 'router') flags.push('--data-dir', join(dir, folder));
  if (name !== 'flowctl')
    flags.push(
      '--control-plane-address',
      `grpc://127.0.0.1:${ports.flowctlGrpc}`,
      '--control-plane-catalog-uri',
      `http://127.0.0.1:${ports.flowctlHttp}`,
    );
  if (name === 'flowctl' || name === 'writer' || name === 'querier') flags.push(...storeFlags);
  return flags;
}

async function openStore(
  { dir, store = 'local', storeFlags }: StartClusterOptions,
  ports: ClusterPorts,
  onMinio: (minio: ServiceProcess) => void,
  lines: { onLine?: (line: string) => void },
): Promise<{ where: string; flags: readonly string[] }> {
  if (storeFlags) return { where: storeFlags.join(' '), flags: storeFlags };
  const binary = store === 'local' ? undefined : findMinio();
  if (store === 'minio' && !binary)
    throw new Error('No minio is installed: neither on the PATH nor in ~/.cache/signaldb/bin.');
  if (!binary) {
    const where = join(dir, 'warehouse');
    return { where, flags: ['--store-url', where] };
  }
  const minio = minioProcess({ binary, dir: join(dir, 'minio'), port: ports.minio, ...lines });
  await startMinio(minio, ports.minio);
  onMinio(minio);
  const where = `s3://${minioBucket}/warehouse`;
  const { accessKey, secretKey } = minioKeys;
  const endpoint = `http://127.0.0.1:${ports.minio}`;
  return {
    where,
    flags: [
      '--store-url',
      where,
      '--store-endpoint',
      endpoint,
      '--store-access-key',
      accessKey,
      '--store-secret-key',
      secretKey,
    ],
  };
}
