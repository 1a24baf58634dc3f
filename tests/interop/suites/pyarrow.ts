import assert from 'node:assert/strict';
import { join } from 'node:path';
import { addFlightService, withAuthentication } from '@signaldb/flight';
import { createGrpcServer, type GrpcServer } from '@signaldb/grpc';
import { checkAgainstPyarrow } from '../flight/pyarrow-server.ts';
import { type Seen, testService } from '../flight/test-service.ts';
import { pythonVenv } from '../python-venv.ts';
import type { SuiteContext } from '../suite.ts';

/** pyarrow.flight (C++) against packages/flight, and packages/flight's client against pyarrow's server: every type and call. */
export const name = 'pyarrow';

const script = join(import.meta.dirname, '../python/pyarrow_checks.py');
const residentBytesMax = 700 * 2 ** 20;

async function listen(server: GrpcServer): Promise<string> {
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return String(port);
}

export async function run({ cacheDir, log }: SuiteContext): Promise<void> {
  const venv = await pythonVenv(cacheDir, ['pyarrow==26.0.1'], log);
  for (const compression of [undefined, 'lz4', 'zstd'] as const) {
    const seen: Seen = { cancelled: 0 };
    const server = createGrpcServer({ limits: { receiveMessageBytesMax: Number.POSITIVE_INFINITY } });
    const guarded = createGrpcServer();
    const service = testService(seen);
    addFlightService(server, service, compression ? { compression } : {});
    addFlightService(
      guarded,
      withAuthentication(service, {
        basic: async (user, password) => (`${user}:${password}` === 'user:password' ? { name: user } : undefined),
        bearer: async (token) => (token === 'good-token' ? { name: 'holder' } : undefined),
        apiKey: async (key) => (key === 'good-key' ? { name: 'keyholder' } : undefined),
      }),
    );
    try {
      const counts = await venv.run(script, [await listen(server), await listen(guarded)], { timeoutMs: 300_000 });
      const checks = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
      log(`answers ${compression ? `compressed with ${compression}` : 'as they are'}: ${checks.join(', ')}`);
      assert.ok(seen.cancelled >= 2, 'the server was not told of a cancelled call');
      const resident = process.memoryUsage.rss();
      assert.ok(resident < residentBytesMax, `the server takes ${resident} bytes of memory`);
    } finally {
      await Promise.all([server.close({ graceMs: 0 }), guarded.close({ graceMs: 0 })]);
    }
  }
  await checkAgainstPyarrow(venv.python, log);
}
