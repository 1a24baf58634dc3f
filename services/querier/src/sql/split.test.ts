import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeSchemaBytes, encodeIpcStream } from '@signaldb/flight';
import { Status } from '@signaldb/grpc';
import { type RecordBatch, Table, Utf8, vectorFromArray } from 'apache-arrow';
import { epochNs, tracesOf } from '../testing/spans.ts';
import { TestQuerier } from '../testing/test-querier.ts';
import { TestWorld } from '../testing/test-world.ts';
import type { Plan } from './share-plan.ts';
import { shareOut } from './shares.ts';

let world: TestWorld;
let querier: TestQuerier;
const hourNs = 3_600_000_000_000;
beforeAll(async () => {
  world = await TestWorld.open();
  querier = new TestQuerier(world, { splitRowsMin: 20, splitBytesMin: 1 << 30 });
  for (let file = 0; file < 3; file++) await write(file);
  await world.commit();
  await write(3);
});
afterAll(async () => {
  await querier.close();
  await world.close();
});

/** Ten spans in a file of their own, an hour after those before. */
const write = (file: number) =>
  world.write(
    'traces',
    tracesOf(
      Array.from({ length: 10 }, (_, i) => ({
        trace: `${file + 1}${i}`,
        id: `${file * 10 + i + 1}`,
        at: BigInt(file) * BigInt(hourNs),
        service: i % 2 === 0 ? 'shop' : 'cart',
        attributes: { n: file * 10 + i },
      })),
    ),
  );

const plan = async (sql: string, more: object = {}): Promise<Plan | undefined> => {
  const [answer] = (await querier.action('plan', { sql, shares_max: 3, ...more })) as unknown as [Partial<Plan>];
  return answer.shares === undefined ? undefined : (answer as Plan);
};
const spanIds = (rows: readonly Record<string, unknown>[]) => rows.map(({ span_id }) => String(span_id)).sort();
const fetched = async ({ shares }: Plan) => {
  const answers = await Promise.all(shares.map((share) => querier.get(share)));
  return { answers, rows: answers.flatMap(({ rows }) => rows) };
};

describe('a plain SELECT of a large table', () => {
  it.each([
    'SELECT * FROM traces',
    'SELECT span_id, upper(name) AS n, duration_ns / 1e6, end_time FROM traces',
    'FROM traces AS t SELECT t.span_id WHERE t.service_name = \'shop\' AND "span.n" BETWEEN 3 AND 33',
    'SELECT span_id, from_ns(start_time), CASE WHEN kind IN (1, 2) THEN 1 END FROM "default".traces WHERE NOT name IS NULL',
  ])('is split: %s', async (sql) => {
    const planned = (await plan(sql))!;
    const { answers, rows } = await fetched(planned);
    const whole = await querier.sql(sql);
    expect(answers.length).toBeGreaterThan(1);
    expect(spanIds(rows)).toEqual(spanIds(whole.rows));
    const columns = (schema: typeof whole.schema) => schema!.fields.map((field) => `${field}`);
    expect(columns(decodeSchemaBytes(Buffer.from(planned.schema, 'base64')))).toEqual(columns(whole.schema));
    for (const { schema } of answers) expect(columns(schema)).toEqual(columns(whole.schema));
  });

  it('says how many rows there are where all are wanted', async () => {
    expect(await plan('SELECT name FROM traces')).toMatchObject({ total_records: 40 });
    expect(await plan("SELECT name FROM traces WHERE name = 'work'")).toMatchObject({
      total_records: -1,
      total_bytes: -1,
    });
  });

  it('leaves files out that its WHERE rules out', async () => {
    const late = (await plan(`SELECT span_id FROM traces WHERE start_time >= ${epochNs + BigInt(hourNs)}`))!;
    expect(late.shares.flatMap(({ files }) => files)).toHaveLength(3);
    expect((await fetched(late)).rows).toHaveLength(30);
  });

  it('takes bound values', async () => {
    const [batch] = new Table({ a: vectorFromArray(['cart'], new Utf8()) }).batches as [RecordBatch];
    const parameters = Buffer.concat(encodeIpcStream({ schema: batch.schema, batches: [batch] })).toString('base64');
    const planned = (await plan('SELECT span_id FROM traces WHERE service_name = ?', { parameters }))!;
    expect((await fetched(planned)).rows).toHaveLength(20);
  });

  it('has each row once, whatever is committed meanwhile', async () => {
    const planned = (await plan('SELECT * FROM traces'))!;
    const columns = planned.shares[0]!.columns.length;
    await world.write('traces', tracesOf([{ trace: '99', id: '99', attributes: { newcomer: 'x' } }]));
    await world.commit();
    const { answers, rows } = await fetched(planned);
    expect(spanIds(rows)).toHaveLength(40);
    expect(new Set(spanIds(rows)).size).toBe(40);
    for (const { schema } of answers) expect(schema!.fields).toHaveLength(columns);
  });

  it('is to be run again when a file has gone', async () => {
    const planned = (await plan('SELECT * FROM traces'))!;
    const [share] = planned.shares;
    const gone = { source: { kind: 'object', uri: world.store.uri('gone.parquet') }, rows: 1, bytes: 1 };
    await expect(querier.get({ ...share, files: [gone] })).rejects.toMatchObject({
      code: Status.ABORTED,
      details: expect.stringContaining('run the statement again'),
    });
  });
});

