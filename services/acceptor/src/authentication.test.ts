import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Access, createAccess } from '@signaldb/access';
import { ClusterKey } from '@signaldb/component';
import { connectFlight, type FlightClient } from '@signaldb/flight';
import { Status } from '@signaldb/grpc';
import { createLogger } from '@signaldb/runtime';
import { createHarness, type Harness, type RunningAcceptor, until } from './testing/harness.ts';
import { traceRequest } from './testing/spans.ts';
import { createStandInWriter, type StandInWriter } from './testing/stand-in-writer.ts';

const file = {
  users: [{ name: 'ada', password: 'a long password', tenants: ['acme'], write: true }],
  tokens: [
    { name: 'collector', token: 'collector-token', tenants: ['acme', 'two'], write: true },
    { name: 'reader', token: 'reader-token', tenants: '*' },
  ],
};
const clusterKey = new ClusterKey('a secret of thirty-two characters or more');
let harness: Harness;
let acceptor: RunningAcceptor;
let writer: StandInWriter;
let access: Access;
let flight: FlightClient;

beforeAll(async () => {
  harness = await createHarness('inproc');
  writer = createStandInWriter();
  await harness.startWriter(writer);
  const path = join(harness.dir, 'auth.json');
  writeFileSync(path, JSON.stringify(file));
  const config = { file: path, clusterKey: undefined, bearerLifetimeMs: 60_000 };
  access = createAccess({ config, clusterKey, logger: createLogger({ level: 'silent' }) });
  acceptor = await harness.start({}, access);
  flight = connectFlight(`grpc://127.0.0.1:${acceptor.flightPort}`);
});
afterAll(async () => {
  access.close();
  await flight.close();
  await harness.close();
});

const basic = `Basic ${Buffer.from('ada:a long password').toString('base64')}`;
const tenantHeader = 'x-scope-orgid';

const cases: readonly (readonly [string, Record<string, string>, string | number])[] = [
  ['a user', { authorization: basic }, 'acme'],
  ['a token that names its tenant', { authorization: 'Bearer collector-token', [tenantHeader]: 'two' }, 'two'],
  ['an API key', { 'x-api-key': 'collector-token', [tenantHeader]: 'acme' }, 'acme'],
  ['nobody', {}, 401],
  ['a wrong token', { authorization: 'Bearer collector-tokem' }, 401],
  ['a foreign tenant', { authorization: basic, [tenantHeader]: 'two' }, 403],
  ['who may only read', { authorization: 'Bearer reader-token' }, 403],
  ['one of several tenants that isn’t named', { 'x-api-key': 'collector-token' }, 400],
];
const grpcStatus: Record<number, number> = {
  400: Status.INVALID_ARGUMENT,
  401: Status.UNAUTHENTICATED,
  403: Status.PERMISSION_DENIED,
};

describe('OTLP', () => {
  it.each(cases)('over HTTP from %s', async (name, headers, expected) => {
    const body = traceRequest([`http ${name}`]).json;
    const response = await acceptor.otlp.http('/v1/traces', body, { 'content-type': 'application/json', ...headers });
    if (typeof expected === 'string') {
      expect(response.status).toBe(200);
      await until('it is written', () => writer.rows.some((row) => row.name === `http ${name}`));
      return;
    }
    expect(response.status).toBe(expected);
    expect(response.headers.get('www-authenticate')).toEqual(
      expected === 401 ? expect.stringContaining('Basic realm=') : null,
    );
    const answer = (await response.json()) as { code: number; message: string };
    expect(answer.code).toBe(grpcStatus[expected]);
    expect(answer.message).not.toMatch(/collector-tokem|a long password/);
  });

  it.each(cases)('over gRPC from %s', async (name, headers, expected) => {
    const sent = acceptor.otlp.traces([`grpc ${name}`], headers);
    if (typeof expected === 'number') {
      await expect(sent).rejects.toMatchObject({ code: grpcStatus[expected] });
      return;
    }
    await sent;
    await until('it is written', () => writer.rows.some((row) => row.name === `grpc ${name}`));
  });
});

describe('Flight', () => {
  const act = async (type: string, authorization?: string | undefined) => {
    const results: unknown[] = [];
    const action = { type, body: Buffer.from('{"name":"t"}') };
    for await (const result of flight.doAction(action, authorization ? { metadata: { authorization } } : {}))
      results.push(JSON.parse(Buffer.from(result).toString()));
    return results;
  };
  const cluster = () => clusterKey.authorization();

  it.each([
    ['barrier', cluster, { log_id: expect.any(String) }],
    ['ListTables', () => basic, { tables: [] }],
    ['ListTables', () => 'Bearer reader-token', { tables: [] }],
  ])('%s is answered', async (type, authorization, answer) => {
    expect(await act(type, authorization())).toEqual([expect.objectContaining(answer)]);
  });

  it.each([
    ['barrier', () => undefined, Status.UNAUTHENTICATED],
    ['barrier', () => basic, Status.PERMISSION_DENIED],
    ['CreateTable', () => 'Bearer reader-token', Status.PERMISSION_DENIED],
    ['DropTable', () => 'Bearer reader-token', Status.PERMISSION_DENIED],
    [
      'ListTables',
      () => new ClusterKey('the secret of another cluster altogether').authorization(),
      Status.UNAUTHENTICATED,
    ],
  ])('%s is refused', async (type, authorization, code) => {
    await expect(act(type, authorization())).rejects.toMatchObject({ code });
  });

  it.each(['doPut', 'doExchange'] as const)('%s is for who may write', async (call) => {
    const messages = async function* () {
      yield { descriptor: { path: ['t'] } };
    };
    const first = (authorization: string) =>
      flight[call](messages(), { metadata: { authorization } })[Symbol.asyncIterator]().next();
    await expect(first('Bearer reader-token')).rejects.toMatchObject({ code: Status.PERMISSION_DENIED });
    expect((await first(basic)).done).toBe(true);
  });
});
