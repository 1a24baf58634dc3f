import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Field,
  LargeUtf8,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  tableFromArrays,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { type Connection, type Database, openDatabase } from './index.ts';

let database: Database;
let connection: Connection;
beforeAll(() => {
  database = openDatabase({ threads: 2 });
  connection = database.connect();
});
afterAll(() => database.close());

const columns = `i, CASE WHEN i % 3 > 0 THEN i END AS n, i % 2 = 0 AS b, 's' || i AS s, [i, NULL] AS l, {'x': i, 'y': [i % 2 = 0]} AS st,
  i::DECIMAL(20, 2) AS d, DATE '2024-01-01' + i::INTEGER AS da, TIMESTAMP '2024-01-01' + to_seconds(i) AS ts, i::DOUBLE AS f, MAP {i: 'v'} AS m,
  encode('b' || i) AS bl, (i % 3)::VARCHAR::ENUM('0', '1', '2') AS e, [i, i]::BIGINT[2] AS fl, i::UTINYINT AS u8`;
const source = async (rows: number): Promise<RecordBatch[]> =>
  (await connection.query(`SELECT ${columns} FROM range(${rows}) t(i)`, { batchRows: 100 })).batches();
const rowsOf = async (sql: string): Promise<unknown[]> =>
  (await (await connection.query(sql)).table()).toArray().map(String);

describe('registered batches', () => {
  it('are read back as they are, statement after statement', async () => {
    const batches = await source(250);
    const expected = await rowsOf(`SELECT ${columns} FROM range(250) t(i)`);
    const registration = connection.registerBatches('my table', batches);
    expect(await rowsOf('SELECT * FROM "my table" ORDER BY i')).toEqual(expected);
    expect(await rowsOf('SELECT * FROM "my table" ORDER BY i')).toEqual(expected);
    await connection.run('CREATE TEMP TABLE copied AS SELECT * FROM "my table"');
    registration.release();
    expect(await rowsOf('SELECT * FROM copied ORDER BY i')).toEqual(expected);
    await expect(rowsOf('SELECT * FROM "my table"')).rejects.toThrow(/does not exist/);
    await connection.run('DROP TABLE copied');
  });

  it.each([
    ['SELECT count(*) AS c FROM r'],
    ['SELECT max(s) AS m FROM r'],
    ['SELECT s FROM r WHERE i > 3 AND n IS NULL ORDER BY i'],
    ["SELECT st.x, m FROM r WHERE s = 's7' AND b IS NOT NULL"],
    ['SELECT e, sum(d) AS d FROM r WHERE st.x % 2 = 0 GROUP BY e ORDER BY e'],
    ['SELECT l[1] AS a FROM r WHERE f BETWEEN 2 AND 40 AND u8 IN (3, 5, 8) ORDER BY 1'],
    ['SELECT ts FROM r ORDER BY f DESC LIMIT 3'],
  ])('answer as a table does: %s', async (sql) => {
    const registration = connection.registerBatches('r', await source(50));
    const got = await rowsOf(sql);
    registration.release();
    await connection.run(`CREATE OR REPLACE TEMP TABLE r AS SELECT ${columns} FROM range(50) t(i)`);
    expect(got).toEqual(await rowsOf(sql));
    await connection.run('DROP TABLE r');
  });

  it('may be slices, cut anywhere', async () => {
    const [batch] = (await source(100)) as [RecordBatch];
    for (const [start, end] of [
      [0, 100],
      [1, 99],
      [3, 17],
      [8, 64],
      [50, 50],
      [99, 100],
    ] as const) {
      const registration = connection.registerBatches('cut', [batch.slice(start, end)]);
      expect(await rowsOf('SELECT * FROM cut ORDER BY i')).toEqual(
        await rowsOf(`SELECT ${columns} FROM range(${start}, ${end}) t(i)`),
      );
      registration.release();
    }
  });

  it('are matched by name where schemas differ', async () => {
    const registration = connection.registerBatches('mixed', [
      ...tableFromArrays({ a: ['x', 'y'], b: new Int32Array([1, 2]) }).batches,
      ...tableFromArrays({ c: new Float64Array([0.5]), a: ['z'] }).batches,
    ]);
    expect(await rowsOf('SELECT a, b, c FROM mixed ORDER BY a')).toEqual([
      '{"a": "x", "b": 1, "c": null}',
      '{"a": "y", "b": 2, "c": null}',
      '{"a": "z", "b": null, "c": 0.5}',
    ]);
    registration.release();
  });

  it('are read once a statement, never half', async () => {
    const registration = connection.registerBatches('once', await source(10));
    await expect(
      rowsOf('SELECT (SELECT count(*) FROM once WHERE i > 3), count(*) FROM once WHERE i = 7'),
    ).rejects.toMatchObject({ kind: 'Statement' });
    await expect(connection.run('SELECT 1; SELECT 2')).rejects.toMatchObject({ kind: 'Statement' });
    expect(await rowsOf('SELECT count(*) AS c FROM once')).toEqual(['{"c": 10}']);
    expect(() => connection.registerBatches('twice', tableFromArrays({ a: [1] }).batches)).toThrow(/registered/);
    registration.release();
    registration.release();
  });

  it('can be given up while a result is open', async () => {
    const other = database.connect();
    const registration = other.registerBatches('held', await source(250));
    const result = await other.query('SELECT * FROM held');
    expect(() => registration.release()).toThrow(/at work/);
    await other.close();
    expect(() => registration.release()).not.toThrow();
    await expect(result.batches()).rejects.toMatchObject({ kind: 'Closed' });
  });

  it.each([
    ['no batches', []],
    ['a type that DuckDB does not take here', [batchOf('v', new LargeUtf8(), ['a'])]],
  ])('refuses %s', (_name, batches) => {
    expect(() => connection.registerBatches('bad', batches as RecordBatch[])).toThrow();
    const registration = connection.registerBatches('bad', [batchOf('v', new Utf8(), ['a'])]);
    registration.release();
  });
});

function batchOf(name: string, type: Utf8 | LargeUtf8, values: string[]): RecordBatch {
  const vector = vectorFromArray(values, type as Utf8);
  const schema = new Schema([new Field(name, type, true)]);
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: values.length, children: [vector.data[0]!] }) as never,
  );
}
