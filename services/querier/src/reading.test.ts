import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createFaultyStore } from '@signaldb/object-store';
import { epochNs, traceIdOf, tracesOf } from './testing/spans.ts';
import { TestQuerier } from './testing/test-querier.ts';
import { TestWorld } from './testing/test-world.ts';

let world: TestWorld;
let querier: TestQuerier;
beforeEach(async () => {
  world = await TestWorld.open();
  querier = new TestQuerier(world, { barrierTimeoutMs: 200, hotFilesTimeoutMs: 200 });
});
afterEach(async () => {
  await querier.close();
  await world.close();
});

const spans = (trace: string, count: number, at = 0) =>
  tracesOf(
    Array.from({ length: count }, (_, i) => ({
      trace,
      id: `${trace}${i}`,
      at: at + i,
      ...(i > 0 && { parent: `${trace}0` }),
    })),
  );
const ids = async (trace: string, ticket: object = {}) =>
  (await querier.get({ kind: 'trace', trace_id: trace, ...ticket })).rows.map((row) =>
    String(row.span_id).replace(/^0+/, ''),
  );
const count = async (): Promise<unknown> => (await querier.sql('SELECT count(*) AS c FROM traces')).rows[0]!.c;

describe('every acknowledged row is in an answer, once', () => {
  it('while it is hot, while it is committed and still listed, and when it is cold alone', async () => {
    await world.write('traces', spans('a', 3));
    expect([await ids('a'), await count()]).toEqual([['a0', 'a1', 'a2'], 3n]);
    await world.commit();
    expect([await ids('a'), await count()]).toEqual([['a0', 'a1', 'a2'], 3n]);
    await world.write('traces', spans('b', 2));
    expect([await ids('a'), await ids('b'), await count()]).toEqual([['a0', 'a1', 'a2'], ['b0', 'b1'], 5n]);
    await world.commit();
    await world.forgetHot();
    expect([await ids('a'), await ids('b'), await count()]).toEqual([['a0', 'a1', 'a2'], ['b0', 'b1'], 5n]);
  });

  it('when its trace is spread over files', async () => {
    await world.write('traces', tracesOf([{ trace: 'a', id: '1' }]));
    await world.commit();
    await world.write('traces', tracesOf([{ trace: 'a', id: '2', parent: '1', at: 7_200_000_000_000n }]));
    await world.commit();
    await world.write('traces', tracesOf([{ trace: 'a', id: '3', parent: '1', at: 5 }]));
    expect(await ids('a')).toEqual(['1', '3', '2']);
  });

  it('when it is committed between the list and the snapshot', async () => {
    await world.write('traces', spans('a', 2));
    const listed = world.hotFiles('default');
    world.cluster.addService('writer', 'writer-1', {
      hot_files: async () => {
        await world.commit();
        return [{ files: listed, missing: [] }];
      },
    });
    expect(await count()).toBe(2n);
  });

  it('when a hot file is gone by the time it is read', async () => {
    await world.write('traces', spans('a', 2));
    const listed = world.hotFiles('default');
    await world.commit();
    let asked = 0;
    world.cluster.addService('writer', 'writer-1', {
      hot_files: () => [{ files: asked++ === 0 ? listed.map((file) => ({ ...file, last_lsn: 99 })) : [], missing: [] }],
    });
    // A file that is committed in part means that the list is old: it is asked for again.
    expect(await count()).toBe(2n);
    expect(asked).toBe(2);
  });

  it('when the writer’s disk is another machine’s', async () => {
    await world.write('traces', spans('a', 2));
    const [file] = world.hotFiles('default');
    const { readFile } = await import('node:fs/promises');
    const fetched: string[] = [];
    world.cluster.addService('writer', 'writer-1', {
      hot_files: () => [{ files: [{ ...file, path: '/elsewhere/1.parquet' }], missing: [] }],
      fetch_hot_file: ({ name }) => {
        fetched.push(name as string);
        return (async function* () {
          yield await readFile(`${file!.path}${(name as string).slice(String(file!.name).length)}`);
        })();
      },
    });
    expect(await ids('a')).toEqual(['a0', 'a1']);
    expect(fetched.sort()).toEqual([`${file!.name}`, `${file!.name}.trace-filter`]);
  });
});

