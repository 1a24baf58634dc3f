import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Status } from '@signaldb/grpc';
import { openStream, spansOf } from './testing/acceptor.ts';
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

/** LSNs of the committed spans, each as often as it has spans. */
const lsns = async (tenant = 'default') =>
  (await duckdb.query(
    await harness.files(tenant, 'traces'),
    "select distinct cast(split_part(name, ' ', 4) as int), count(*) from FILES group by 1 order by 1",
  )) as [number, string][];
const twoEach = (...list: number[]) => list.map((lsn) => [lsn, '2']);

describe.each(['inproc', 'grpc'] as const)('a log’s stream over %s', (over) => {
  it('is committed and acknowledged', async () => {
    const { client } = await harness.start({}, { over });
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    expect(await stream.opened).toMatchObject({ epoch: 1, marks: {} });
    stream.send(spansOf([1, 2, 3]));
    stream.through(3);
    await stream.acknowledged(3);
    expect(stream.acks.map(({ level, lsn }) => `${level} ${lsn}`)).toEqual([
      'memory 3',
      'object_storage 3',
      'iceberg_committed 3',
    ]);
    expect(await lsns()).toEqual(twoEach(1, 2, 3));
    expect(await harness.marks('default', 'traces')).toEqual({ a: { epoch: 1, lsn: 3 } });
    stream.finish();
    await stream.ended;
  });
});

describe('rows that come again', () => {
  it('are skipped within a stream and after a break, also where a batch straddles the mark', async () => {
    const { client } = await harness.start();
    const first = openStream(client, { logId: 'a', epoch: 1 });
    first.send(spansOf([1, 2, 3]), spansOf([2, 3, 4]));
    first.through(4);
    await first.acknowledged(4);
    first.breakOff();
    const second = openStream(client, { logId: 'a', epoch: 2 });
    expect((await second.opened).marks).toEqual({ 'default/traces': 4 });
    second.send(spansOf([1, 2]), spansOf([3, 4, 5, 6]));
    second.through(6);
    await second.acknowledged(6);
    expect(await lsns()).toEqual(twoEach(1, 2, 3, 4, 5, 6));
  });

  it('are taken once when the stream breaks before they are committed', async () => {
    const { client } = await harness.start({ commitIntervalMs: 100_000 });
    const first = openStream(client, { logId: 'a', epoch: 1 });
    first.send(spansOf([1, 2, 3]));
    first.through(3);
    await first.acknowledged(3, 'memory');
    const { client: other, writer } = await harness.start();
    void writer;
    const second = openStream(other, { logId: 'a', epoch: 2 });
    second.send(spansOf([1]), spansOf([2, 3]));
    second.through(3);
    await second.acknowledged(3);
    expect(await lsns()).toEqual(twoEach(1, 2, 3));
  });
});

describe('epochs', () => {
  it('older than the one here are refused', async () => {
    const { client } = await harness.start();
    await openStream(client, { logId: 'a', epoch: 5 }).opened;
    await expect(openStream(client, { logId: 'a', epoch: 4 }).opened).rejects.toMatchObject({
      code: Status.FAILED_PRECONDITION,
    });
  });

  it('end the stream before them', async () => {
    const { client } = await harness.start();
    const first = openStream(client, { logId: 'a', epoch: 1 });
    await first.opened;
    await openStream(client, { logId: 'a', epoch: 2 }).opened;
    await expect(first.ended).rejects.toMatchObject({ code: Status.ABORTED });
  });

  it('of two writers: the one that was cut off can neither commit nor double a row', async () => {
    const one = await harness.start({ commitIntervalMs: 100_000 });
    const old = openStream(one.client, { logId: 'a', epoch: 1 });
    old.send(spansOf([1, 2]));
    old.through(2);
    await old.acknowledged(2, 'memory');
    const two = await harness.start();
    const now = openStream(two.client, { logId: 'a', epoch: 2 });
    now.send(spansOf([1, 2, 3]));
    now.through(3);
    await now.acknowledged(3);
    await Promise.race([one.writer.flush().catch(() => {}), old.ended.catch(() => {})]);
    await expect(old.ended).rejects.toMatchObject({ code: Status.ABORTED });
    expect(await lsns()).toEqual(twoEach(1, 2, 3));
    expect(await harness.marks('default', 'traces')).toEqual({ a: { epoch: 2, lsn: 3 } });
    const late = openStream(one.client, { logId: 'a', epoch: 1 });
    late.send(spansOf([4]));
    await expect(late.ended).rejects.toMatchObject({ code: Status.FAILED_PRECONDITION });
  });

  it('that commit late make the next writer catch up', async () => {
    const one = await harness.start({ commitIntervalMs: 100_000 });
    const two = await harness.start({ commitIntervalMs: 100_000 });
    const old = openStream(one.client, { logId: 'a', epoch: 1 });
    old.send(spansOf([1, 2]));
    old.through(2);
    await old.acknowledged(2, 'memory');
    const now = openStream(two.client, { logId: 'a', epoch: 2 });
    now.send(spansOf([1, 2, 3]));
    now.through(3);
    await now.acknowledged(3, 'memory');
    await one.writer.flush(); // cut off, but nobody told it yet
    await Promise.race([two.writer.flush(), now.ended.catch(() => {})]);
    await expect(now.ended).rejects.toMatchObject({ code: Status.ABORTED });
    const again = openStream(two.client, { logId: 'a', epoch: 3 });
    again.send(spansOf([1, 2, 3]));
    again.through(3);
    await two.writer.flush();
    await again.acknowledged(3);
    expect(await lsns()).toEqual(twoEach(1, 2, 3));
  });
});

