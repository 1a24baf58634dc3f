import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  type ArrowStatusCode,
  type Authenticator,
  addFlightService,
  arrowError,
  arrowStatusOf,
  authenticateBasic,
  connectFlight,
  createBearerTokens,
  type FlightService,
  fetchFlight,
  secretsEqual,
  withAuthentication,
} from '@signaldb/flight';
import { createGrpcServer, GrpcError, type GrpcServerOptions, Status } from '@signaldb/grpc';
import { Table, vectorFromArray } from 'apache-arrow';
import { pythonVenv } from '../python-venv.ts';
import type { SuiteContext } from '../suite.ts';

/** packages/flight and pyarrow.flight, each as the other's server: authentication, errors, locations, endpoints. */
export const name = 'flight-core';

const python = join(import.meta.dirname, '../python');
const certificates = join(import.meta.dirname, '../../../packages/flight/src/testing/tls');
const message = 'gone wrong: ü 100 %';

const authenticator: Authenticator = {
  ...createBearerTokens({ key: Buffer.alloc(32, 1) }),
  basic: async (user, password) => (secretsEqual(password, 'löve:lace') ? { name: user } : undefined),
  apiKey: async (key) => (secretsEqual(key, 'key-1') ? { name: 'by key' } : undefined),
  certificate: async () => ({ name: 'by certificate' }),
};

function fail(what: string): never {
  if (what === 'extra')
    throw arrowError({ code: 'Invalid', message: 'more', detail: 'in detail', extraInfo: Buffer.from([0, 255]) });
  const [, arrow] = /^arrow (\w+)$/.exec(what) ?? [];
  if (arrow) throw arrowError({ code: arrow as ArrowStatusCode, message });
  throw new GrpcError(Status[what as keyof typeof Status], message);
}

const service: Partial<FlightService> = {
  getFlightInfo: async ({ path }) => fail(path![0]!),
  async *doGet(ticket) {
    const what = Buffer.from(ticket).toString();
    if (what !== 'rows') fail(what);
    yield { batch: new Table({ n: vectorFromArray(new BigInt64Array(100_000).fill(7n)) }).batches[0]! };
  },
  async *doAction({ type }, { principal }) {
    if (type !== 'who') fail(type);
    yield Buffer.from(principal?.name ?? '');
  },
};

export async function run({ cacheDir, log }: SuiteContext): Promise<void> {
  const venv = await pythonVenv(cacheDir, ['pyarrow==26.0.1'], log);
  await pyarrowAsClient(venv, log);
  await pyarrowAsServer(venv.python, log);
}

async function pyarrowAsClient(venv: Awaited<ReturnType<typeof pythonVenv>>, log: (line: string) => void) {
  const folder = await mkdtemp(join(tmpdir(), 'flight-core-'));
  const [cert, key] = [join(certificates, 'localhost.crt'), join(certificates, 'localhost.key')];
  const pem = { cert: await readFile(cert), key: await readFile(key), ca: await readFile(cert) };
  const serve = (options: GrpcServerOptions = {}) => {
    const server = createGrpcServer(options);
    addFlightService(server, withAuthentication(service, authenticator));
    return server;
  };
  const servers = [serve(), serve({ tls: { ...pem, requestCert: true, rejectUnauthorized: false } }), serve()] as const;
  try {
    const plain = await servers[0].listen({ host: '127.0.0.1', port: 0 });
    const tls = await servers[1].listen({ host: '127.0.0.1', port: 0 });
    const { path } = await servers[2].listen({ path: join(folder, 'socket') });
    const settings = {
      plain: `grpc://127.0.0.1:${plain.port}`,
      tls: `grpc+tls://localhost:${tls.port}`,
      unix: `grpc+unix://${path}`,
      cert,
      key,
    };
    const counts = await venv.run(join(python, 'flight_core_checks.py'), [JSON.stringify(settings)]);
    const checks = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
    log(`pyarrow as client: ${checks.join(', ')}`);
  } finally {
    for (const server of servers) await server.close({ graceMs: 0 });
    await rm(folder, { recursive: true, force: true });
  }
}

async function pyarrowAsServer(interpreter: string, log: (line: string) => void) {
  const child = spawn(interpreter, [join(python, 'flight_core_server.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [port] = await once(createInterface(child.stdout), 'line');
    const client = connectFlight(`grpc://127.0.0.1:${port}`);
    try {
      await errorsOf(client);
      const authenticated = await authenticateBasic(client, 'ada', 'lövelace');
      assert.deepEqual(await results(authenticated, 'authorization'), ['Bearer made-here']);
      const info = await client.getFlightInfo({ command: Buffer.from('7') });
      const numbers: number[] = [];
      for await (const { batch } of fetchFlight(client, info)) {
        for (const row of batch ?? []) numbers.push(Number(row.n));
      }
      assert.deepEqual(
        numbers,
        Array.from({ length: 70 }, (_, i) => i),
      );
      log('pyarrow as server: 8 kinds of errors, a token, 7 endpoints side by side in order');
    } finally {
      await client.close();
    }
  } finally {
    child.stdin.end();
    if (child.exitCode === null) await once(child, 'exit');
  }
}

async function errorsOf(client: ReturnType<typeof connectFlight>): Promise<void> {
  const expected: [string, number, ArrowStatusCode][] = [
    ['invalid', Status.INVALID_ARGUMENT, 'Invalid'],
    ['key', Status.NOT_FOUND, 'KeyError'],
    ['index', Status.OUT_OF_RANGE, 'IndexError'],
    ['type', Status.INVALID_ARGUMENT, 'TypeError'],
    ['not implemented', Status.UNIMPLEMENTED, 'NotImplemented'],
    ['unauthenticated', Status.UNAUTHENTICATED, 'IOError'],
    ['unavailable', Status.UNAVAILABLE, 'IOError'],
    ['internal', Status.INTERNAL, 'IOError'],
  ];
  for (const [type, code, arrow] of expected) {
    const error: GrpcError = await results(client, type).then(
      () => assert.fail(`${type} did not fail`),
      (thrown) => thrown,
    );
    assert.ok(error instanceof GrpcError, String(error));
    const status = arrowStatusOf(error);
    assert.deepEqual([type, error.code, status?.code], [type, code, arrow]);
    assert.ok(status?.message.includes('wrong: ü'), status?.message);
    if (type === 'unauthenticated') assert.deepEqual([...(status?.extraInfo ?? [])], [0, 255]);
  }
}

async function results(client: ReturnType<typeof connectFlight>, type: string): Promise<string[]> {
  const answers: string[] = [];
  for await (const body of client.doAction({ type, body: new Uint8Array(0) })) {
    answers.push(Buffer.from(body).toString());
  }
  return answers;
}
