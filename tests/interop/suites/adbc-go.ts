import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openExampleServer } from '../flight/example-server.ts';
import { goPrograms } from '../grpc/go-tool.ts';
import type { SuiteContext } from '../suite.ts';

/** ADBC for Go, and Arrow's own Flight SQL client for Go with every command and action, against packages/flight-sql. */
export const name = 'adbc-go';

const execute = promisify(execFile);

export async function run({ cacheDir, log }: SuiteContext): Promise<void> {
  const folder = await goPrograms(cacheDir, join(import.meta.dirname, '../go/flightsql'), log);
  for (const kind of ['read-only', 'writable', 'secured'] as const) {
    const server = await openExampleServer({ writable: kind === 'writable', secured: kind === 'secured' });
    try {
      const ports = [server.port, server.otherPort].map(String);
      const { stdout } = await execute(join(folder, 'flightsql'), [kind, ...ports], { timeout: 120_000 });
      for (const line of stdout.trim().split('\n')) log(`${kind}: ${line}`);
      await server.settle();
    } finally {
      await server.close();
    }
  }
}
