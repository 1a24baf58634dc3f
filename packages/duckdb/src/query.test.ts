import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Connection, type Database, type DuckDbError, openDatabase, type QueryResult } from './index.ts';

let database: Database;
let connection: Connection;
beforeAll(() => {
  database = openDatabase({ threads: 2 });
  connection = database.connect();
});
afterAll(() => database.close());

const long = 'SELECT count(*) FROM range(3000000) a(i), range(3000000) b(j) WHERE (i * j) % 7 = 3';
const values = async (result: QueryResult): Promise<unknown[]> =>
  (await result.table()).toArray().map((row) => Object.values(row.toJSON())[0]);

describe('streaming', () => {
  it.each([{ stream: true }, { stream: false }])(
    'gives all rows in order, first a small batch (%p)',
    async ({ stream }) => {
      const result = await connection.query('SELECT i FROM range(300000) t(i)', { stream });
      const sizes: number[] = [];
      let next = 0n;
      for await (const batch of result) {
        sizes.push(batch.numRows);
        for (const value of batch.getChildAt(0)!) {
          if (value !== next++) throw new Error(`${value} instead of ${next - 1n}`);
        }
      }
      expect(next).toBe(300000n);
      expect(sizes.slice(0, 3)).toEqual([4096, 16384, 65536]);
    },
  );

  it('bounds batches by rows and bytes', async () => {
    const rows = await (await connection.query('SELECT i FROM range(10000) t(i)', { batchRows: 2048 })).batches();
    expect(rows.map((batch) => batch.numRows)).toEqual([2048, 2048, 2048, 2048, 1808]);
    const wide = await (
      await connection.query("SELECT repeat('x', 10000) AS s FROM range(10000)", { batchBytesMax: 25 << 20 })
    ).batches();
    expect(wide.map((batch) => batch.numRows)).toEqual([4096, 4096, 1808]);
  });

  it('is bounded in memory while the reader is slow', async () => {
    const small = openDatabase({ threads: 2, memoryLimit: '64MB' });
    try {
      const result = await small.connect().query("SELECT i, repeat('x', 100) FROM range(3000000) t(i)");
      let rows = 0;
      for await (const batch of result) rows += batch.numRows;
      expect(rows).toBe(3000000);
    } finally {
      await small.close();
    }
  });

  it('leaves the event loop free', async () => {
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    await values(await connection.query('SELECT sum(i * 3 % 7) FROM range(30000000) t(i)'));
    clearInterval(timer);
    expect(longest).toBeLessThan(500);
  });

  it('lets short queries through while long ones run', async () => {
    const abort = new AbortController();
    const others = Array.from({ length: 4 }, () => database.connect());
    const running = others.map((other) => other.query(long, { signal: abort.signal }).catch(() => 'stopped'));
    expect(await values(await connection.query('SELECT 42::BIGINT', { stream: false }))).toEqual([42n]);
    abort.abort();
    expect(await Promise.all(running)).toEqual(Array(4).fill('stopped'));
    await Promise.all(others.map((other) => other.close()));
  });
});

