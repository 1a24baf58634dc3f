import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Connection, type Database, openDatabase, type Parameter, type Parameters } from './index.ts';

let database: Database;
let connection: Connection;
beforeAll(() => {
  database = openDatabase({ threads: 2 });
  connection = database.connect();
});
afterAll(() => database.close());

const first = async (sql: string, params: Parameters): Promise<unknown> =>
  (await (await connection.query(sql, { params })).table()).getChildAt(0)?.get(0);

describe('parameters', () => {
  it.each<[value: Parameter, text: string]>([
    [null, 'NULL "NULL"'],
    [true, 'true BOOLEAN'],
    [42, '42 BIGINT'],
    [-0.5, '-0.5 DOUBLE'],
    [1e300, '1e+300 DOUBLE'],
    [2n ** 63n - 1n, '9223372036854775807 BIGINT'],
    [2n ** 64n - 1n, '18446744073709551615 UBIGINT'],
    [-(2n ** 100n), '-1267650600228229401496703205376 HUGEINT'],
    ["it's 'quoted' 🦆", "it's 'quoted' 🦆 VARCHAR"],
    ['', ' VARCHAR'],
    [new Uint8Array([0, 65, 255]), '\\x00A\\xFF BLOB'],
    [new Date(Date.UTC(2024, 0, 2, 3, 4, 5, 6)), '2024-01-02 03:04:05.006+00 TIMESTAMP WITH TIME ZONE'],
    [{ type: 'date', value: 19723n }, '2024-01-01 DATE'],
    [{ type: 'time', value: 1_000_001n }, '00:00:01.000001 TIME'],
    [{ type: 'timestamp', value: 1_000_001n }, '1970-01-01 00:00:01.000001 TIMESTAMP'],
    [{ type: 'timestamp_ns', value: 1n }, '1970-01-01 00:00:00.000000001 TIMESTAMP_NS'],
    [{ type: 'double', value: 5 }, '5.0 DOUBLE'],
    [{ type: 'decimal', value: -1230n, width: 4, scale: 2 }, '-12.30 DECIMAL(4,2)'],
    [{ type: 'decimal', value: 10n ** 37n, width: 38, scale: 0 }, `1${'0'.repeat(37)} DECIMAL(38,0)`],
    [{ type: 'interval', months: 14, days: -3, micros: 1_500_000n }, '1 year 2 months -3 days 00:00:01.5 INTERVAL'],
    [
      {
        type: 'struct',
        fields: [
          ['a', 1],
          ['b c', 'x'],
          ['n', null],
        ],
      },
      `{'a': 1, 'b c': x, 'n': NULL} STRUCT(a BIGINT, "b c" VARCHAR, n "NULL")`,
    ],
    [
      {
        type: 'map',
        entries: [
          ['k', 1],
          ['l', null],
        ],
      },
      '{k=1, l=NULL} MAP(VARCHAR, BIGINT)',
    ],
    [{ type: 'map', entries: [] }, '{} MAP(VARCHAR, VARCHAR)'],
    [[null, { type: 'date', value: 0n }], '[NULL, 1970-01-01] DATE[]'],
    [[[1], [2, 3]], '[[1], [2, 3]] BIGINT[][]'],
    [['a', 'b'], '[a, b] VARCHAR[]'],
    [[1, 2.5], '[1.0, 2.5] DOUBLE[]'],
    [[1n, null], '[1, NULL] BIGINT[]'],
    [[], '[] VARCHAR[]'],
  ])('binds %p', async (value, text) => {
    expect(await first("SELECT coalesce(CAST($1 AS VARCHAR), 'NULL') || ' ' || typeof($1)", [value])).toBe(text);
  });

  it('takes names, and lists for ANY', async () => {
    expect(await first('SELECT $b::BIGINT - $a::BIGINT', { a: 1, b: 10 })).toBe(9n);
    expect(await first('SELECT $b::BIGINT - $a::BIGINT + $b::BIGINT', [10, 1])).toBe(19n);
    expect(await first('SELECT count(*) FROM range(100) t(i) WHERE i = ANY(?)', [[1, 5, 500]])).toBe(2n);
  });

  it.each<[sql: string, params: Parameters, message: RegExp]>([
    ['SELECT ?', [], /has 1 parameter, 0 given/],
    ['SELECT 1', [1], /has 0 parameters, 1 given/],
    ['SELECT $a', { b: 1 }, /no parameter \$b/],
    ['SELECT ?', [2n ** 127n], /doesn't fit 128 bits/],
    ['SELECT ?', [new Date(Number.NaN)], /invalid date/],
    ['SELECT ?', [{ type: 'day', value: 1n } as never], /unknown type day/],
    ['SELECT ?', [{} as never], /no type that can be bound/],
    ['SELECT ?', [(() => 1) as never], /no type that can be bound/],
    ['SELECT ?', [[1, 'a']], /mixed types/],
    ['SELECT ?', [{ type: 'date', value: 2n ** 40n }], /no date/],
    ['SELECT ?::INTEGER', ['x'], /Could not convert/],
  ])('%s with %p is refused', async (sql, params, message) => {
    await expect(first(sql, params)).rejects.toThrow(message);
    expect(await first('SELECT 1', [])).toBe(1);
  });
});
