// Starts the five services as processes of this machine: npm run cluster -- --help
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Cluster, type ProcessName, startCluster } from '../tests/system/cluster.ts';

const usage = `npm run cluster -- [flags]

Starts flowctl, writer, acceptor, querier and router as five processes on this machine, and a MinIO server as their object store
where one is installed (on the PATH or in ~/.cache/signaldb/bin), else they share a folder. Ctrl-C ends them in order.
What ends by itself is not started again.

  --dir FOLDER     data; default ./data/cluster
  --store KIND     auto, minio or local; default auto
  --free-ports     any free ports instead of the known ones
  --quiet          their log from warnings on
  --help           this`;

const { values: flags } = parseArgs({
  options: {
    dir: { type: 'string', default: join('data', 'cluster') },
    store: { type: 'string', default: 'auto' },
    'free-ports': { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help) {
  console.log(usage);
  process.exit(0);
}
if (flags.store !== 'auto' && flags.store !== 'minio' && flags.store !== 'local') {
  console.error(`--store is auto, minio or local, not "${flags.store}".`);
  process.exit(1);
}

const names: ProcessName[] = ['minio', 'flowctl', 'writer', 'acceptor', 'querier', 'router'];
const print = (name: ProcessName, line: string) => console.log(`${name.padEnd(8)} | ${line}`);

let cluster: Cluster;
try {
  cluster = await startCluster({
    dir: resolve(process.env.SIGNALDB_CALLER_DIR ?? process.cwd(), flags.dir),
    store: flags.store,
    ports: flags['free-ports'] ? 'free' : 'default',
    flags: Object.fromEntries(
      names.map((name) => [name, ['--log-format', 'text', ...(flags.quiet ? ['--log-level', 'warn'] : [])]]),
    ),
    onLine: print,
  });
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}

let stopping: Promise<void> | undefined;
const stop = (exitCode: number) => {
  stopping ??= cluster.stop().then(() => process.exit(exitCode));
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(0));
for (const [name, child] of cluster.processes) {
  child.exited.then((code) => {
    if (!stopping) print(name, `ended by itself (${code === null ? 'killed' : `exit code ${code}`})`);
    if ([...cluster.processes.values()].every((each) => !each.running)) stop(1);
  });
}

cluster.ready(60_000).then(
  () => {
    const { ports } = cluster;
    const pids = [...cluster.processes].map(([name, child]) => `${name} ${child.pid}`).join(', ');
    console.log(`
SignalDB runs as ${cluster.processes.size} processes (${pids}). Data: ${cluster.dir}, objects: ${cluster.store}
  OTLP                  gRPC 127.0.0.1:${ports.otlpGrpc}, HTTP http://127.0.0.1:${ports.otlpHttp}
  Tempo API             http://127.0.0.1:${ports.routerHttp}
  Flight and Flight SQL grpc://127.0.0.1:${ports.routerFlight}
  Iceberg REST catalog  http://127.0.0.1:${ports.flowctlHttp}
  Metrics and health    ${Object.entries(ports.ops)
    .map(([name, port]) => `${name} ${port}`)
    .join(', ')}
`);
  },
  (error: Error) => {
    if (!stopping) console.error(error.message);
  },
);
