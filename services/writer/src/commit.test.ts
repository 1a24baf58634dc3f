import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Status } from '@signaldb/grpc';
import { type Catalog, CatalogError, columnByName, currentSchema } from '@signaldb/iceberg';
import { openTraceFilter, readFooter } from '@signaldb/parquet';
import {
  Field,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimestampNanosecond,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { type LogRows, openStream, spansOf } from './testing/acceptor.ts';
import { type DuckDbReader, openDuckDbReader } from './testing/duckdb.ts';
import { type Harness, openHarness } from './testing/harness.ts';

let duckdb: DuckDbReader;
beforeAll(async () => {
  duckdb = await openDuckDbReader();
});
afterAll(() => duckdb.close());
let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});
afterEach(() => harness.close());

const lsnSql = "select distinct cast(split_part(name, ' ', 4) as int), count(*) from FILES group by 1 order by 1";
const lsns = async () => duckdb.query(await harness.files('default', 'traces'), lsnSql);
const twoEach = (...list: number[]) => list.map((lsn) => [lsn, '2']);
const still = { cutIntervalMs: 100_000, commitIntervalMs: 100_000 };

describe('files of a commit', () => {
  it('are one an hour, small cuts sorted together, with their sidecars', async () => {
    const { client, writer } = await harness.start({ ...still, cutRowsMin: 4 });
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(
      spansOf([5, 4 + 5]),
      spansOf([1 + 9, 2 + 9]),
      spansOf([12], { hour: 490_001 }),
      spansOf([13], { hour: 490_001 }),
    );
    stream.through(13);
    await stream.acknowledged(13, 'memory');
    await writer.flush();
    const files = await harness.files('default', 'traces');
    expect(files.map((file) => /time_hour=[^/]+/.exec(file)?.[0]).sort()).toEqual([
      'time_hour=2025-11-24-16',
      'time_hour=2025-11-24-17',
    ]);
    for (const file of files) {
      expect((await readFooter(await readFile(file))).row_groups).toHaveLength(1);
      expect(openTraceFilter(await readFile(`${file}.trace-filter`)).entries).toBe(file.includes('-16/') ? 8 : 4);
      expect(await duckdb.query([`${file}.trace-index.parquet`], 'select count(*) from FILES')).toEqual([
        [file.includes('-16/') ? '8' : '4'],
      ]);
    }
    expect(await lsns()).toEqual(twoEach(5, 9, 10, 11, 12, 13));
  });

  it('are put together from row groups where memory does not allow sorting', async () => {
    const { client, writer } = await harness.start({ ...still, cutRowsMin: 2, mergeBytesMax: 1 });
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(spansOf([1]), spansOf([2], { attribute: { intValue: '5' } }), spansOf([3]));
    stream.through(3);
    await stream.acknowledged(3, 'memory');
    await writer.flush();
    const files = await harness.files('default', 'traces');
    expect(files).toHaveLength(1);
    expect((await readFooter(await readFile(files[0]!))).row_groups).toHaveLength(3);
    expect(await lsns()).toEqual(twoEach(1, 2, 3));
  });

  it('carry every attribute: as a column, or in the overflow where it has another type or there is no room', async () => {
    const { client, writer } = await harness.start({ ...still, attributeColumnsMax: 1 });
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(spansOf([1]), spansOf([2], { attribute: { intValue: '5' } }));
    stream.through(2);
    await stream.acknowledged(2, 'memory');
    await writer.flush();
    const rows = await duckdb.query(
      await harness.files('default', 'traces'),
      `select distinct "span.k", to_json(span_overflow)::varchar from FILES order by 1`,
    );
    expect(rows).toEqual([
      ['v', null],
      [null, '[{"key":"k","value":"{\\"intValue\\":\\"5\\"}"}]'],
    ]);
    const { metadata } = await harness.catalog.loadTable('default', 'traces');
    expect(columnByName(currentSchema(metadata), 'span.k')?.type).toBe('string');
  });

  it('have columns of two writers who found them at the same time', async () => {
    const one = await harness.start(still);
    const two = await harness.start(still);
    const a = openStream(one.client, { logId: 'a', epoch: 1 });
    const b = openStream(two.client, { logId: 'b', epoch: 1 });
    a.send(spansOf([1]));
    b.send(spansOf([1], { attribute: { intValue: '7' } }));
    a.through(1);
    b.through(1);
    await Promise.all([a.acknowledged(1, 'memory'), b.acknowledged(1, 'memory')]);
    await one.writer.flush();
    // The second one's column can't be: its stream ends, and what comes again fits.
    await Promise.race([two.writer.flush(), b.ended.catch(() => {})]);
    await expect(b.ended).rejects.toMatchObject({ code: Status.ABORTED });
    const again = openStream(two.client, { logId: 'b', epoch: 2 });
    again.send(spansOf([1], { attribute: { intValue: '7' } }));
    again.through(1);
    await again.acknowledged(1, 'memory');
    await two.writer.flush();
    expect(await lsns()).toEqual([[1, '4']]);
  });
});

