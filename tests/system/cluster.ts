import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { findMinio, minioBucket, minioKeys, minioProcess, startMinio } from './minio.ts';
import { type ClusterPorts, defaultPorts, freeClusterPorts, type ServiceName, serviceNames } from './ports.ts';
import { ServiceProcess } from './service-process.ts';

export type { ClusterPorts, ServiceName } from './ports.ts';
export { ServiceProcess } from './service-process.ts';

/** Services of which a cluster may have several. */
type Replicated = 'writer' | 'querier' | 'router';
export type ProcessName = ServiceName | `${Replicated}-${number}` | 'signaldb' | 'minio';

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
  /** More flags a service; those of `querier` go to each querier, those of `querier-2` to that one. */
  readonly flags?: Partial<Record<ProcessName, readonly string[]>>;
  /** Of `five`: how many there are; the further ones are named `writer-2`, `querier-2` and so on. Default: 1. */
  readonly writers?: number;
  readonly queriers?: number;
  readonly routers?: number;
  /** What the authentication file says (`users`, `tokens`); each service is given it. Default: everyone may do everything. */
  readonly auth?: Readonly<Record<string, unknown>>;
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
  /** The cluster's ports with those of this process in place of its service's first: `portsOf('router-2').routerFlight`. */
  portsOf(name: ProcessName): ClusterPorts;
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
  const authFlags = options.auth ? ['--auth-file', writeAuthFile(dir, options.auth)] : [];
  const portsByName = new Map<ProcessName, ClusterPorts>();
  const add = (name: ProcessName, service: ServiceName | 'signaldb', own: ClusterPorts, args: readonly string[]) => {
    const opsPort = own.ops[service === 'signaldb' ? 'acceptor' : service];
    const common = ['--ops-host', '127.0.0.1', '--ops-port', String(opsPort), '--log-format', 'json', ...authFlags];
    portsByName.set(name, own);
    processes.set(
      name,
      new ServiceProcess({
        name,
        program: program(service),
        args: [...common, ...args, ...(flags[service] ?? []), ...((name !== service && flags[name]) || [])],
        cwd: dir,
        env: { SIGNALDB_CALLER_DIR: dir },
        readyUrl: `http://127.0.0.1:${opsPort}/readyz`,
        ...lineTo(name),
      }),
    );
  };
  if (mode === 'one')
    add('signaldb', 'signaldb', ports, [
      '--data-dir',
      dir,
      ...store.flags,
      ...serviceNames.flatMap((name) => portFlags(name, ports)),
    ]);
  else {
    const counts: Partial<Record<ServiceName, number>> = {
      writer: options.writers ?? 1,
      querier: options.queriers ?? 1,
      router: options.routers ?? 1,
    };
    for (const service of serviceNames)
      for (let n = 1; n <= (counts[service] ?? 1); n++) {
        const name = n === 1 ? service : (`${service as Replicated}-${n}` as const);
        const own = n === 1 ? ports : await ownPorts(service as Replicated, ports);
        add(name, service, own, [...serviceFlags(service, dir, own, store.flags, name), ...portFlags(service, own)]);
      }
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
    portsOf: (name) => portsByName.get(name) ?? ports,
    async ready(timeoutMs) {
      await Promise.all(started().map((process) => process.ready(timeoutMs)));
    },
    async stop(signal = 'SIGTERM') {
      for (const process of [...processes.values()].reverse()) await process.kill(signal);
    },
  };
}

/** Free ports for one more of a service. */
async function ownPorts(service: Replicated, ports: ClusterPorts): Promise<ClusterPorts> {
  const [flight, ops, http] = (await freePorts(3)) as [number, number, number];
  const own: Record<Replicated, Partial<ClusterPorts>> = {
    writer: { writerFlight: flight },
    querier: { querierFlight: flight },
    router: { routerFlight: flight, routerHttp: http },
  };
  return { ...ports, ...own[service], ops: { ...ports.ops, [service]: ops } };
}

function writeAuthFile(dir: string, auth: Readonly<Record<string, unknown>>): string {
  const file = join(dir, 'auth.json');
  writeFileSync(file, JSON.stringify(auth), { mode: 0o600 });
  return file;
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
