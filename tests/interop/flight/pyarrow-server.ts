import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { authenticateBasic, connectFlight, type FlightClient, type FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch } from 'apache-arrow';
import { plainColumns } from '../../../packages/flight/src/testing/plain-values.ts';
import { sampleBatch } from '../../../packages/flight/src/testing/sample.ts';

const script = join(import.meta.dirname, '../python/pyarrow_server.py');

/** Our client against a server of pyarrow's (C++): authentication, every call, every type, both of its kinds of streams. */
export async function checkAgainstPyarrow(python: string, log: (line: string) => void): Promise<void> {
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { port, names } = JSON.parse(line) as { port: number; names: string[] };
    const anyone = connectFlight(`grpc://127.0.0.1:${port}`);
    await refused(anyone.getSchema({ path: ['bool'] }), Status.UNAUTHENTICATED, 'who is there?');
    await refused(authenticateBasic(anyone, 'user', 'wrong'), Status.UNAUTHENTICATED, 'who is there?');
    const client = await authenticateBasic(anyone, 'user', 'password');
    await checkInformation(client);
    for (const name of names) await checkType(client, name);
    await checkMetadata(client);
    await checkErrors(client);
    await checkLeaving(client);
    await client.close();
    log(
      `our client at pyarrow's server: ${names.length} types by DoGet, DoPut and DoExchange, information, errors, leaving`,
    );
  } finally {
    child.stdin.end();
    await once(child, 'exit');
  }
}

async function checkInformation(client: FlightClient): Promise<void> {
  const info = await client.getFlightInfo({ path: ['bool'] });
  assert.equal(info.totalRecords, 8);
  assert.deepEqual(info.endpoints[0]!.locations, ['arrow-flight-reuse-connection://?']);
  assert.deepEqual((await client.getSchema({ path: ['bool'] })).names, ['bool']);
  const flights = await all(client.listFlights(Buffer.from('interval')));
  assert.ok(flights.length >= 1 && flights.every(({ descriptor }) => descriptor!.path![0]!.includes('interval')));
  assert.deepEqual(await all(client.listActions()), [{ type: 'echo', description: 'gives its body back' }]);
}

async function checkType(client: FlightClient, name: string): Promise<void> {
  const [meant] = await all(client.doAction({ type: 'values', body: Buffer.from(name) }));
  const values = JSON.parse(Buffer.from(meant!).toString()) as unknown[];
  const [schema, batches] = await fetched(client, name);
  assert.deepEqual(plainColumns(1, batches), [[...values, ...values.slice(3, 7)]], name);
  for (const codec of ['lz4', 'zstd']) {
    const [, compressed] = await fetched(client, `compressed ${codec} ${name}`);
    assert.deepEqual(plainColumns(1, compressed), [[...values, ...values]], `${name}, ${codec}`);
  }
  const notes = batches.map((_, i) => `note ${i}`);
  const messages: FlightMessage[] = batches.map((batch, i) => ({ batch, appMetadata: Buffer.from(notes[i]!) }));
  const sent: FlightMessage[] = [{ descriptor: { path: [name] }, schema: schema! }, ...messages];
  const acknowledged = (await all(client.doPut(each(sent)))).map((bytes) => JSON.parse(Buffer.from(bytes).toString()));
  assert.deepEqual(
    acknowledged,
    [
      [values, notes[0]],
      [values.slice(3, 7), notes[1]],
    ],
    `${name} by DoPut`,
  );
  const echoes = (await all(client.doExchange(each(sent)))).filter(({ batch }) => batch);
  assert.deepEqual(
    plainColumns(
      1,
      echoes.map(({ batch }) => batch!),
    ),
    plainColumns(1, batches),
    `${name} by DoExchange`,
  );
  assert.deepEqual(
    echoes.map(({ appMetadata }) => Buffer.from(appMetadata!).toString()),
    notes,
  );
}

async function checkMetadata(client: FlightClient): Promise<void> {
  const messages = (await all(client.doGet(Buffer.from('metadata')))).filter(({ batch }) => batch);
  const notes = messages.map(({ appMetadata }) => Buffer.from(appMetadata!).toString());
  assert.deepEqual(notes, ['batch 0', 'batch 1', 'batch 2']);
}

async function checkErrors(client: FlightClient): Promise<void> {
  for (const [error, status] of [
    ['FlightUnavailableError', Status.UNAVAILABLE],
    ['FlightUnauthorizedError', Status.PERMISSION_DENIED],
    ['FlightInternalError', Status.INTERNAL],
    ['FlightCancelledError', Status.CANCELLED],
  ] as const) {
    await refused(all(client.doAction({ type: 'fail', body: Buffer.from(error) })), status, 'failed as asked');
  }
  await refused(client.getFlightInfo({ path: ['nothing'] }), Status.NOT_FOUND, 'there is no nothing');
  const late = client.getFlightInfo({ path: ['bool'] }, { timeoutMs: 0.001 });
  await refused(late, Status.DEADLINE_EXCEEDED, '');
}

/** A stream that is left early, or whose call is aborted, leaves the connection as good as it was. */
async function checkLeaving(client: FlightClient): Promise<void> {
  let seen = 0;
  for await (const { batch } of client.doGet(Buffer.from('endless'))) if (batch && ++seen === 5) break;
  const stop = new AbortController();
  const endless = all(client.doGet(Buffer.from('endless'), { signal: stop.signal }), () => stop.abort());
  await refused(endless, Status.CANCELLED, '');
  const [echo] = await all(client.doAction({ type: 'echo', body: Buffer.from('here') }));
  assert.equal(Buffer.from(echo!).toString(), 'here');
  const messages: FlightMessage[] = [{ descriptor: { path: ['x'] } }, { batch: sampleBatch(100_000) }];
  const [, echoed] = (await all(client.doExchange(each(messages)))).filter(({ batch, schema }) => batch ?? schema);
  assert.equal(echoed?.batch?.numRows, 100_000);
}

async function fetched(client: FlightClient, ticket: string): Promise<[FlightMessage['schema'], RecordBatch[]]> {
  const messages = await all(client.doGet(Buffer.from(ticket)));
  return [messages.find(({ schema }) => schema)?.schema, messages.flatMap(({ batch }) => batch ?? [])];
}

async function all<T>(items: AsyncIterable<T>, onItem: () => void = () => {}): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) {
    list.push(item);
    onItem();
  }
  return list;
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function refused(call: Promise<unknown>, status: Status, words: string): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof GrpcError, String(error));
    assert.equal(error.code, status, error.message);
    assert.ok(error.message.includes(words), error.message);
    return true;
  });
}
