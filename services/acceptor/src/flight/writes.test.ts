import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FlightClient, FlightMessage } from '@signaldb/flight';
import {
  Bool,
  Field,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import { createHarness, type Harness, type RunningAcceptor, type Transport, until } from '../testing/harness.ts';
import type { StandInWriter } from '../testing/stand-in-writer.ts';

const schemaJson = JSON.stringify({
  fields: [
    { name: 'name', type: 'utf8', nullable: false },
    { name: 'amount', type: 'int64' },
  ],
});

const salesSchema = new Schema([new Field('name', new Utf8(), false), new Field('amount', new Int64(), true)]);

describe.each<Transport>(['inproc', 'sockets'])('Flight writes over %s', (transport) => {
  let harness: Harness;
  let acceptor: RunningAcceptor;
  let writer: StandInWriter;
  beforeEach(async () => {
    harness = await createHarness(transport);
    acceptor = await harness.start();
    await action(acceptor.flight, 'CreateTable', { name: 'sales', schema_json: schemaJson });
  });
  afterEach(() => harness.close());
  const withWriter = async () => {
    writer = (await harness.startWriter()).writer;
  };

  it.each([
    ['memory', ['memory']],
    ['disk', ['memory', 'disk']],
    ['object_storage', ['memory', 'disk', 'object_storage']],
    ['iceberg_committed', ['memory', 'disk', 'object_storage', 'iceberg_committed']],
  ])('acknowledge every level up to %s', async (durability, levels) => {
    await withWriter();
    const acks = await exchange(acceptor.flight, [
      { descriptor: { path: ['sales'] } },
      { appMetadata: bytes({ table_name: 'sales', requested_durability: durability }) },
      { batch: sales(['a', 'b']) },
    ]);
    expect(acks).toEqual(
      levels.map((level) => ({ lsn: 1, durability_level: level, timestamp_us: expect.any(Number), error: '' })),
    );
    await until('it is committed', () => writer.rows.length === 2);
    expect(writer.rows).toMatchObject([
      { tenant: 'default', table: 'sales', lsn: 1, name: 'a' },
      { tenant: 'default', table: 'sales', lsn: 1, name: 'b' },
    ]);
  });

  it('never acknowledge what is not true yet', async () => {
    await withWriter();
    writer.holdCommits = true;
    const seen: string[] = [];
    const done = (async () => {
      const messages = [
        { appMetadata: bytes({ table_name: 'sales', requested_durability: 'iceberg_committed' }), batch: sales(['a']) },
      ];
      for await (const { appMetadata } of acceptor.flight.doExchange(stream(messages))) {
        if (appMetadata) seen.push(parsed(appMetadata).durability_level as string);
      }
    })();
    await until('the writer has it', () => writer.throughLsn === 1);
    expect(seen).toEqual(['memory', 'disk']);
    writer.holdCommits = false;
    await done;
    expect(seen).toEqual(['memory', 'disk', 'object_storage', 'iceberg_committed']);
  });

  it('take the table from the path, and disk as the level, where no request says more', async () => {
    const acks = await exchange(acceptor.flight, [
      { descriptor: { path: ['sales'] }, schema: salesSchema },
      { batch: sales(['a']) },
    ]);
    expect(acks.map((ack) => ack.durability_level)).toEqual(['memory', 'disk']);
  });

  it('work by DoPut, with the acknowledgements as results', async () => {
    const results: Record<string, unknown>[] = [];
    const messages = [
      { descriptor: { path: ['sales'] }, schema: salesSchema },
      { batch: sales(['a']) },
      { batch: sales(['b']) },
    ];
    for await (const result of acceptor.flight.doPut(stream(messages))) results.push(parsed(result));
    expect(results.filter((ack) => ack.durability_level === 'disk').map((ack) => ack.lsn)).toEqual([1, 2]);
  });

  it('answer a repeated key with the first write, also after a restart, and add nothing', async () => {
    const write = (client: FlightClient) =>
      exchange(client, [
        { appMetadata: bytes({ table_name: 'sales', requested_durability: 'disk', idempotency_key: 'order-1' }) },
        { batch: sales(['a']) },
        { batch: sales(['b']) },
      ]);
    const lsns = (acks: Record<string, unknown>[]) =>
      acks.filter((ack) => ack.durability_level === 'disk').map((ack) => ack.lsn);
    expect(lsns(await write(acceptor.flight))).toEqual([1, 2]);
    expect(lsns(await write(acceptor.flight))).toEqual([1, 2]);
    await acceptor.close();
    const again = await harness.start();
    expect(lsns(await write(again.flight))).toEqual([1, 2]);
    await withWriter();
    await exchange(again.flight, [{ appMetadata: bytes({ table_name: 'sales' }) }, { batch: sales(['c']) }]);
    await until('all is committed', () => writer.rows.length >= 3);
    expect(writer.rows.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('bring batches into the table’s columns', async () => {
    await withWriter();
    const narrow = batchOf({
      amount: vectorFromArray([7, null], new Int32()),
      name: vectorFromArray(['a', 'b'], new Utf8()),
    });
    const partial = batchOf({ name: vectorFromArray(['c'], new Utf8()) });
    await exchange(acceptor.flight, [
      { appMetadata: bytes({ table_name: 'sales' }) },
      { batch: narrow },
      { batch: partial },
    ]);
    await until('all is committed', () => writer.rows.length === 3);
    expect(writer.rows.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('come through the log when no writer was there', async () => {
    await exchange(acceptor.flight, [{ appMetadata: bytes({ table_name: 'sales' }) }, { batch: sales(['a', 'b']) }]);
    await acceptor.close();
    await harness.start();
    await withWriter();
    await until('all is committed', () => writer.rows.length === 2);
    expect(writer.rows.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it.each<[string, FlightMessage[], number, RegExp]>([
    ['a table that is not there', [{ descriptor: { path: ['other'] } }, { batch: sales(['a']) }], 5, /other/],
    ['no table', [{ batch: sales(['a']) }], 3, /neither a write request nor the path/],
    ['a long path', [{ descriptor: { path: ['a', 'b'] } }], 3, /path is the name of a table/],
    ['a command', [{ descriptor: { command: bytes({}) } }], 3, /a command of 2 bytes/],
    ['a signal’s table', [{ descriptor: { path: ['traces'] } }, { batch: sales(['a']) }], 3, /written through OTLP/],
    ['a bad name', [{ descriptor: { path: ['a-b'] } }, { batch: sales(['a']) }], 3, /no table name/],
    ['metadata that is no JSON', [{ appMetadata: Buffer.from('hello') }], 3, /not JSON/],
    ['metadata that is no object', [{ appMetadata: Buffer.from('[]') }], 3, /not a JSON object/],
    ['an unknown level', [{ appMetadata: bytes({ requested_durability: 'safe' }) }], 3, /"safe" is none of memory/],
    [
      'a level that is not there',
      [{ appMetadata: bytes({ requested_durability: 'replicated' }) }],
      3,
      /replicated log/,
    ],
    ['a key that is no text', [{ appMetadata: bytes({ idempotency_key: 5 }) }], 3, /idempotency_key is no text/],
    ['a long key', [{ appMetadata: bytes({ idempotency_key: 'x'.repeat(600) }) }], 3, /longer than 512/],
    [
      'a column that the table lacks',
      [{ descriptor: { path: ['sales'] } }, { batch: batchOf({ colour: vectorFromArray(['red'], new Utf8()) }) }],
      3,
      /no column "colour"/,
    ],
    [
      'a missing column that may not be null',
      [{ descriptor: { path: ['sales'] } }, { batch: batchOf({ amount: vectorFromArray([1n], new Int64()) }) }],
      3,
      /"name" may not be null/,
    ],
    [
      'nulls where none may be',
      [{ descriptor: { path: ['sales'] } }, { batch: batchOf({ name: vectorFromArray(['a', null], new Utf8()) }) }],
      3,
      /may not be null, and 1 of its values are/,
    ],
    [
      'another type',
      [
        { descriptor: { path: ['sales'] } },
        { batch: batchOf({ name: vectorFromArray(['a'], new Utf8()), amount: vectorFromArray([true], new Bool()) }) },
      ],
      3,
      /column "amount" is Bool, the table has Int64/,
    ],
  ])('refuse %s', async (_name, messages, code, details) => {
    await expect(exchange(acceptor.flight, messages)).rejects.toMatchObject({
      code,
      details: expect.stringMatching(details),
    });
  });

  it('wait for room in the log instead of failing', async () => {
    await acceptor.close();
    const small = await harness.start({ logBytesMax: 200_000, logSegmentBytesMax: 20_000, flightWaitMsMax: 20_000 });
    const many = Array.from({ length: 60 }, (_, i) => ({ batch: sales([`${i}`.padEnd(5000, '.')]) }));
    const writing = exchange(small.flight, [{ appMetadata: bytes({ table_name: 'sales' }) }, ...many]);
    await until('the log is full', async () =>
      /log_bytes (1[5-9]|2)\d{4}/.test(await small.metrics.registry.metrics()),
    );
    await withWriter();
    expect((await writing).filter((ack) => ack.durability_level === 'disk')).toHaveLength(60);
    await until('all is committed', () => writer.rows.length === 60);
  });

  it('are refused at last when no room comes', async () => {
    await acceptor.close();
    const small = await harness.start({ logBytesMax: 40_000, logSegmentBytesMax: 10_000, flightWaitMsMax: 50 });
    const many = Array.from({ length: 60 }, (_, i) => ({ batch: sales([`${i}`.padEnd(5000, '.')]) }));
    await expect(
      exchange(small.flight, [{ appMetadata: bytes({ table_name: 'sales' }) }, ...many]),
    ).rejects.toMatchObject({
      code: 8,
      details: expect.stringMatching(/log is full/),
    });
  });

  it('end when the client goes', async () => {
    const abort = new AbortController();
    const waiting = Promise.withResolvers<void>();
    const writing = (async () => {
      const endless = (async function* () {
        yield {
          appMetadata: bytes({ table_name: 'sales', requested_durability: 'iceberg_committed' }),
          batch: sales(['a']),
        };
        await waiting.promise;
      })();
      for await (const _ of acceptor.flight.doExchange(endless, { signal: abort.signal })) abort.abort();
    })();
    await expect(writing).rejects.toMatchObject({ code: 1 });
    waiting.resolve();
  });
});

function sales(names: string[]): RecordBatch {
  const columns = [
    vectorFromArray(names, new Utf8()).data[0]!,
    vectorFromArray(
      names.map((_, i) => BigInt(i)),
      new Int64(),
    ).data[0]!,
  ];
  const data = makeData({
    type: new Struct(salesSchema.fields),
    length: names.length,
    nullCount: 0,
    children: columns,
  });
  return new RecordBatch(salesSchema, data as never);
}

function batchOf(columns: Record<string, Vector>): RecordBatch {
  const fields = Object.entries(columns).map(([name, vector]) => new Field(name, vector.type, true));
  const children = Object.values(columns).map((vector) => vector.data[0]!);
  const data = makeData({ type: new Struct(fields), length: children[0]!.length, nullCount: 0, children });
  return new RecordBatch(new Schema(fields), data as never);
}

async function exchange(client: FlightClient, messages: FlightMessage[]): Promise<Record<string, unknown>[]> {
  const acks: Record<string, unknown>[] = [];
  for await (const { appMetadata } of client.doExchange(stream(messages)))
    if (appMetadata) acks.push(parsed(appMetadata));
  return acks;
}

async function* stream(messages: readonly FlightMessage[]): AsyncGenerator<FlightMessage> {
  yield* messages;
}

async function action(client: FlightClient, type: string, body: unknown): Promise<Record<string, unknown>[]> {
  const results: Record<string, unknown>[] = [];
  for await (const result of client.doAction({ type, body: bytes(body) })) results.push(parsed(result));
  return results;
}

function bytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function parsed(data: Uint8Array): Record<string, unknown> {
  return JSON.parse(Buffer.from(data).toString());
}
