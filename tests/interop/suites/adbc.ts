import assert from 'node:assert/strict';
import { join } from 'node:path';
import { addFlightService } from '@signaldb/flight';
import { createFlightSqlService } from '@signaldb/flight-sql';
import { createGrpcServer } from '@signaldb/grpc';
import { toyHandlers } from '../../../packages/flight-sql/src/testing/toy-handlers.ts';
import { pythonVenv } from '../python-venv.ts';
import type { SuiteContext } from '../suite.ts';

/** ADBC's Flight SQL driver (Go, from Python) against packages/flight-sql, over a read-only and over a writable database. */
export const name = 'adbc';

const script = join(import.meta.dirname, '../python/adbc_checks.py');
const packages = ['pyarrow==26.0.1', 'adbc-driver-flightsql==1.13.0', 'adbc-driver-manager==1.13.0'];

export async function run({ cacheDir, log }: SuiteContext): Promise<void> {
  const venv = await pythonVenv(cacheDir, packages, log);
  for (const kind of ['read-only', 'writable'] as const) {
    let stopped = 0;
    const { handlers, log: statements } = toyHandlers({ writable: kind === 'writable', onStop: () => stopped++ });
    const server = createGrpcServer();
    addFlightService(server, createFlightSqlService(handlers));
    const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
    try {
      const checks = await venv.run(script, [String(port), kind]);
      log(`${kind}: ${Object.entries(checks).flat().join(', ')}`);
      assert.equal(stopped, 2, 'a query that was cancelled, or timed out, went on');
      const writes = statements.filter((statement) => /^(TOUCH|SET|INGEST)/.test(statement));
      const expected = ['TOUCH 7', 'TOUCH 7', 'SET ? [1]', 'SET ? [2]', ...Array(4).fill('INGEST t 3')];
      assert.deepEqual(writes, kind === 'writable' ? expected : [], 'what was written isn’t what was asked for, once');
    } finally {
      await server.close({ graceMs: 0 });
    }
  }
}
