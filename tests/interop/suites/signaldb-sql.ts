import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSystemClient } from '../../system/client.ts';
import { type Cluster, startCluster } from '../../system/cluster.ts';
import { shopTrace } from '../../system/shop-trace.ts';
import { mavenJar, runJava } from '../java-tool.ts';
import { pythonVenv } from '../python-venv.ts';
import type { SuiteContext } from '../suite.ts';

/** ADBC, pyarrow and JDBC ask a running SignalDB, in one process and in five, about what was just acknowledged. */
export const name = 'signaldb-sql';

const script = join(import.meta.dirname, '../python/signaldb_sql_checks.py');
const java = join(import.meta.dirname, '../java/SignaldbJdbcChecks.java');
const packages = ['pyarrow==26.0.1', 'adbc-driver-flightsql==1.13.0', 'adbc-driver-manager==1.13.0'];
const traces = { default: { cart: 1, checkout: 2 }, 'other-tenant': { secret: 3 } };

export async function run({ cacheDir, log }: SuiteContext): Promise<void> {
  const venv = await pythonVenv(cacheDir, packages, log);
  const jar = await mavenJar(cacheDir, 'org.apache.arrow:flight-sql-jdbc-driver:18.3.0', log);
  for (const processes of ['one', 'five'] as const) {
    const dir = await mkdtemp(join(tmpdir(), 'signaldb-sql-'));
    const cluster = await startCluster({ dir, processes, ports: 'free' });
    try {
      await cluster.ready();
      const spans = await sendTraces(cluster);
      const flight = cluster.ports.routerFlight;
      const checks = await venv.run(script, [JSON.stringify({ flight, spans })]);
      log(`as ${processes}: ${Object.entries(checks).flat().join(', ')}`);
      const output = await runJava(jar, java, [String(flight)]);
      if (!output.includes('"jdbc": "ok"')) throw new Error(output);
      log(`as ${processes}: JDBC reads the tree of tables, queries, parameters`);
    } finally {
      await cluster.stop();
      await rm(dir, { recursive: true, force: true });
    }
  }
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
