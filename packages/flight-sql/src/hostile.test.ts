import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GrpcError, Status } from '@signaldb/grpc';
import { Field, Int64, Null, Schema, TimeMicrosecond, TimestampNanosecond } from 'apache-arrow';
import { packAny } from './any.ts';
import { encodeCommand } from './command.ts';
import { action, all, flight, open, openWith, rows, sql, texts } from './testing/toy-service.ts';
import { createHmacSeal } from './ticket-seal.ts';

beforeEach(() => open());
afterEach(() => flight.close());

describe('hostile peers', () => {
  const bad: [string, () => Promise<unknown>, number][] = [
    ['a ticket of garbage', () => all(flight.doGet(new Uint8Array([1, 2, 3]))), Status.INVALID_ARGUMENT],
    [
      'a ticket of another command',
      () => all(flight.doGet(encodeCommand('CommandStatementQuery', { query: 'COUNT 1', transactionId: undefined }))),
      Status.INVALID_ARGUMENT,
    ],
    [
      'an unknown command',
      () => flight.getFlightInfo({ command: packAny({ name: 'CommandNonsense', value: new Uint8Array(0) }) }),
      Status.UNIMPLEMENTED,
    ],
    [
      'a command that is none',
      () => flight.getFlightInfo({ command: packAny({ name: 'toString', value: new Uint8Array(0) }) }),
      Status.UNIMPLEMENTED,
    ],
    [
      'a broken command',
      () => flight.getFlightInfo({ command: packAny({ name: 'CommandGetTables', value: new Uint8Array([255, 255]) }) }),
      Status.INVALID_ARGUMENT,
    ],
    ['a path', () => flight.getFlightInfo({ path: ['a', 'b'] }), Status.INVALID_ARGUMENT],
    [
      'a handle of garbage',
      () =>
        flight.getFlightInfo({
          command: encodeCommand('CommandPreparedStatementQuery', { preparedStatementHandle: Buffer.from([255, 1]) }),
        }),
      Status.INVALID_ARGUMENT,
    ],
    [
      'an empty handle',
      () =>
        flight.getFlightInfo({
          command: encodeCommand('CommandPreparedStatementQuery', { preparedStatementHandle: Buffer.alloc(0) }),
        }),
      Status.INVALID_ARGUMENT,
    ],
    [
      'an action of another message',
      () => action('CreatePreparedStatement', encodeCommand('CommandGetCatalogs', {})),
      Status.INVALID_ARGUMENT,
    ],
    [
      'an update without SQL',
      () =>
        flight.getFlightInfo({
          command: encodeCommand('CommandStatementUpdate', { query: '', transactionId: undefined }),
        }),
      Status.INVALID_ARGUMENT,
    ],
  ];
  it.each(bad)('%s is refused', async (_, call, code) => {
    await expect(call()).rejects.toBeInstanceOf(GrpcError);
    await expect(call()).rejects.toMatchObject({ code });
  });

  it('signed tickets and handles are good here alone, for a while', async () => {
    let now = 1_000_000;
    const seal = createHmacSeal({ key: Buffer.from('key'), lifetimeMs: 1000, nowMs: () => now });
    open({ seal });
    const statement = await sql.prepare('COUNT 1');
    const info = await flight.getFlightInfo({
      command: encodeCommand('CommandStatementQuery', { query: 'COUNT 1', transactionId: undefined }),
    });
    const { ticket, expirationTime } = info.endpoints[0]!;
    expect(expirationTime).toEqual(new Date(now + 1000));
    expect(await rows(statement.query())).toEqual([[0n]]);
    for (let i = 0; i < ticket.length; i++) {
      const changed = ticket.slice();
      changed[i]! ^= 1;
      await expect(all(flight.doGet(changed))).rejects.toBeInstanceOf(GrpcError);
    }
    const [other] = [createHmacSeal({ key: Buffer.from('other'), lifetimeMs: 1000, nowMs: () => now })];
    expect(() => other!.open(seal.seal(new Uint8Array(3)))).toThrow('was not made by this service');
    now += 1001;
    await expect(all(flight.doGet(ticket))).rejects.toMatchObject({ code: Status.NOT_FOUND });
    await expect(statement.query()).rejects.toMatchObject({ code: Status.NOT_FOUND });
  });
});

