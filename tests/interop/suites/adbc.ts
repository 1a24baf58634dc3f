import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openExampleServer } from '../flight/example-server.ts';
import { pythonVenv } from '../python-venv.ts';
import type { SuiteContext } from '../suite.ts';

/** ADBC's Flight SQL driver (Go, from Python) against packages/flight-sql before a database: to be read, to be written, with passwords. */
export const name = 'adbc';

const script = join(import.meta.dirname, '../python/adbc_checks.py');
const packages = ['pyarrow==26.0.1', 'adbc-driver-flightsql==1.13.0', 'adbc-driver-manager==1.13.0'];

/** What the server's memory may grow by while five million rows go out: far less than they are (200 MB). */
const growthBytesMax = 150 << 20;

export async function run({ cacheDir, log }: SuiteContext): Promise<void> {
  const venv = await pythonVenv(cacheDir, packages, log);
  for (const kind of ['read-only', 'writable', 'secured'] as const) {
    const server = await openExampleServer({ writable: kind === 'writable', secured: kind === 'secured' });
    const memory = watchBuffers();
    try {
      const checks = await venv.run(script, [String(server.port), kind]);
      log(`${kind}: ${Object.entries(checks).flat().join(', ')}`);
      log(`${kind}: at most ${(memory.growth() / 2 ** 20).toFixed(0)} MB of rows in memory at once`);
      assert.ok(memory.growth() < growthBytesMax, 'rows that the client had not read yet were kept in memory');
      await server.settle();
    } finally {
      memory.stop();
      await server.close();
    }
  }
}

/** How much the memory of arrays, which rows are made of, has grown at most. */
function watchBuffers() {
  const before = process.memoryUsage().arrayBuffers;
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers);
  }, 50);
  return { growth: () => most - before, stop: () => clearInterval(timer) };
}
