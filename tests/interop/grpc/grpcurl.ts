import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Asks a server with grpcurl, which knows nothing of it but what server reflection tells. */
export async function runGrpcurl(grpcurl: string, port: number): Promise<void> {
  const address = `127.0.0.1:${port}`;
  const ask = async (...args: string[]): Promise<string> =>
    (await run(grpcurl, ['-plaintext', ...args], { timeout: 30_000 })).stdout;
  const call = async (request: object, method: string): Promise<unknown> =>
    JSON.parse(await ask('-d', JSON.stringify(request), address, method));

  const services = await ask(address, 'list');
  assert.deepEqual(services.trim().split('\n'), [
    'grpc.health.v1.Health',
    'grpc.reflection.v1.ServerReflection',
    'grpc.reflection.v1alpha.ServerReflection',
    'grpc.testing.TestService',
  ]);
  assert.match(await ask(address, 'list', 'grpc.testing.TestService'), /grpc\.testing\.TestService\.HalfDuplexCall/);
  assert.match(
    await ask(address, 'describe', 'grpc.testing.SimpleRequest'),
    /\.grpc\.testing\.EchoStatus response_status = 7;/,
  );
  assert.match(await ask(address, 'describe', 'grpc.health.v1.Health.Check'), /rpc Check/);
  assert.deepEqual(await call({ responseSize: 3 }, 'grpc.testing.TestService/UnaryCall'), {
    payload: { body: 'AAAA' },
  });
  assert.deepEqual(await call({ service: '' }, 'grpc.health.v1.Health/Check'), { status: 'SERVING' });
  assert.deepEqual(await call({}, 'grpc.health.v1.Health/List'), { statuses: { '': { status: 'SERVING' } } });
  await assert.rejects(call({ service: 'missing' }, 'grpc.health.v1.Health/Check'), /NotFound/);
  await assert.rejects(
    call({ responseStatus: { code: 9, message: 'not now' } }, 'grpc.testing.TestService/UnaryCall'),
    /FailedPrecondition[\s\S]*not now/,
  );
  assert.match(
    await ask('-d', '{"service":""}', '-max-time', '1', address, 'grpc.health.v1.Health/Watch').catch(
      (error) => error.stdout,
    ),
    /SERVING/,
  );
}
