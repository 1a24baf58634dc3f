import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster } from '../../system/cluster.ts';
import { pythonVenv } from '../python-venv.ts';
import type { SuiteContext } from '../suite.ts';

/**
 * Every Arrow type that users bring, into tables of their own: by ADBC's bulk ingest, DoPut and DoExchange; read back by SQL before the
 * commit and after it, and by PyIceberg from the committed files.
 */
export const name = 'user-tables';

const packages = [
  'pyarrow==26.0.1',
  'adbc-driver-flightsql==1.13.0',
  'adbc-driver-manager==1.13.0',
  'pyiceberg==0.12.0',
  'pyiceberg-core==0.11.0',
];

export async function run({ cacheDir, log }: SuiteContext): Promise<void> {
  const venv = await pythonVenv(cacheDir, packages, log);
  const dir = await mkdtemp(join(tmpdir(), 'signaldb-user-tables-'));
  const cluster = await startCluster({ dir, processes: 'one', ports: 'free' });
  try {
    await cluster.ready();
    const { routerFlight, flowctlHttp } = cluster.ports;
    const script = join(import.meta.dirname, '../python/user_tables_checks.py');
    const done = await venv.run(script, [String(routerFlight), String(flowctlHttp)], { timeoutMs: 120_000 });
    for (const [check, outcome] of Object.entries(done)) log(`${check}: ${outcome}`);
  } finally {
    await cluster.stop();
    await rm(dir, { recursive: true, force: true });
  }
}
