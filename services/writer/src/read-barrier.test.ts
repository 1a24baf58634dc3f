import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { FlightClient } from '@signaldb/flight';
import { Status } from '@signaldb/grpc';
import { openTraceFilter } from '@signaldb/parquet';
import { json, openStream, spansOf } from './testing/acceptor.ts';
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

/** Nothing is cut or committed unless asked for. */
const still = { cutIntervalMs: 100_000, commitIntervalMs: 100_000, barrierTimeoutMs: 2000 };

interface HotFileJson {
  readonly name: string;
  readonly path: string;
  readonly first_lsn: number;
  readonly last_lsn: number;
  readonly rows: number;
  readonly min_time: string;
  readonly max_time: string;
  readonly trace_index: boolean;
}

async function action(client: FlightClient, type: string, body: object): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of client.doAction({ type, body: json(body) })) chunks.push(chunk);
  return Buffer.concat(chunks);
}
const hotFiles = async (
  client: FlightClient,
  body: object,
): Promise<{ files: HotFileJson[]; missing: { log_id: string; reason: string }[] }> =>
  JSON.parse((await action(client, 'hot_files', { tenant: 'default', tables: ['traces'], ...body })).toString());

const lsnsOf = async (files: readonly HotFileJson[]) =>
  (
    await duckdb.query(
      files.map(({ path }) => path),
      "select distinct cast(split_part(name, ' ', 4) as int) n from FILES order by 1",
    )
  ).flat();
const at = (lsn: number) => String(490_000n * 3_600_000_000_000n + BigInt(lsn) * 1000n);