describe('what is not split', () => {
  it.each([
    'SELECT count(*) FROM traces',
    'SELECT DISTINCT name FROM traces',
    'SELECT name FROM traces ORDER BY 1',
    'SELECT name FROM traces LIMIT 100',
    'SELECT name FROM traces OFFSET 1',
    'SELECT name FROM traces GROUP BY name',
    'SELECT sum(kind) OVER () FROM traces',
    'SELECT name FROM traces QUALIFY row_number() OVER () > 3',
    'SELECT row_number() OVER () FROM traces',
    'SELECT a.name FROM traces a JOIN traces b USING (span_id)',
    'SELECT name FROM traces, logs',
    'SELECT name FROM traces UNION ALL SELECT name FROM traces',
    'SELECT name FROM (SELECT * FROM traces)',
    'WITH t AS (SELECT * FROM traces) SELECT name FROM t',
    'WITH traces AS (SELECT 1 AS name) SELECT name FROM traces',
    'SELECT name FROM traces WHERE kind IN (SELECT kind FROM traces)',
    'SELECT (SELECT max(kind) FROM traces) FROM traces',
    'SELECT name FROM traces TABLESAMPLE 50%',
    'SELECT name FROM traces USING SAMPLE 3',
    'SELECT random() FROM traces',
    'SELECT uuid(), name FROM traces',
    'SELECT now(), name FROM traces',
    'SELECT ago(INTERVAL 1 hour), name FROM traces',
    'SELECT unnest([1, 2]), name FROM traces',
    'SELECT list_transform([1], lambda x: x) FROM traces',
    'EXPLAIN SELECT name FROM traces',
    'DESCRIBE traces',
    'SUMMARIZE traces',
    'SHOW TABLES',
    'SELECT * FROM spans',
    "SELECT * FROM trace_tree('1')",
    'SELECT 1',
    'SELECT * FROM range(10000000)',
    'SELECT * FROM logs',
  ])('%s', async (sql) => {
    expect(await plan(sql)).toBeUndefined();
  });

  it('what one querier would serve, or is small', async () => {
    expect(await plan('SELECT * FROM traces', { shares_max: 1 })).toBeUndefined();
    expect(await plan(`SELECT * FROM traces WHERE start_time >= ${epochNs + 3n * BigInt(hourNs)}`)).toBeUndefined();
  });

  it('is refused as a query would be', async () => {
    await expect(plan('SELECT * FROM tracez')).rejects.toMatchObject({ code: Status.NOT_FOUND });
  });
});

describe('shareOut', () => {
  const file = (bytes: number) => ({
    source: { kind: 'object' as const, uri: String(bytes) },
    rows: 1,
    bytes,
    times: {},
    hasTraceFilter: false,
  });
  it.each<[bytes: number[], shares: number, sizes: number[]]>([
    [[10, 10, 10, 10], 2, [20, 20]],
    [[100, 1, 1, 1], 2, [100, 3]],
    [[5, 4], 8, [5, 4]],
    [[], 3, []],
  ])('%j in %d', (bytes, shares, sizes) => {
    const sized = shareOut(bytes.map(file), shares).map((share) => share.reduce((sum, one) => sum + one.bytes, 0));
    expect(sized).toEqual(sizes);
  });
});
