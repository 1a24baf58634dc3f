import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openTraceFilter, readFooter } from '@signaldb/parquet';
import { openStream, spansOf } from './testing/acceptor.ts';
import { type DuckDbReader, openDuckDbReader } from './testing/duckdb.ts';
import { type Harness, openHarness, type StartedWriter } from './testing/harness.ts';

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

const still = { cutIntervalMs: 100_000, commitIntervalMs: 100_000, hotFileGraceMs: 0 };

/** A commit an LSN; odd ones have an attribute of another type. */
async function commitEach({ client, writer }: StartedWriter, from: number, to: number, epoch = 1): Promise<void> {
  const stream = openStream(client, { logId: 'a', epoch });
  await stream.opened;
  for (let lsn = from; lsn <= to; lsn++) {
    stream.send(spansOf([lsn], { attribute: lsn % 2 ? { intValue: String(lsn) } : { stringValue: `v${lsn}` } }));
    stream.through(lsn);
    await stream.acknowledged(lsn, 'memory');
    await writer.flush();
  }
  stream.finish();
  await stream.ended;
}

const content = async () =>
  duckdb.query(
    await harness.files('default', 'traces'),
    'select name, "span.k", to_json(span_overflow)::varchar, start_time, to_json(events)::varchar from FILES order by name',
  );
const dataFiles = async () => {
  const all = await readdir(join(harness.dir, 'warehouse'), { recursive: true });
  return all.filter((path) => path.includes('/data/') && path.endsWith('.parquet') && !path.includes('trace-index'));
};

describe('compaction', () => {
  it('puts small files together without changing what the table holds, its marks, or what stands beside', async () => {
    const started = await harness.start({ ...still, compactFilesMin: 4 });
    await commitEach(started, 1, 6);
    const before = await content();
    expect(await harness.files('default', 'traces')).toHaveLength(6);
    await started.writer.maintain();
    const [file, ...others] = await harness.files('default', 'traces');
    expect(others).toEqual([]);
    expect(await content()).toEqual(before);
    expect((await readFooter(await readFile(file!))).row_groups).toHaveLength(1);
    expect(openTraceFilter(await readFile(`${file}.trace-filter`)).entries).toBe(12);
    expect(await harness.marks('default', 'traces')).toEqual({ a: { epoch: 1, lsn: 6 } });
    await commitEach(started, 7, 8, 2);
    expect(await content()).toHaveLength(16);
  });

  it('copies row groups where too many rows would have to be sorted', async () => {
    const started = await harness.start({ ...still, compactFilesMin: 2 });
    const stream = openStream(started.client, { logId: 'a', epoch: 1 });
    for (const lsn of [1, 2]) {
      stream.send(spansOf([lsn], { spans: 31_000 }));
      stream.through(lsn);
      await stream.acknowledged(lsn, 'memory');
      await started.writer.flush();
    }
    await started.writer.maintain();
    const [file, ...others] = await harness.files('default', 'traces');
    expect(others).toEqual([]);
    expect((await readFooter(await readFile(file!))).row_groups.map((group) => group.num_rows)).toEqual([
      31_000, 31_000,
    ]);
    expect(openTraceFilter(await readFile(`${file}.trace-filter`)).entries).toBe(62_000);
  });

  it('leaves few files, and files that another writer has replaced, alone', async () => {
    const one = await harness.start({ ...still, compactFilesMin: 4 });
    await commitEach(one, 1, 3);
    await one.writer.maintain();
    expect(await harness.files('default', 'traces')).toHaveLength(3);
    const two = await harness.start({ ...still, compactFilesMin: 2 });
    await commitEach(two, 4, 4, 2);
    await Promise.all([one.writer.maintain(), two.writer.maintain()]);
    expect(await content()).toHaveLength(8);
  });
});

describe('expiry', () => {
  it('drops old snapshots and deletes what nothing needs, sidecars too', async () => {
    const started = await harness.start({
      ...still,
      compactFilesMin: 4,
      snapshotAgeMsMax: 0,
      snapshotsMin: 1,
      deleteGraceMs: 0,
    });
    await commitEach(started, 1, 6);
    expect(await dataFiles()).toHaveLength(6);
    const before = await content();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await started.writer.maintain();
    const { metadata } = await harness.catalog.loadTable('default', 'traces');
    expect(metadata.snapshots).toHaveLength(1);
    expect(await dataFiles()).toHaveLength(1);
    expect(await content()).toEqual(before);
    const left = (await readdir(join(harness.dir, 'warehouse'), { recursive: true })).filter((path) =>
      path.includes('trace-'),
    );
    expect(left).toHaveLength(2);
  });

  it('survives a store that is away', async () => {
    const started = await harness.start({
      ...still,
      compactFilesMin: 2,
      snapshotAgeMsMax: 0,
      snapshotsMin: 1,
      deleteGraceMs: 0,
    });
    await commitEach(started, 1, 3);
    harness.store.fail('refuse');
    await started.writer.maintain();
    harness.store.heal();
    await started.writer.maintain();
    expect(await harness.files('default', 'traces')).toHaveLength(1);
    expect(await content()).toHaveLength(6);
  });
});