describe('the read barrier', () => {
  it('waits for rows on their way, cuts them, and lists their files', async () => {
    const { client } = await harness.start(still);
    const stream = openStream(client, { logId: 'a', epoch: 3 });
    stream.send(spansOf([1, 2]));
    const answer = hotFiles(client, { logs: { a: { epoch: 3, lsn: 4 } } });
    stream.send(spansOf([3, 4]));
    stream.through(4);
    const { files, missing } = await answer;
    expect(missing).toEqual([]);
    expect(files).toMatchObject([
      {
        tenant: 'default',
        table: 'traces',
        log_id: 'a',
        epoch: 3,
        first_lsn: 1,
        last_lsn: 4,
        rows: 8,
        min_time: at(1),
        max_time: at(4),
        trace_index: true,
      },
    ]);
    expect(await lsnsOf(files)).toEqual([1, 2, 3, 4]);
  });

  it('shares cuts: many queries, few files', async () => {
    const { client } = await harness.start({ ...still, barrierIntervalMs: 50 });
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    for (let lsn = 1; lsn <= 30; lsn++) {
      stream.send(spansOf([lsn]));
      stream.through(lsn);
      void hotFiles(client, { logs: { a: { epoch: 1, lsn } } });
      await stream.acknowledged(lsn, 'memory');
    }
    const { files } = await hotFiles(client, { logs: { a: { epoch: 1, lsn: 30 } } });
    expect(await lsnsOf(files)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(files.length).toBeLessThan(15);
  });

  it('cuts nothing where the times of what waits can not match', async () => {
    const { client } = await harness.start(still);
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(spansOf([5]));
    stream.through(5);
    const ask = (min: string | undefined, max: string | undefined) =>
      hotFiles(client, { logs: { a: { epoch: 1, lsn: 5 } }, min_time: min, max_time: max });
    expect((await ask(at(6), undefined)).files).toEqual([]);
    expect((await ask(undefined, at(4))).files).toEqual([]);
    expect((await ask(at(5), at(5))).files).toHaveLength(1);
    expect((await ask(at(6), undefined)).files).toEqual([]); // there now, and left out
  });

  it('lists other tables and tenants only where asked', async () => {
    const { client } = await harness.start(still);
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(spansOf([1], { tenant: 'other' }));
    stream.through(1);
    const logs = { a: { epoch: 1, lsn: 1 } };
    expect((await hotFiles(client, { logs })).files).toEqual([]);
    expect((await hotFiles(client, { tenant: 'other', tables: ['logs'], logs })).files).toEqual([]);
    expect((await hotFiles(client, { tenant: 'other', tables: undefined, logs })).files).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    ['logs that it does not have', { b: { epoch: 1, lsn: 0 } }, 'does not receive it'],
    ['older epochs', { a: { epoch: 0, lsn: 0 } }, 'epoch 1 of it'],
    ['epochs to come', { a: { epoch: 2, lsn: 0 } }, 'does not receive it'],
    ['rows that do not come in time', { a: { epoch: 1, lsn: 9 } }, 'received through LSN 1 only'],
  ])('names as missing: %s', async (_name, logs, reason) => {
    const { client } = await harness.start({ ...still, barrierTimeoutMs: 50 });
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(spansOf([1]));
    stream.through(1);
    await stream.acknowledged(1, 'memory');
    const { files, missing } = await hotFiles(client, { logs });
    expect(files).toEqual([]);
    expect(missing).toMatchObject([{ log_id: Object.keys(logs)[0], reason: expect.stringContaining(reason) }]);
  });

  it('names as missing what can not be written to disk in time', async () => {
    const { client, dataDir } = await harness.start({ ...still, barrierTimeoutMs: 100 });
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(spansOf([1]));
    stream.through(1);
    await stream.acknowledged(1, 'memory');
    await rm(join(dataDir, 'hot'), { recursive: true });
    const ask = () => hotFiles(client, { logs: { a: { epoch: 1, lsn: 1 } } });
    expect((await ask()).missing).toEqual([{ log_id: 'a', reason: 'its rows are not on disk yet' }]);
    await mkdir(join(dataDir, 'hot'));
    while ((await ask()).missing.length > 0);
    expect(await lsnsOf((await ask()).files)).toEqual([1]);
  });

  it('lists committed files until their grace is over', async () => {
    const { client, writer } = await harness.start({ ...still, hotFileGraceMs: 200 });
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(spansOf([1]));
    stream.through(1);
    await stream.acknowledged(1, 'memory');
    await writer.flush();
    const logs = { a: { epoch: 1, lsn: 1 } };
    const { files } = await hotFiles(client, { logs });
    expect(files).toHaveLength(1);
    while ((await hotFiles(client, { logs })).files.length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(readFile(files[0]!.path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('no longer lists what a replaced stream brought, but keeps it for who listed it', async () => {
    const { client } = await harness.start(still);
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(spansOf([1]));
    stream.through(1);
    const { files } = await hotFiles(client, { logs: { a: { epoch: 1, lsn: 1 } } });
    await openStream(client, { logId: 'a', epoch: 2 }).opened;
    expect((await hotFiles(client, { logs: { a: { epoch: 2, lsn: 0 } } })).files).toEqual([]);
    expect(await lsnsOf(files)).toEqual([1]);
  });

  it.each<[string, object]>([
    ['no tenant', { tenant: undefined }],
    ['a hostile tenant', { tenant: '../x' }],
    ['tables that are none', { tables: [1] }],
    ['a log without an LSN', { logs: { a: { epoch: 1 } } }],
    ['a time that is none', { logs: {}, min_time: 5 }],
  ])('refuses %s', async (_name, body) => {
    const { client } = await harness.start();
    await expect(hotFiles(client, body)).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
  });
});

describe('fetching a hot file', () => {
  it('gives its bytes and those of its sidecars', async () => {
    const { client } = await harness.start(still);
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(spansOf([7]));
    stream.through(7);
    const { files } = await hotFiles(client, { logs: { a: { epoch: 1, lsn: 7 } } });
    const [file] = files;
    expect(await action(client, 'fetch_hot_file', { name: file!.name })).toEqual(await readFile(file!.path));
    const filter = openTraceFilter(await action(client, 'fetch_hot_file', { name: `${file!.name}.trace-filter` }));
    expect(filter.lookup(`${'7'.padStart(16, '0')}${'1'.padStart(16, '0')}`)).toHaveLength(1);
    expect(
      (await action(client, 'fetch_hot_file', { name: `${file!.name}.trace-index.parquet` })).length,
    ).toBeGreaterThan(100);
  });

  it.each(['nothing.parquet', '../identity', '.trace-filter', ''])('says NOT_FOUND for %j', async (name) => {
    const { client } = await harness.start();
    await expect(action(client, 'fetch_hot_file', { name })).rejects.toMatchObject({ code: Status.NOT_FOUND });
  });
});
