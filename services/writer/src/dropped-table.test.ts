import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { recordBatchOf } from '@signaldb/flight';
import { arrowToIcebergSchema } from '@signaldb/iceberg';
import { Field, Int64, Schema, vectorFromArray } from 'apache-arrow';
import { json, type LogRows, openStream } from './testing/acceptor.ts';
import { type Harness, openHarness } from './testing/harness.ts';

const schema = new Schema([new Field('n', new Int64(), true)]);
let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
  await harness.catalog.createNamespace('default');
});
afterEach(() => harness.close());

/** Makes the table `numbers`; answers its UUID. */
async function makeTable(): Promise<string> {
  const request = { name: 'numbers', schema: arrowToIcebergSchema(schema) };
  return (await harness.catalog.createTable('default', request)).metadata['table-uuid'];
}

function numbers(tableUuid: string | undefined, lsn: number): LogRows {
  const column = vectorFromArray([BigInt(lsn)], new Int64()).data[0]!;
  const of = tableUuid === undefined ? {} : { tableUuid };
  return {
    table: 'numbers',
    ...of,
    batch: recordBatchOf(schema, [column], 1),
    firstLsn: lsn,
    lastLsn: lsn,
    runs: [[lsn, 1]],
  };
}

async function rowsIn(table: string): Promise<number> {
  const { metadata } = await harness.catalog.loadTable('default', table);
  const current = metadata.snapshots?.find((snapshot) => snapshot['snapshot-id'] === metadata['current-snapshot-id']);
  return Number(current?.summary['total-records'] ?? 0);
}

describe('rows of a table that was dropped', () => {
  it('go with it, whether they came before or after, and hold nothing up', async () => {
    const { client, writer } = await harness.start({ commitIntervalMs: 100_000 });
    const uuid = await makeTable();
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(numbers(uuid, 1));
    stream.through(1);
    await stream.acknowledged(1, 'memory');
    await harness.catalog.dropTable('default', 'numbers');
    stream.send(numbers(uuid, 2));
    stream.through(2);
    await stream.acknowledged(2, 'memory');
    await writer.flush();
    await stream.acknowledged(2);
    expect(await harness.catalog.tableExists('default', 'numbers')).toBe(false);
  });

  it('go with it where some of them were committed, and all of its files are gone', async () => {
    const { client, writer } = await harness.start({ commitIntervalMs: 100_000 });
    const uuid = await makeTable();
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(numbers(uuid, 1));
    stream.through(1);
    await stream.acknowledged(1, 'memory');
    await writer.flush();
    await stream.acknowledged(1);
    stream.send(numbers(uuid, 2));
    stream.through(2);
    await stream.acknowledged(2, 'memory');
    await harness.catalog.dropTable('default', 'numbers', { purge: true });
    await writer.flush();
    await stream.acknowledged(2);
    expect(await harness.catalog.tableExists('default', 'numbers')).toBe(false);
  });

  it('never come into another one of its name', async () => {
    const { client, writer } = await harness.start({ commitIntervalMs: 100_000 });
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    const first = await makeTable();
    stream.send(numbers(first, 1));
    stream.through(1);
    await stream.acknowledged(1, 'memory');
    await harness.catalog.dropTable('default', 'numbers');
    const second = await makeTable();
    stream.send(numbers(second, 2), numbers(first, 3));
    stream.through(3);
    await stream.acknowledged(3, 'memory');
    const body = json({ tenant: 'default', tables: ['numbers'], logs: { a: { epoch: 1, lsn: 3 } } });
    let answer: Uint8Array | undefined;
    for await (const result of client.doAction({ type: 'hot_files', body })) answer = result;
    const { files, missing } = JSON.parse(Buffer.from(answer!).toString());
    expect(missing).toEqual([]);
    const ofSecond = files.filter((file: { table_uuid: string }) => file.table_uuid === second);
    expect(ofSecond.map((file: { rows: number }) => file.rows)).toEqual([1]);
    await writer.flush();
    await stream.acknowledged(3);
    expect(await rowsIn('numbers')).toBe(1);
  });

  it('are forgotten together with the table, also where nothing was on its way', async () => {
    const { client, writer } = await harness.start({ commitIntervalMs: 100_000 });
    const uuid = await makeTable();
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(numbers(uuid, 1));
    stream.through(1);
    await stream.acknowledged(1, 'memory');
    await writer.flush();
    await stream.acknowledged(1);
    await writer.maintain();
    const marks = async (epoch: number) => (await openStream(client, { logId: 'a', epoch }).opened).marks;
    expect(await marks(2)).toEqual({ [`default/numbers/${uuid}`]: 1 });
    await harness.catalog.dropTable('default', 'numbers', { purge: true });
    await writer.maintain();
    expect(await marks(3)).toEqual({});
  });

  it('are told apart by UUID only where there is one: logs of older versions make their table', async () => {
    const { client } = await harness.start();
    const stream = openStream(client, { logId: 'a', epoch: 1 });
    stream.send(numbers(undefined, 1));
    stream.through(1);
    await stream.acknowledged(1);
    expect(await rowsIn('numbers')).toBe(1);
  });
});
