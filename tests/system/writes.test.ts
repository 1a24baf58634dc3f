import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectFlight, type FlightClient, recordBatchOf } from '@signaldb/flight';
import { createFlightSqlClient, type FlightSqlClient } from '@signaldb/flight-sql';
import { createRestCatalogClient } from '@signaldb/iceberg';
import { Field, Int64, type RecordBatch, Schema, Utf8, vectorFromArray } from 'apache-arrow';
import { type Cluster, startCluster } from './cluster.ts';
import { until } from './until.ts';

const schema = new Schema([new Field('id', new Int64(), true), new Field('name', new Utf8(), true)]);

function rowsFrom(first: number, count: number): RecordBatch {
  const ids = Array.from({ length: count }, (_, i) => first + i);
  const columns = [
    vectorFromArray(ids.map(BigInt), new Int64()).data[0]!,
    vectorFromArray(
      ids.map((id) => `name ${id}`),
      new Utf8(),
    ).data[0]!,
  ];
  return recordBatchOf(schema, columns, count);
}

describe.each(['one', 'five'] as const)('Writes by Flight SQL, SignalDB as %s', (processes) => {
  let dir: string;
  let cluster: Cluster;
  let flight: FlightClient;
  let client: FlightSqlClient;
  const headers = { metadata: { 'x-scope-orgid': 'acme' } };
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'signaldb-writes-'));
    cluster = await startCluster({ dir, processes, ports: 'free', store: 'local' });
    await cluster.ready();
    flight = connectFlight(`grpc://127.0.0.1:${cluster.ports.routerFlight}`);
    client = createFlightSqlClient(flight);
  }, 60_000);
  afterAll(async () => {
    await flight?.close();
    await cluster?.stop();
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  const update = (sql: string) => client.update(sql, headers);
  async function rows(sql: string): Promise<unknown[]> {
    const found: unknown[] = [];
    for await (const batch of await client.query(sql, headers))
      for (let i = 0; i < batch.numRows; i++) found.push(batch.get(i)!.toArray());
    return JSON.parse(JSON.stringify(found, (_key, value) => (typeof value === 'bigint' ? Number(value) : value)));
  }
  /** Once processes were killed, a call may still meet the end of a connection. */
  const rowsAfterKill = (sql: string) =>
    until(
      () => rows(sql).catch(() => undefined),
      (found) => found !== undefined,
    );

  it('has in the very next query what was acknowledged', async () => {
    expect(await update('CREATE TABLE orders (id INTEGER PRIMARY KEY, item VARCHAR NOT NULL, at_us TIMESTAMP)')).toBe(
      0,
    );
    expect(await rows('FROM orders')).toEqual([]);
    for (let i = 1; i <= 5; i++) {
      expect(await update(`INSERT INTO orders (id, item) VALUES (${i}, 'item ${i}')`)).toBe(1);
      expect(await rows('SELECT count(*), max(id) FROM orders')).toEqual([[i, i]]);
    }
    expect(await update('CREATE TABLE twice AS SELECT id * 2 AS double FROM orders')).toBe(5);
    expect(await rows('SELECT count(*), max(double) FROM twice')).toEqual([[5, 10]]);
    const statement = await client.prepare('INSERT INTO orders (id, item) VALUES (?, ?)', headers);
    expect(await statement.update(rowsFrom(100, 300), headers)).toBe(300);
    await statement.close(headers);
    expect(await rows('SELECT count(*), count(DISTINCT id) FROM orders')).toEqual([[305, 305]]);
  });

  it('writes all rows of parameters or none', async () => {
    await update('CREATE TABLE strict (id UTINYINT, name VARCHAR)');
    const statement = await client.prepare('INSERT INTO strict VALUES (?, ?)', headers);
    await expect(statement.update(rowsFrom(250, 10), headers)).rejects.toMatchObject({
      code: 3,
      details: expect.stringContaining('row 7 of the parameters'),
    });
    expect(await rows('FROM strict')).toEqual([]);
  });

  it('never shows the rows of a table in another one of its name', async () => {
    for (let round = 1; round <= 5; round++) {
      await update(`CREATE OR REPLACE TABLE again AS SELECT ${round} AS round, range AS n FROM range(10)`);
      expect(await rows('SELECT count(*), min(round), max(round) FROM again')).toEqual([[10, round, round]]);
    }
    await update('DROP TABLE again');
    await expect(rows('FROM again')).rejects.toMatchObject({ code: 5 });
    // What the writer still had of it is gone, too, once something after it is committed.
    await update('CREATE TABLE marker AS SELECT 1 AS x');
    const catalog = createRestCatalogClient({ uri: `http://127.0.0.1:${cluster.ports.flowctlHttp}` });
    await until(
      async () => (await catalog.loadTable('acme', 'marker')).metadata['current-snapshot-id'],
      (id) => id !== undefined && id !== null && Number(id) > 0,
    );
    expect(await catalog.tableExists('acme', 'again')).toBe(false);
  }, 60_000);

  it('takes a bulk ingest, and keeps it', async () => {
    const batches = Array.from({ length: 20 }, (_, i) => rowsFrom(i * 1000, 1000));
    expect(await client.ingest({ table: 'bulk', mode: 'create' }, schema, batches, headers)).toBe(20_000);
    expect(await rows('SELECT count(*), count(DISTINCT id) FROM bulk')).toEqual([[20_000, 20_000]]);
    await expect(client.ingest({ table: 'bulk', mode: 'create' }, schema, [], headers)).rejects.toMatchObject({
      code: 6,
    });
    const committed = { metadata: { ...headers.metadata, 'x-signaldb-durability': 'iceberg_committed' } };
    expect(await client.ingest({ table: 'bulk', mode: 'append' }, schema, [rowsFrom(20_000, 5)], committed)).toBe(5);
    const catalog = createRestCatalogClient({ uri: `http://127.0.0.1:${cluster.ports.flowctlHttp}` });
    const { metadata } = await catalog.loadTable('acme', 'bulk');
    const current = metadata.snapshots?.find((snapshot) => snapshot['snapshot-id'] === metadata['current-snapshot-id']);
    expect(Number(current?.summary['total-records'])).toBe(20_005);
  }, 60_000);

  it('has what was acknowledged once, and nothing twice, after processes were killed', async () => {
    await update('CREATE TABLE survivors (id BIGINT, name VARCHAR)');
    const acknowledged: number[] = [];
    let isKilling = true;
    const killing = (async () => {
      const victims = processes === 'one' ? ['signaldb'] : ['acceptor', 'writer', 'acceptor'];
      for (const name of victims) await cluster.process(name as 'acceptor').restart('SIGKILL');
      isKilling = false;
    })();
    for (let id = 0; isKilling || id < 20; id++) {
      const sent = await update(`INSERT INTO survivors VALUES (${id}, 'x')`).then(
        () => true,
        () => false,
      );
      if (sent) acknowledged.push(id);
    }
    await killing;
    await cluster.ready();
    const found = (await rowsAfterKill('SELECT id, count(*) FROM survivors GROUP BY id')) as [number, number][];
    expect(found.filter(([, count]) => count !== 1)).toEqual([]);
    const ids = new Set(found.map(([id]) => id));
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
  }, 120_000);

  const outlives = processes === 'five' ? it : it.skip;
  outlives(
    'goes on with a statement and an ingest when the acceptor comes back',
    async () => {
      const acceptor = cluster.process('acceptor');
      let killed: Promise<unknown> | undefined;
      const batches = (async function* () {
        for (let i = 0; i < 60; i++) {
          yield rowsFrom(i * 100, 100);
          if (i === 20) killed = acceptor.restart('SIGKILL');
          if (i > 20) await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      expect(await client.ingest({ table: 'outlived', mode: 'create' }, schema, batches, headers)).toBe(6000);
      await killed;
      await cluster.ready();
      expect(await rowsAfterKill('SELECT count(*), count(DISTINCT id) FROM outlived')).toEqual([[6000, 6000]]);

      await acceptor.kill('SIGKILL');
      const statement = update('INSERT INTO outlived SELECT range + 6000, NULL FROM range(10)');
      acceptor.start();
      expect(await statement).toBe(10);
      await cluster.ready();
      expect(await rowsAfterKill('SELECT count(*), count(DISTINCT id) FROM outlived')).toEqual([[6010, 6010]]);
    },
    120_000,
  );
});
