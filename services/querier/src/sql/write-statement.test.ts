import { describe, expect, it } from '@jest/globals';
import { onlyPieces, parseWrite } from './write-statement.ts';

/** What is read of a statement, with the texts that its pieces are. */
function read(sql: string) {
  const found = parseWrite(sql);
  if (found === undefined) return undefined;
  const { sql: _, table, ...rest } = found;
  const text = ({ start, end }: { start: number; end: number }) => sql.slice(start, end);
  return {
    ...rest,
    table: text(table),
    name: [table.catalog, table.schema, table.name].filter((part) => part !== '').join('/'),
    ...('query' in found && { query: found.query.map(text) }),
    ...(found.kind === 'INSERT' && { row: found.row && text(found.row) }),
    ...('tempAt' in found && { tempAt: sql.slice(0, found.tempAt) }),
  };
}

describe('a statement that writes', () => {
  it.each([
    [
      'CREATE TABLE t (a INT, "AS" INT)',
      { kind: 'CREATE_TABLE', name: 't', orReplace: false, ifNotExists: false, tempAt: 'CREATE' },
    ],
    [
      ' /* a /* b */ */ create or replace table if not exists signaldb."my""t".x(a int);;',
      {
        kind: 'CREATE_TABLE',
        name: 'signaldb/my"t/x',
        table: 'signaldb."my""t".x',
        orReplace: true,
        ifNotExists: true,
        tempAt: ' /* a /* b */ */ create or replace',
      },
    ],
    ['CREATE TABLE t AS SELECT 1', { kind: 'CREATE_TABLE_AS', query: ['SELECT 1'] }],
    ['CREATE TABLE t (x) AS (SELECT 1 AS y) WITH NO DATA;', { kind: 'CREATE_TABLE_AS', query: ['(SELECT 1 AS y)'] }],
    ['CREATE TABLE t AS FROM u WITH DATA', { kind: 'CREATE_TABLE_AS', query: ['FROM u'] }],
    ['DROP TABLE IF EXISTS t CASCADE', { kind: 'DROP_TABLE', name: 't', ifExists: true }],
    ['INSERT INTO t VALUES (?, (1), ?)', { kind: 'INSERT', query: ['VALUES (?, (1), ?)'], row: '(?, (1), ?)' }],
    ["INSERT INTO t VALUES (?, ');')", { kind: 'INSERT', row: "(?, ');')" }],
    ['INSERT INTO t VALUES ($1, $2)', { kind: 'INSERT', row: undefined }],
    ['INSERT INTO t VALUES (1), (2)', { kind: 'INSERT', row: undefined, query: ['VALUES (1), (2)'] }],
    ['INSERT INTO t (a, "b c") BY NAME SELECT 1 AS a -- done', { kind: 'INSERT', query: ['SELECT 1 AS a'] }],
    ['INSERT INTO t (SELECT 1)', { kind: 'INSERT', query: ['(SELECT 1)'] }],
    ['INSERT INTO t DEFAULT VALUES', { kind: 'INSERT', query: [] }],
    [
      'WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x',
      { kind: 'INSERT', query: ['WITH x AS (SELECT 1) ', 'SELECT * FROM x'] },
    ],
    ["INSERT INTO t SELECT 'RETURNING' FROM u JOIN v ON conflict", { kind: 'INSERT' }],
  ])('is read: %s', (sql, expected) => {
    expect(read(sql)).toMatchObject(expected);
  });

  it.each([
    'SELECT 1',
    'FROM t',
    'WITH x AS (SELECT 1) SELECT * FROM x',
    'EXPLAIN INSERT INTO t VALUES (1)',
    '',
    'UPDATE t SET a = 1',
  ])('is not: %s', (sql) => {
    expect(parseWrite(sql)).toBeUndefined();
  });

  it.each([
    ['CREATE TEMP TABLE t (a INT)', /^line 1, column 8: there are no temporary tables/],
    ['CREATE VIEW v AS SELECT 1', /^line 1, column 8: tables are what can be created/],
    ['CREATE SCHEMA s', /^line 1, column 8: tables are what can be created/],
    ['CREATE UNIQUE INDEX i ON t (a)', /tables are what can be created/],
    ['DROP VIEW v', /^line 1, column 6: tables are what can be created and dropped/],
    ['DROP TABLE a, b', /^line 1, column 13: one table is dropped at a time/],
    ['CREATE TABLE', /^line 1, column 13: the name of a table is expected/],
    ['CREATE TABLE t AS', /a query is expected/],
    ['INSERT OR REPLACE INTO t VALUES (1)', /^line 1, column 8: rows are added and never replaced/],
    ['INSERT INTO t\nVALUES (1) RETURNING *', /^line 2, column 12: RETURNING is not served/],
    ['INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING', /^line 1, column 26: .*ON CONFLICT/],
    ['INSERT INTO t AS u VALUES (1)', /needs no other name/],
    ['INSERT INTO t', /VALUES or a query is expected/],
  ])('is refused at its place: %s', (sql, message) => {
    expect(() => parseWrite(sql)).toThrow(
      expect.objectContaining({ code: 3, details: expect.stringMatching(message) }),
    );
  });

  it('leaves its query where it stands', () => {
    const sql = 'INSERT INTO t\n  SELECT 1';
    expect(onlyPieces(sql, [{ start: 16, end: 24 }])).toBe('             \n  SELECT 1');
  });
});
