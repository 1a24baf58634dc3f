import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Connection, type Database, openDatabase } from './index.ts';

let database: Database;
let connection: Connection;
beforeAll(() => {
  database = openDatabase({ threads: 2, memoryLimit: '64MB' });
  connection = database.connect();
});
afterAll(() => database.close());

const run = async (sql: string): Promise<unknown> => (await connection.query(sql)).batches();

describe('errors', () => {
  it.each([
    ['selec 1', 'Parser', /syntax error at or near "selec"/, { line: 1, column: 1 }],
    ['SELECT 1 +', 'Parser', /syntax error at end of input/, { line: 1, column: 11 }],
    ["SELECT 'ü🦆',\n  foo FROM range(1)", 'Binder', /"foo" not found/, { line: 2, column: 3 }],
    ["SELECT 'ü🦆', foo FROM range(1)", 'Binder', /"foo" not found/, { line: 1, column: 14 }],
    ['SELECT * FROM tracez', 'Catalog', /Table with name tracez does not exist/, { line: 1, column: 15 }],
    ['SELECT nofunction(1)', 'Catalog', /nofunction/, { line: 1, column: 8 }],
    ["SELECT 'a'::INTEGER", 'Conversion', /Could not convert string 'a'/, { line: 1, column: 11 }],
    [
      "SELECT s::INTEGER FROM (SELECT 'x' || i AS s FROM range(100000) t(i))",
      'Conversion',
      /Could not convert/,
      { line: 1, column: 9 },
    ],
    ['SELECT 2147483647::INTEGER + 1::INTEGER', 'Out of Range', /Overflow/, undefined],
    ['SELECT list(i::VARCHAR) FROM range(30000000) t(i)', 'Out of Memory', /memory|allocate/, undefined],
    ["SELECT * FROM read_csv('/does/not/exist')", 'IO', /No files found/, undefined],
    ["SELECT error('my own')", 'Invalid Input', /my own/, undefined],
  ])('%s', async (sql, kind, message, position) => {
    const error = await run(sql).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'DuckDbError', kind, message: expect.stringMatching(message) });
    if (position !== undefined) expect(error).toMatchObject({ position });
    await run('SELECT 1');
  });

  it('carries the candidates of a name', async () => {
    await expect(run('SELECT rang FROM range(1)')).rejects.toMatchObject({
      details: { candidates: 'range', error_subtype: 'COLUMN_NOT_FOUND' },
    });
  });

  it('shows errors of the second statement at their place', async () => {
    await expect(connection.run('SELECT 1;\nSELECT foo')).rejects.toMatchObject({ kind: 'Binder' });
  });

  it('refuses settings and paths that do not work', () => {
    expect(() => openDatabase({ path: '/does/not/exist/x.duckdb' })).toThrow(/Cannot open file|IO/);
    expect(() => openDatabase({ settings: { no_such_setting: 1 } })).toThrow(/no_such_setting/);
    expect(() => openDatabase({ settings: { 'x; DROP': 1 } })).toThrow(/no name of a setting/);
    expect(() => openDatabase({ memoryLimit: 'plenty' })).toThrow();
  });
});