describe('faults', () => {
  /** The catalog with something between each call and its effect. */
  const wrap = (
    around: (name: string, call: () => Promise<unknown>, args: readonly unknown[]) => Promise<unknown>,
  ): Catalog =>
    new Proxy(harness.catalog, {
      get:
        (target, name: keyof Catalog & string) =>
        (...args: never[]) =>
          around(name, async () => (target[name] as (...all: never[]) => unknown)(...args), args),
    });
  const send = async (stream: ReturnType<typeof openStream>, from: number, to: number) => {
    for (let lsn = from; lsn <= to; lsn++) stream.send(spansOf([lsn]));
    stream.through(to);
    await stream.acknowledged(to, 'memory');
  };

  it.each(['refuse', 'hang', 'full'] as const)(
    'a store that says %s: rows are received and readable, then committed once',
    async (fault) => {
      const { client } = await harness.start();
      const stream = openStream(client, { logId: 'a', epoch: 1 });
      await send(stream, 1, 1);
      await stream.acknowledged(1);
      harness.store.fail(fault, { operations: ['put', 'putIfAbsent'], hangMs: 50 });
      await send(stream, 2, 6);
      expect(stream.acks.at(-1)).toEqual({ lsn: 6, level: 'memory' });
      harness.store.heal();
      await stream.acknowledged(6);
      expect(await lsns()).toEqual(twoEach(1, 2, 3, 4, 5, 6));
    },
  );

  it('uploads whose answer is lost are no second copy', async () => {
    const { client } = await harness.start();
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    harness.store.fail('lose', { operations: ['put'], matching: /\/data\//, times: 2 });
    await send(stream, 1, 3);
    await stream.acknowledged(3);
    expect(await lsns()).toEqual(twoEach(1, 2, 3));
  });

  it.each<[string, boolean]>([
    ['took effect', true],
    ['did not', false],
  ])('a commit of unknown outcome that %s is committed once', async (_name, takesEffect) => {
    let left = 3;
    const catalog = wrap(async (name, call) => {
      if (name !== 'commitTable' || left-- <= 0) return call();
      if (takesEffect) await call();
      throw new CatalogError('CommitStateUnknownException', 'the answer was lost');
    });
    const { client } = await harness.start({}, { catalog });
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    await send(stream, 1, 2);
    await stream.acknowledged(2);
    await send(stream, 3, 4);
    await stream.acknowledged(4);
    expect(await lsns()).toEqual(twoEach(1, 2, 3, 4));
  });

  it('a catalog that is away: the stream waits, and nothing is lost', async () => {
    let isAway = true;
    const guarded = wrap(async (_name, call) => {
      if (isAway) throw new CatalogError('ServiceUnavailableException', 'away');
      return call();
    });
    const { client } = await harness.start({}, { catalog: guarded });
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(spansOf([1]));
    stream.through(1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(stream.acks).toEqual([]);
    isAway = false;
    await stream.acknowledged(1);
    expect(await lsns()).toEqual(twoEach(1));
  });

  it('a crash between upload and commit leaves files that nobody lists', async () => {
    const stopped = wrap(async (_name, call, args) => {
      if (JSON.stringify(args).includes('add-snapshot')) throw new CatalogError('ServiceUnavailableException', 'away');
      return call();
    });
    const one = await harness.start({}, { catalog: stopped, name: 'writer' });
    const stream = openStream(one.client, { logId: 'a', epoch: 1 });
    await send(stream, 1, 3);
    while (harness.store.calls.put < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    await one.client.close();
    void one.writer.close();
    const two = await harness.start();
    const again = openStream(two.client, { logId: 'a', epoch: 2 });
    await send(again, 1, 4);
    await again.acknowledged(4);
    expect(await lsns()).toEqual(twoEach(1, 2, 3, 4));
  });

  it('memory that is full: the stream is read no further', async () => {
    const { client } = await harness.start({ ...still, memoryBytesMax: 200_000 });
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    for (let lsn = 1; lsn <= 60; lsn++) {
      stream.send(spansOf([lsn], { spans: 50 }));
      stream.through(lsn);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    const received = stream.acks.filter(({ level }) => level === 'memory').at(-1)!.lsn;
    expect(received).toBeGreaterThan(0);
    expect(received).toBeLessThan(60);
  });
});

describe('start and end', () => {
  it('the hot folder starts empty', async () => {
    const one = await harness.start(still, { name: 'writer' });
    const stream = openStream(one.client, { logId: 'a', epoch: 1 });
    stream.send(spansOf([1]));
    stream.through(1);
    await stream.acknowledged(1, 'memory');
    await one.writer.flush();
    expect(await readdir(join(one.dataDir, 'hot'))).not.toEqual([]);
    await one.client.close();
    await one.writer.close();
    const two = await harness.start(still, { name: 'writer' });
    expect(await readdir(join(two.dataDir, 'hot'))).toEqual([]);
    expect(two.writer.membership.serviceId).toBe(one.writer.membership.serviceId);
  });

  it('closing commits what has come', async () => {
    const { client, writer } = await harness.start(still);
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(spansOf([1, 2]));
    stream.through(2);
    await stream.acknowledged(2, 'memory');
    await writer.close();
    await writer.close();
    await expect(stream.ended).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    expect(await lsns()).toEqual(twoEach(1, 2));
  });

  it('closing does not wait for a store that is away', async () => {
    const { client, writer } = await harness.start(still);
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(spansOf([1]));
    stream.through(1);
    await stream.acknowledged(1, 'memory');
    harness.store.fail('hang');
    const startedAt = performance.now();
    await writer.close();
    expect(performance.now() - startedAt).toBeLessThan(9000);
  });
});

describe('users’ tables', () => {
  function rowsOf(
    lsn: number,
    fields: Record<string, readonly unknown[]>,
    types: Record<string, Field['type']>,
  ): LogRows {
    const own = Object.keys(fields).map((name) => new Field(name, types[name]!, true));
    const children = own.map((field) => vectorFromArray(fields[field.name]!, field.type).data[0]!);
    const length = children[0]!.length;
    const batch = new RecordBatch(new Schema(own), makeData({ type: new Struct(own), length, nullCount: 0, children }));
    return { table: 'orders', batch, firstLsn: lsn, lastLsn: lsn, runs: [[lsn, length]] };
  }
  const int = new Int32();
  const long = new Int64();
  const text = new Utf8();

  async function write(...rows: LogRows[]): Promise<void> {
    const { client, writer } = await harness.start(still);
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(...rows);
    stream.through(rows.at(-1)!.lastLsn);
    await stream.acknowledged(rows.at(-1)!.lastLsn, 'memory');
    await writer.flush();
    await stream.acknowledged(rows.at(-1)!.lastLsn);
  }
  const orders = async (sql: string) => duckdb.query(await harness.files('default', 'orders'), sql);

  it('are created with the first rows, and widened with later ones', async () => {
    await write(rowsOf(1, { id: [1, 2] }, { id: int }), rowsOf(2, { id: [3n], note: ['x'] }, { id: long, note: text }));
    expect(await orders('select cast(id as bigint), note from FILES order by 1')).toEqual([
      ['1', null],
      ['2', null],
      ['3', 'x'],
    ]);
  });

  it('keep the partitioning that they were created with', async () => {
    await harness.catalog.createNamespace('default');
    await harness.catalog.createTable('default', {
      name: 'orders',
      schema: {
        type: 'struct',
        'schema-id': 0,
        fields: [
          { id: 1, name: 'id', required: false, type: 'int' },
          { id: 2, name: 'country', required: false, type: 'string' },
        ],
      },
      'partition-spec': {
        'spec-id': 0,
        fields: [{ 'source-id': 2, 'field-id': 1000, name: 'country', transform: 'identity' }],
      },
    });
    await write(
      rowsOf(1, { id: [1, 2, 3], country: ['at', null, 'at'] }, { id: int, country: text }),
      rowsOf(2, { id: [4], country: ['ch'] }, { id: int, country: text }),
    );
    const files = await harness.files('default', 'orders');
    expect(files.map((file) => /country=[^/]+/.exec(file)?.[0]).sort()).toEqual([
      'country=at',
      'country=ch',
      'country=null',
    ]);
    expect(await orders('select id, country from FILES order by 1')).toEqual([
      [1, 'at'],
      [2, null],
      [3, 'at'],
      [4, 'ch'],
    ]);
  });

  it('hold nothing that they can not hold: such rows are set aside, and the log goes on', async () => {
    await write(
      rowsOf(1, { id: [1] }, { id: int }),
      rowsOf(2, { id: ['x'] }, { id: text }),
      rowsOf(3, { id: [3] }, { id: int }),
    );
    expect(await orders('select id from FILES order by 1')).toEqual([[1], [3]]);
    const aside: string[] = [];
    for await (const { key } of harness.store.list('set-aside/')) aside.push(key);
    expect(aside).toEqual(['set-aside/default/orders/a-2-2.arrow']);
  });

  it('are not created for rows that no table can hold', async () => {
    await write(rowsOf(1, { at: [1] }, { at: new TimestampNanosecond() }), { ...spansOf([2]) });
    expect(await harness.catalog.tableExists('default', 'orders')).toBe(false);
    expect(await lsns()).toEqual(twoEach(2));
  });
});