describe('several logs, tenants and tables', () => {
  it('are kept apart, and an acknowledgement waits for all tables', async () => {
    const { client } = await harness.start();
    const a = openStream(client, { logId: 'a', epoch: 1 });
    const b = openStream(client, { logId: 'b', epoch: 7 });
    a.send(spansOf([1]), spansOf([2], { tenant: 'other' }), spansOf([3]));
    b.send(spansOf([10, 11]));
    a.through(3);
    b.through(11);
    await Promise.all([a.acknowledged(3), b.acknowledged(11)]);
    expect(await lsns()).toEqual(twoEach(1, 3, 10, 11));
    expect(await lsns('other')).toEqual(twoEach(2));
    expect(await harness.marks('default', 'traces')).toEqual({ a: { epoch: 1, lsn: 3 }, b: { epoch: 7, lsn: 11 } });
    expect(await harness.catalog.listNamespaces()).toEqual(['default', 'other']);
  });
});

describe('what does not fit the protocol', () => {
  const { batch } = spansOf([1]);
  const header = { tenant: 'default', table_name: 'traces', first_lsn: 1, last_lsn: 1, runs: [[1, 2]] };
  it.each<[string, object | string | undefined, string]>([
    ['no metadata', undefined, 'without app_metadata'],
    ['no JSON', '{', 'a JSON object is expected'],
    ['an array', [], 'a JSON object is expected'],
    ['nothing known', {}, 'without table_name'],
    ['a tenant with a slash', { ...header, tenant: 'a/b' }, 'tenant'],
    ['an LSN that is none', { ...header, first_lsn: -1 }, 'first_lsn is no LSN'],
    ['runs of other rows', { ...header, runs: [[1, 3]] }, 'runs of 3 rows with a batch of 2'],
    [
      'runs out of order',
      {
        ...header,
        last_lsn: 3,
        runs: [
          [3, 1],
          [2, 1],
        ],
      },
      'not in the order',
    ],
    [
      'runs beyond',
      {
        ...header,
        runs: [
          [1, 1],
          [2, 1],
        ],
      },
      'not in the order',
    ],
    ['no runs', { ...header, runs: [] }, 'runs are missing'],
    ['an opening again', { log_id: 'a', epoch: 1, acceptor_id: 'x' }, 'does not belong here'],
  ])('%s is refused', async (_name, metadata, message) => {
    const { client } = await harness.start();
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    const appMetadata =
      metadata === undefined
        ? undefined
        : Buffer.from(typeof metadata === 'string' ? metadata : JSON.stringify(metadata));
    stream.raw({ batch, ...(appMetadata && { appMetadata }) });
    await expect(stream.ended).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      message: expect.stringContaining(message),
    });
    // The writer lives.
    const next = openStream(client, { logId: 'a', epoch: 1 });
    next.send(spansOf([1]));
    next.through(1);
    await next.acknowledged(1);
  });
});