describe('what goes wrong', () => {
  it('unexpectedly tells nothing of the insides', async () => {
    openWith({
      query: async () => {
        throw new Error('password=hunter2');
      },
      update: async () => {
        throw new TypeError('at /home/secret.ts');
      },
    });
    for (const work of [() => rows(sql.query('COUNT 1')), () => sql.update('TOUCH 1')]) {
      const error = await work().then(
        () => undefined,
        (thrown: GrpcError) => thrown,
      );
      expect(error).toBeInstanceOf(GrpcError);
      expect(error!.details).not.toMatch(/hunter2|secret/);
    }
  });

  it('with parameters is told by their limit', async () => {
    open({ parameterBytesMax: 1000 }, { writable: true });
    const statement = await sql.prepare('SET ?');
    await expect(statement.update(texts('x'.repeat(1000)))).rejects.toMatchObject({
      code: Status.RESOURCE_EXHAUSTED,
      details: 'more than 1000 bytes of parameters are bound at once: send fewer at a time, or use bulk ingest',
    });
    expect(await statement.update(texts('x'.repeat(500)))).toBe(1);
  });

  it('times and unknown types are announced as JDBC can bind them', async () => {
    const parameters = new Schema([
      new Field('1', new TimeMicrosecond(), true),
      new Field('2', new TimestampNanosecond('UTC'), true),
      new Field('3', new Null(), true),
      new Field('4', new Int64(), false, new Map([['k', 'v']])),
    ]);
    openWith({ prepare: async () => ({ parameters }) });
    const announced = (await sql.prepare('SET ?')).parameters!;
    expect(announced.fields.map(String)).toEqual([
      '1: Time32<MILLISECOND>',
      '2: Timestamp<MILLISECOND, UTC>',
      '3: Utf8',
      '4: Int64',
    ]);
    expect([announced.fields[3]!.nullable, announced.fields[3]!.metadata.get('k')]).toEqual([false, 'v']);
  });

  it('commands changed at random end with an error of the client, or work', async () => {
    const random = randomFrom(7);
    const queries = [
      encodeCommand('CommandStatementQuery', { query: 'COUNT 1', transactionId: Buffer.from('t') }),
      encodeCommand('CommandGetTables', {
        catalog: 'toys',
        dbSchemaFilterPattern: '%',
        tableNameFilterPattern: 'p_%',
        tableTypes: ['TABLE'],
        includeSchema: true,
      }),
      encodeCommand('CommandGetSqlInfo', { info: [1, 2, 3] }),
      (await sql.query('COUNT 1')).info.endpoints[0]!.ticket,
      (await (await sql.prepare('ECHO ?')).query(texts('a', null, 'c'))).info.endpoints[0]!.ticket,
    ];
    for (let i = 0; i < 1000; i++) {
      const command = mutate(queries[i % queries.length]!, random);
      for (const call of [
        () => flight.getFlightInfo({ command }),
        () => all(flight.doGet(command)),
        () => action('CreatePreparedStatement', command),
        () => action('CancelFlightInfo', command),
      ]) {
        const error = await call().then(
          () => undefined,
          (thrown: GrpcError) => thrown,
        );
        const { INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED, UNIMPLEMENTED } = Status;
        const codes = [undefined, INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED, UNIMPLEMENTED];
        expect(codes).toContain(error?.code);
      }
    }
  });
});

/** Changes some bytes, or cuts some off. */
function mutate(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const copy = bytes.slice();
  for (let i = 0; i <= random(3); i++) copy[random(copy.length)] = random(256);
  return random(4) === 0 ? copy.slice(0, random(copy.length)) : copy;
}

/** Numbers below a bound, the same ones for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >>> 8) % below;
  };
}
