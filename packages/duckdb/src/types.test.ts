import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RecordBatch, RecordBatchStreamWriter, tableFromIPC } from 'apache-arrow';
import { type Connection, type Database, openDatabase } from './index.ts';

let database: Database;
let connection: Connection;
beforeAll(() => {
  database = openDatabase({ threads: 2 });
  connection = database.connect();
});
afterAll(() => database.close());

/** Values as text that JSON can hold, so that tables of expectations stay readable. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, v) => {
      if (typeof v === 'bigint') return `${v}n`;
      if (ArrayBuffer.isView(v)) return [...(v as Uint8Array)].map(String);
      return v;
    }) ?? 'null',
  );

async function one(expression: string): Promise<{ type: string; value: unknown }> {
  const result = await connection.query(`SELECT ${expression} AS v`);
  const table = await result.table();
  return { type: String(result.schema.fields[0]?.type), value: plain(table.getChildAt(0)?.get(0)) };
}

type Row = Record<'i' | 'n' | 'b' | 'nb' | 's' | 'e' | 'z', unknown> &
  Record<'l' | 'f', Iterable<bigint> | null> & { st: { x: unknown; y: unknown } };

describe('types', () => {
  it.each<[expression: string, type: string, value: unknown]>([
    ['true', 'Bool', true],
    ['(-128)::TINYINT', 'Int8', -128],
    ['255::UTINYINT', 'Uint8', 255],
    ['(-32768)::SMALLINT', 'Int16', -32768],
    ['65535::USMALLINT', 'Uint16', 65535],
    ['(-2147483648)::INTEGER', 'Int32', -2147483648],
    ['4294967295::UINTEGER', 'Uint32', 4294967295],
    ['(-9223372036854775808)::BIGINT', 'Int64', '-9223372036854775808n'],
    ['18446744073709551615::UBIGINT', 'Uint64', '18446744073709551615n'],
    ['1.5::FLOAT', 'Float32', 1.5],
    ['-0.25::DOUBLE', 'Float64', -0.25],
    ["'näïve 🦆'", 'Utf8', 'näïve 🦆'],
    ["''", 'Utf8', ''],
    ["'\\x00\\xFF'::BLOB", 'Binary', ['0', '255']],
    ["DATE '2024-02-29'", 'Date32<DAY>', Date.UTC(2024, 1, 29)],
    ["TIME '12:34:56.789012'", 'Time64<MICROSECOND>', '45296789012n'],
    ["TIMESTAMP_S '2024-01-01 00:00:01'", 'Timestamp<SECOND>', Date.UTC(2024, 0, 1, 0, 0, 1)],
    ["TIMESTAMP_MS '2024-01-01 00:00:01.5'", 'Timestamp<MILLISECOND>', Date.UTC(2024, 0, 1, 0, 0, 1, 500)],
    ["TIMESTAMP '2024-01-01 00:00:01.5'", 'Timestamp<MICROSECOND>', Date.UTC(2024, 0, 1, 0, 0, 1, 500)],
    ["TIMESTAMP_NS '2024-01-01 00:00:01.5'", 'Timestamp<NANOSECOND>', Date.UTC(2024, 0, 1, 0, 0, 1, 500)],
    ["TIMESTAMPTZ '2024-01-01 02:00:00+02'", 'Timestamp<MICROSECOND, UTC>', Date.UTC(2024, 0, 1)],
    ['[1, NULL, 3]', 'List<Int32>', [1, null, 3]],
    ['[[1], [], NULL]', 'List<List<Int32>>', [[1], [], null]],
    ["{'a': 1, 'b': [{'c': 'x'}]}", 'Struct<{a:Int32, b:List<Struct<{c:Utf8}>>}>', { a: 1, b: [{ c: 'x' }] }],
    ["MAP {'k': 1, 'l': NULL}", 'Map<{key:Utf8, value:Int32}>', { k: 1, l: null }],
    ['[1, 2]::INTEGER[2]', 'FixedSizeList[2]<Int32>', [1, 2]],
    ["'b'::ENUM('a', 'b')", 'Dictionary<Uint8, Utf8>', 'b'],
    ["'00000000-0000-4000-8000-0000000000ff'::UUID", 'Utf8', '00000000-0000-4000-8000-0000000000ff'],
    ['union_value(n := 2)', 'Union<Int32>', 2],
    ['NULL', 'Int32', null],
    ["INTERVAL '14 months 3 days 4.5 seconds'", 'Interval<MONTH_DAY_NANO>', ['14', '3', '205032704', '1']],
  ])('%s is %s', async (expression, type, value) => {
    expect(await one(expression)).toEqual({ type, value });
  });

  it.each([
    ['12.34::DECIMAL(4,2)', 4, 2, 1234n],
    ['-12.34::DECIMAL(18,2)', 18, 2, -1234n],
    ['12345678901234567890.5::DECIMAL(30,1)', 30, 1, 123456789012345678905n],
    ['(-170141183460469231731687303715884105727)::HUGEINT', 38, 0, -170141183460469231731687303715884105727n],
    ['sum(9223372036854775807::BIGINT)', 38, 0, 9223372036854775807n],
  ])('%s is an exact decimal', async (expression, precision, scale, value) => {
    const result = await connection.query(`SELECT ${expression} AS v`);
    expect(result.schema.fields[0]?.type).toMatchObject({ precision, scale, bitWidth: 128 });
    const words = new BigInt64Array((await result.batches())[0]!.getChildAt(0)!.data[0]!.values.slice().buffer);
    expect((words[1]! << 64n) | BigInt.asUintN(64, words[0]!)).toBe(value);
  });

  it.each([
    ["'101'::BIT", /BIT values .* cast them to VARCHAR/],
    ["[{'a': '101'::BIT}]", /BIT values/],
    ["MAP {1: '12:00:00+01'::TIMETZ}", /TIME WITH TIME ZONE/],
    ['340282366920938463463374607431768211455::UHUGEINT', /UHUGEINT/],
    ['1::BIGNUM', /BIGNUM/],
    ['1::VARIANT', /VARIANT/],
  ])('refuses %s', async (expression, message) => {
    await expect(one(expression)).rejects.toThrow(message);
    await expect(one('1')).resolves.toMatchObject({ value: 1 });
  });

  it('puts chunks of every layout together across validity bytes, with filters that leave odd row counts', async () => {
    const columns = `i, CASE WHEN i % 3 > 0 THEN i END AS n, i % 2 = 0 AS b, CASE WHEN i % 5 > 0 THEN i % 2 = 0 END AS nb,
      CASE WHEN i % 7 > 0 THEN 's' || i END AS s, CASE WHEN i % 4 > 0 THEN [i, NULL, i + 1] END AS l, {'x': i, 'y': NULLIF(i % 3, 0)} AS st,
      [i, i + 1]::BIGINT[2] AS f, MAP {i: 's' || i} AS m, (i % 3)::VARCHAR::ENUM('0', '1', '2') AS e, CASE WHEN i % 2 = 0 THEN NULL END AS z`;
    const result = await connection.query(`SELECT ${columns} FROM range(20000) t(i) WHERE i % 11 <> 4`, {
      batchRows: 5000,
    });
    const batches = await result.batches();
    const table = tableFromIPC(RecordBatchStreamWriter.writeAll(batches).toUint8Array(true));
    const expected = Array.from({ length: 20000 }, (_, i) => i).filter((i) => i % 11 !== 4);
    expect(table.numRows).toBe(expected.length);
    expected.forEach((i, row) => {
      const got = table.get(row)!.toJSON() as Row;
      const big = BigInt(i);
      const same =
        got.i === big &&
        got.n === (i % 3 > 0 ? big : null) &&
        got.b === (i % 2 === 0) &&
        got.nb === (i % 5 > 0 ? i % 2 === 0 : null) &&
        got.s === (i % 7 > 0 ? `s${i}` : null) &&
        String(got.l === null ? null : [...got.l]) === (i % 4 > 0 ? `${i},,${i + 1}` : 'null') &&
        got.st.x === big &&
        got.st.y === (i % 3 ? BigInt(i % 3) : null) &&
        String([...got.f!]) === `${i},${i + 1}` &&
        got.e === String(i % 3) &&
        got.z === null;
      if (!same) throw new Error(`row ${i}: ${JSON.stringify(plain(got))}`);
    });
  });

  it('has the schema where there are no rows', async () => {
    const table = await (
      await connection.query("SELECT 1 AS a, ['x'] AS l, 'a'::ENUM('a') AS e, {'q': 1} AS s WHERE false")
    ).table();
    expect(table.numRows).toBe(0);
    expect(String(table.schema)).toBe(
      'Schema<{ 0: a: Int32, 1: l: List<Utf8>, 2: e: Dictionary<Uint8, Utf8>, 3: s: Struct<{q:Int32}> }>',
    );
  });

  it('keeps columns of the same name apart', async () => {
    const [batch] = await (await connection.query("SELECT 1 AS a, 'x' AS a, 2 AS b")).batches();
    expect(batch?.schema.fields.map((field) => field.name)).toEqual(['a', 'a', 'b']);
    expect(batch?.data.children.map((child) => child.values[0] ?? child.length)).toEqual([1, 120, 2]);
  });

  it('gives batches that outlive result, connection and database', async () => {
    const other = openDatabase();
    const result = await other.connect().query("SELECT i, 'text ' || i AS s FROM range(10000) t(i)");
    const batches: RecordBatch[] = await result.batches();
    await other.close();
    const last = batches.at(-1)!;
    expect(last.get(last.numRows - 1)?.toJSON()).toEqual({ i: 9999n, s: 'text 9999' });
  });
});