describe('what can’t be asked makes an answer partial, and says so', () => {
  it('unless the snapshot has everything of the log', async () => {
    await world.write('traces', spans('a', 2));
    await world.commit();
    world.cluster.addService('writer', 'writer-1', {});
    const whole = await querier.get({ kind: 'trace', trace_id: 'a' });
    expect([whole.rows.length, whole.outcome.status]).toEqual([2, 'COMPLETE']);
    await world.write('traces', spans('b', 1));
    const partial = await querier.get({ kind: 'trace', trace_id: 'b' });
    expect(partial.rows).toEqual([]);
    expect(partial.outcome).toMatchObject({
      status: 'PARTIAL',
      reasons: [expect.stringContaining('log log-1: writer writer-1 can’t be asked')],
    });
  });

  it.each([
    [{ kind: 'trace', trace_id: 'a' }],
    [{ kind: 'search', q: '{}' }],
    [{ kind: 'tags' }],
    [{ kind: 'tag_values', tag: 'name' }],
    [{ kind: 'sql', sql: 'SELECT * FROM traces' }],
  ])('%j', async (ticket) => {
    await world.write('traces', spans('a', 2));
    await world.commit();
    world.cluster.addService('acceptor', 'acceptor-1', { barrier: () => new Promise(() => {}) });
    const answer = await querier.get(ticket);
    expect(answer.outcome).toMatchObject({
      status: 'PARTIAL',
      reasons: [expect.stringContaining('acceptor acceptor-1 can’t be asked')],
    });
    expect(answer.rows.length).toBeGreaterThan(0);
    // SQL says it with the schema, before any row.
    if (ticket.kind === 'sql')
      expect(JSON.parse(Buffer.from(answer.messages[0]!.appMetadata!).toString()).status).toBe('PARTIAL');
  });

  it('is an error where the catalog or the store can’t be asked', async () => {
    await world.write('traces', spans('a', 2));
    await world.commit();
    await world.forgetHot();
    const faulty = createFaultyStore(world.store);
    const other = new TestQuerier(
      { ...world, cluster: world.cluster, catalog: world.catalog, dir: world.dir, store: faulty } as never,
      {},
      `${world.dir}/other`,
    );
    faulty.fail('refuse');
    await expect(other.get({ kind: 'trace', trace_id: 'a' })).rejects.toMatchObject({ code: 14 });
    faulty.heal();
    expect((await other.get({ kind: 'trace', trace_id: 'a' })).rows).toHaveLength(2);
    await other.close();
  });

  it('is an error where a file of the table is lost', async () => {
    await world.write('traces', spans('a', 2));
    await world.commit();
    await world.forgetHot();
    await rm(`${world.dir}/warehouse`, { recursive: true });
    await expect(querier.sql('SELECT * FROM traces')).rejects.toMatchObject({ code: 14 });
  });
});

describe('tenants', () => {
  it('see their own rows alone', async () => {
    await world.write('traces', spans('a', 1), 'one');
    await world.write('traces', spans('a', 2), 'two');
    await world.commit();
    await world.write('traces', spans('a', 4), 'two');
    const rows = async (tenant: string) => (await querier.get({ kind: 'trace', trace_id: 'a', tenant })).rows.length;
    expect([await rows('one'), await rows('two'), await rows('three')]).toEqual([1, 6, 0]);
    const sql = async (tenant: string) =>
      (await querier.sql('SELECT count(*) AS c FROM traces', { tenant })).rows[0]!.c;
    expect([await sql('one'), await sql('two'), await sql('three')]).toEqual([1n, 6n, 0n]);
    const found = async (tenant: string) => (await querier.get({ kind: 'search', q: '{}', tenant })).rows.length;
    expect([await found('one'), await found('two'), await found('three')]).toEqual([1, 1, 0]);
  });
});

