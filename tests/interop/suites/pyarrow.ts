import assert from 'node:assert/strict';
import { join } from 'node:path';
import { addFlightService } from '@signaldb/flight';
import { createGrpcServer } from '@signaldb/grpc';
import { type Seen, testService } from '../flight/test-service.ts';
import { pythonVenv } from '../python-venv.ts';
import type { SuiteContext } from '../suite.ts';

/** pyarrow.flight (C++) against packages/flight: every type and call, errors, cancellation, size and number. */
export const name = 'pyarrow';

const script = join(import.meta.dirname, '../python/pyarrow_checks.py');
const residentBytesMax = 700 * 2 ** 20;

export async function run({ cacheDir, log }: SuiteContext): Promise<void> {
  const venv = await pythonVenv(cacheDir, ['pyarrow==26.0.1'], log);
  for (const compression of [undefined, 'lz4', 'zstd'] as const) {
    const seen: Seen = { cancelled: 0 };
    const server = createGrpcServer({ limits: { receiveMessageBytesMax: Number.POSITIVE_INFINITY } });
    addFlightService(server, testService(seen), compression ? { compression } : {});
    const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
    try {
      const counts = await venv.run(script, [String(port)], { timeoutMs: 300_000 });
      const checks = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
      log(`answers ${compression ? `compressed with ${compression}` : 'as they are'}: ${checks.join(', ')}`);
      assert.ok(seen.cancelled >= 2, 'the server was not told of a cancelled call');
      const resident = process.memoryUsage.rss();
      assert.ok(resident < residentBytesMax, `the server takes ${resident} bytes of memory`);
    } finally {
      await server.close({ graceMs: 0 });
    }
  }
}
