import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createSystemClient } from '../../system/client.ts';
import { type Cluster, type StartClusterOptions, startCluster } from '../../system/cluster.ts';
import { shopTrace } from '../../system/shop-trace.ts';
import { goPrograms } from '../grpc/go-tool.ts';
import { mavenJar, runJava } from '../java-tool.ts';
import { pythonVenv, type Venv } from '../python-venv.ts';
import type { SuiteContext } from '../suite.ts';

/**
 * ADBC (Python and Go), pyarrow and JDBC against a running SignalDB, in one process and in many (two routers, two queriers): every type,
 * metadata, writing, many connections, cancellation; then the same doors with authentication on.
 */
export const name = 'signaldb-sql';

const packages = ['pyarrow==26.0.1', 'adbc-driver-flightsql==1.13.0', 'adbc-driver-manager==1.13.0'];
const java = join(import.meta.dirname, '../java/SignaldbJdbcChecks.java');
const goSources = join(import.meta.dirname, '../go/signaldb');
const traces = { default: { cart: 1, checkout: 2 }, 'other-tenant': { secret: 3 } };
const auth = {
  users: [{ name: 'ada', password: 'correct horse', tenants: ['acme'], write: true }],
  tokens: [
    { name: 'reader', token: 'reader-token', tenants: ['acme'], write: false },
    { name: 'writer', token: 'writer-token', tenants: ['acme'], write: true },
    { name: 'two', token: 'two-token', tenants: ['acme', 'other'], write: true },
    { name: 'all', token: 'all-token', tenants: '*', write: true },
  ],
};

export async function run({ cacheDir, log }: SuiteContext): Promise<void> {
  const venv = await pythonVenv(cacheDir, packages, log);
  const jar = await mavenJar(cacheDir, 'org.apache.arrow:flight-sql-jdbc-driver:18.3.0', log);
  const go = join(await goPrograms(cacheDir, goSources, log), 'signaldb');
  const failures: unknown[] = [];
  const attempt = async (title: string, checks: () => Promise<string>) => {
    try {
      log(`${title}: ${await checks()}`);
    } catch (error) {
      failures.push(error);
      log(`${title}: FAILED`);
    }
  };
  for (const processes of ['one', 'five'] as const) {
    const many = processes === 'five';
    const kind = { processes, ...(many && { queriers: 2, routers: 2 }) } as const;
    await onCluster(kind, async (cluster) => {
      const spans = await sendTraces(cluster);
      for (const topic of ['sql', 'types', 'metadata', 'write', ...(many ? ['cluster'] : []), 'load'])
        await attempt(`as ${processes}, ${topic}`, () => pythonChecks(venv, topic, cluster, spans));
      await attempt(`as ${processes}, ADBC for Go`, () => goChecks(go, cluster));
      await attempt(`as ${processes}, JDBC`, () => jdbcChecks(jar, cluster));
    });
    await onCluster({ ...kind, auth }, async (cluster) => {
      await attempt(`as ${processes}, access`, () => pythonChecks(venv, 'access', cluster, {}));
      await attempt(`as ${processes}, access by JDBC`, () => jdbcChecks(jar, cluster, 'secured'));
    });
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} topics failed`);
}

async function onCluster(options: Omit<StartClusterOptions, 'dir'>, work: (cluster: Cluster) => Promise<void>) {
  const dir = await mkdtemp(join(tmpdir(), 'signaldb-sql-'));
  const cluster = await startCluster({ dir, ports: 'free', ...options });
  try {
    await cluster.ready();
    await work(cluster);
  } finally {
    await cluster.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function pythonChecks(venv: Venv, topic: string, cluster: Cluster, spans: object): Promise<string> {
  const routers = [...cluster.processes.keys()].filter((process) => /^(signaldb|router)/.test(process));
  const facts = {
    /** Flight ports of the routers. */
    routers: routers.map((process) => cluster.portsOf(process).routerFlight),
    ports: cluster.ports,
    pids: [...cluster.processes.values()].map(({ pid }) => pid),
    spans,
  };
  const script = join(import.meta.dirname, `../python/signaldb_${topic}_checks.py`);
  const done = await venv.run(script, [JSON.stringify(facts)], { timeoutMs: 300_000 });
  return Object.entries(done).flat().join(', ');
}

async function goChecks(program: string, cluster: Cluster): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [`127.0.0.1:${cluster.ports.routerFlight}`], {
    timeout: 120_000,
  });
  return stdout.trim();
}

async function jdbcChecks(jar: string, cluster: Cluster, ...more: readonly string[]): Promise<string> {
  const output = await runJava(jar, java, [String(cluster.ports.routerFlight), ...more]);
  if (!output.includes('"jdbc": "ok"')) throw new Error(output);
  return 'ok';
}

/** Sends the traces; gives how many spans each tenant's services have. */
async function sendTraces(cluster: Cluster): Promise<Record<string, Record<string, number>>> {
  const spans: Record<string, Record<string, number>> = {};
  for (const [tenant, services] of Object.entries(traces)) {
    const client = createSystemClient({ ports: cluster.ports, tenant });
    const counts: Record<string, number> = {};
    spans[tenant] = counts;
    for (const [service, times] of Object.entries(services)) {
      for (let i = 0; i < times; i++) {
        const trace = shopTrace(service);
        await client.sendTracesGrpc(trace.request);
        counts[service] = (counts[service] ?? 0) + trace.spans;
      }
    }
    await client.close();
  }
  return spans;
}