describe('files of different shapes', () => {
  it('are read as one table', async () => {
    await world.write('traces', tracesOf([{ trace: 'a', id: '1', attributes: { x: 1, early: 'e' } }]));
    await world.commit();
    await world.write('traces', tracesOf([{ trace: 'a', id: '2', at: 1, attributes: { y: [1, 2], x: 7 } }]));
    await world.commit();
    await world.write('traces', tracesOf([{ trace: 'a', id: '3', at: 2, attributes: { z: true, y: [3] } }]));
    const { rows } = await querier.sql(
      'SELECT "span.x" AS x, "span.early" AS e, "span.y" AS y, "span.z" AS z FROM traces ORDER BY start_time',
    );
    expect(rows.map((row) => [row.x, row.e, row.y && [...(row.y as Iterable<bigint>)], row.z])).toEqual([
      [1n, 'e', null, null],
      [7n, null, [1n, 2n], null],
      [null, null, [3n], true],
    ]);
    expect((await querier.get({ kind: 'trace', trace_id: 'a' })).schema?.fields.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['span.x', 'span.early', 'span.y', 'span.z']),
    );
  });

  it('have logs and metrics too', async () => {
    const time = String(epochNs);
    await world.write('logs', {
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: time, body: { stringValue: 'hello' } }] }] }],
    });
    const point = { timeUnixNano: time, asInt: '5' };
    await world.write('metrics', {
      resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', gauge: { dataPoints: [point] } }] }] }],
    });
    expect((await querier.sql('SELECT body FROM logs')).rows).toEqual([{ body: 'hello' }]);
    expect((await querier.sql('SELECT name, value_int FROM metrics_gauge')).rows).toEqual([
      { name: 'm', value_int: 5n },
    ]);
    await world.commit();
    expect((await querier.sql('SELECT body FROM logs')).rows).toEqual([{ body: 'hello' }]);
  });
});

describe('a trace by id', () => {
  it('takes ids in either case, with leading zeros left out', async () => {
    await world.write('traces', spans('abc', 1));
    for (const id of ['abc', 'ABC', '0abc', traceIdOf('abc')]) expect(await ids(id)).toEqual(['abc0']);
    expect(await ids('abd')).toEqual([]);
  });

  it('looks around the times given', async () => {
    await world.write('traces', spans('a', 2));
    await world.commit();
    const at = (ns: bigint) => ({ start: String(epochNs + ns), end: String(epochNs + ns + 1n) });
    expect(await ids('a', at(0n))).toHaveLength(2);
    expect(await ids('a', at(1_800_000_000_000n))).toHaveLength(2);
    expect(await ids('a', at(86_400_000_000_000n))).toHaveLength(0);
  });

  it('keeps the columns of each span together, also where spans look the same', async () => {
    const attributes = (i: number) => Object.fromEntries(Array.from({ length: 60 }, (_, k) => [`k${k}`, `${i}/${k}`]));
    const same = Array.from({ length: 50 }, (_, i) => ({ trace: 'd', id: 'd1', at: 1, attributes: attributes(i) }));
    const distinct = Array.from({ length: 50 }, (_, i) => ({
      trace: 'e',
      id: `e${i}`,
      at: i,
      attributes: attributes(i),
    }));
    await world.write('traces', tracesOf([...same, ...distinct]));
    for (const trace of ['d', 'e']) {
      const { rows } = await querier.get({ kind: 'trace', trace_id: trace });
      expect(rows).toHaveLength(50);
      for (const row of rows) {
        const [first] = String(row['span.k0']).split('/');
        for (let k = 0; k < 60; k++) expect(row[`span.k${k}`]).toBe(`${first}/${k}`);
      }
    }
  });

  it('opens only the files that have the trace', async () => {
    for (const trace of ['a', 'b', 'c']) {
      await world.write('traces', spans(trace, 2));
      await world.commit();
    }
    await world.forgetHot();
    const { outcome } = await querier.get({ kind: 'trace', trace_id: 'b' });
    expect(outcome.metrics).toMatchObject({ inspected_files: 1, inspected_spans: 2 });
  });

  it('reads tables that another engine has written to, without sidecars', async () => {
    await world.write('traces', spans('a', 2));
    await world.commit();
    await world.forgetHot();
    for await (const { key } of world.store.list(''))
      if (/trace-(filter|index)/.test(key)) await world.store.delete([key]);
    expect(await ids('a')).toEqual(['a0', 'a1']);
    expect((await querier.get({ kind: 'search', q: '{ rootServiceName = "shop" }' })).rows).toHaveLength(1);
  });
});