describe('cancelling', () => {
  it('rejects with the reason, soon, and leaves the connection usable', async () => {
    const abort = new AbortController();
    const started = performance.now();
    setTimeout(() => abort.abort(new Error('enough')), 50);
    await expect(connection.query(long, { signal: abort.signal })).rejects.toThrow('enough');
    expect(performance.now() - started).toBeLessThan(5000);
    expect(await values(await connection.query('SELECT 1'))).toEqual([1]);
  });

  it('stops a result that is being read', async () => {
    const abort = new AbortController();
    const result = await connection.query('SELECT i FROM range(100000000) t(i)', { signal: abort.signal });
    const read = (async () => {
      for await (const batch of result) {
        if (batch.numRows > 60000) abort.abort(new Error('enough'));
      }
    })();
    await expect(read).rejects.toThrow('enough');
    expect(await values(await connection.query('SELECT 1'))).toEqual([1]);
  });

  it('refuses to start with an aborted signal', async () => {
    await expect(connection.query('SELECT 1', { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow(
      'before',
    );
    expect(await values(await connection.query('SELECT 1'))).toEqual([1]);
  });

  it('does not interrupt the next query when it comes too late', async () => {
    const abort = new AbortController();
    await values(await connection.query('SELECT 1', { signal: abort.signal }));
    abort.abort();
    expect(await values(await connection.query('SELECT 2'))).toEqual([2]);
  });

  it('frees a result that is left early', async () => {
    for await (const _batch of await connection.query('SELECT i FROM range(1000000) t(i)')) break;
    expect(await values(await connection.query('SELECT 3'))).toEqual([3]);
  });
});

describe('misuse', () => {
  const kindOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'no error',
      (error: DuckDbError) => error.kind,
    );

  it('refuses a second statement while a result is open', async () => {
    const result = await connection.query('SELECT i FROM range(100000) t(i)');
    expect(await kindOf(connection.query('SELECT 1'))).toBe('Busy');
    expect(await kindOf(connection.run('SELECT 1'))).toBe('Busy');
    await result.close();
    await result.close();
    expect(await kindOf(result.batches())).toBe('Closed');
    expect(await values(await connection.query('SELECT 1'))).toEqual([1]);
  });

  it('refuses two statements at a time', async () => {
    const first = connection.query('SELECT 1');
    expect(await kindOf(connection.query('SELECT 1'))).toBe('Busy');
    await (await first).close();
  });

  it('refuses use after close, everywhere', async () => {
    const other = openDatabase();
    const session = other.connect();
    const result = await session.query('SELECT i FROM range(100000) t(i)');
    await session.close();
    expect(await kindOf(result.batches())).toBe('Closed');
    expect(await kindOf(session.query('SELECT 1'))).toBe('Closed');
    expect(await kindOf(session.describe('SELECT 1'))).toBe('Closed');
    expect(() => session.registerBatches('x', [])).toThrow('closed');
    await other.close();
    await other.close();
    await session.close();
    expect(() => other.connect()).toThrow('closed');
  });

  it('closes while queries run and results are open', async () => {
    const other = openDatabase({ threads: 2 });
    const running = kindOf(other.connect().query(long));
    const open = await other.connect().query('SELECT i FROM range(10000000) t(i)');
    await other.close();
    expect(await running).toBe('Closed');
    expect(await kindOf(open.batches())).toBe('Closed');
    expect(other.openConnections).toBe(0);
  });

  it.each([
    ['', 'Statement'],
    ['  -- nothing', 'Statement'],
    ['SELECT 1; SELECT 2', 'Statement'],
    ['SELECT 1 \0', 'Statement'],
    [`SELECT '${'x'.repeat(1 << 20)}'`, 'Statement'],
  ])('refuses %j', async (sql, kind) => {
    expect(await kindOf(connection.query(sql))).toBe(kind);
  });

  it.each([
    ['parentheses', `SELECT ${'('.repeat(100_000)}1${')'.repeat(100_000)}`],
    ['a sum', `SELECT ${Array(100_000).fill('1').join('+')}`],
    ['subqueries', `${'SELECT * FROM ('.repeat(20_000)}SELECT 1${')'.repeat(20_000)}`],
    ['unions', Array(2_000).fill('SELECT 1').join(' UNION ALL ')],
    ['a case', `SELECT ${'CASE WHEN true THEN '.repeat(20_000)}1${' END'.repeat(20_000)}`],
    ['lists', `SELECT ${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['not', `SELECT ${'NOT '.repeat(100_000)}true`],
    [
      'joins',
      `SELECT * FROM range(1) t0 ${Array.from({ length: 60 }, (_, i) => `JOIN range(1) t${i + 1} USING (range)`).join(' ')}`,
    ],
  ])(
    'survives statements that are too deep: %s',
    async (_name, sql) => {
      const outcome = await kindOf(
        connection.query(sql, { signal: AbortSignal.timeout(5000) }).then((result) => result.batches()),
      );
      expect(typeof outcome === 'string' || outcome === undefined).toBe(true);
      expect(await values(await connection.query('SELECT 1'))).toEqual([1]);
    },
    60_000,
  );
});

describe('statements', () => {
  it('runs several and says what the last one changed', async () => {
    expect(await connection.run('CREATE TEMP TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2), (3)')).toBe(3);
    expect(await connection.run('DELETE FROM t WHERE a > 1')).toBe(2);
    const result = await connection.query('INSERT INTO t VALUES (7), (8)');
    expect([result.statementType, result.rowsChanged]).toEqual(['INSERT', 2]);
    await result.close();
  });

  it.each([
    ['SELECT 1', 'SELECT'],
    ['VALUES (1)', 'SELECT'],
    ['FROM range(3)', 'SELECT'],
    ['EXPLAIN SELECT 1', 'EXPLAIN'],
    ['DESCRIBE SELECT 1', 'SELECT'],
    ["SET memory_limit = '1GB'", 'SET'],
    ["COPY (SELECT 1) TO '/tmp/never'", 'COPY'],
    ["ATTACH ':memory:' AS other", 'ATTACH'],
    ['CREATE TABLE x (a INTEGER)', 'CREATE'],
    ['PRAGMA database_list', 'SELECT'],
    ['CALL pragma_version()', 'CALL'],
    ['BEGIN', 'TRANSACTION'],
    ['LOAD json', 'LOAD'],
  ])('%s is a %s', async (sql, type) => {
    expect((await connection.describe(sql)).statementType).toBe(type);
  });

  it('describes columns and parameters without running', async () => {
    const { schema, parameters } = await connection.describe(
      'SELECT i, $name AS n FROM range(3) t(i) WHERE i > $low AND $name::VARCHAR = $name::VARCHAR',
    );
    expect(schema.fields.length).toBeGreaterThan(0);
    expect(parameters.fields.map((field) => field.name)).toEqual(['name', 'low']);
    const typed = await connection.describe(
      'SELECT i FROM range(3) t(i) WHERE i > ? AND ?::TIMESTAMP > localtimestamp',
    );
    expect(String(typed.schema)).toBe('Schema<{ 0: i: Int64 }>');
    expect(typed.parameters.fields.map((field) => `${field.name} ${field.type}`)).toEqual([
      '1 Int64',
      '2 Timestamp<MICROSECOND>',
    ]);
  });

  it('names the tables of a statement', async () => {
    const names = await connection.tableNames(
      'WITH c AS (SELECT * FROM a) SELECT * FROM c, s."B c", (SELECT * FROM d) x WHERE EXISTS (FROM e)',
    );
    expect(names.sort()).toEqual(['a', 'd', 'e', 's."B c"']);
  });

  it('parses SELECT, and only that', async () => {
    expect((await connection.parse("SELECT * FROM read_csv('x')")).statements).toHaveLength(1);
    expect((await connection.parse(`SELECT 1e999, -1e999, '"value":Infinity'`)).statements).toHaveLength(1);
    await expect(connection.parse('DROP TABLE x')).rejects.toMatchObject({ kind: 'Statement' });
    await expect(connection.parse('SELECT 1 +')).rejects.toMatchObject({ kind: 'Parser', position: { column: 11 } });
  });
});
