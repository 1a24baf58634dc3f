import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeSchemaBytes, encodeIpcStream, recordBatchOf } from '@signaldb/flight';
import { Status } from '@signaldb/grpc';
import { nameMapping, nameMappingProperty, sqlTypesProperty, storeColumns } from '@signaldb/iceberg';
import {
  Duration,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Int32,
  IntervalMonthDayNano,
  List,
  Schema,
  Struct,
  TimestampNanosecond,
  TimeUnit,
  Uint8,
  Uint64,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { tracesOf } from '../testing/spans.ts';
import { TestQuerier } from '../testing/test-querier.ts';
import { TestWorld } from '../testing/test-world.ts';

let world: TestWorld;
let querier: TestQuerier;
beforeAll(async () => {
  world = await TestWorld.open();
  querier = new TestQuerier(world);
  await world.write('traces', tracesOf([{ trace: 'a1', id: '1', service: 'shop' }]));
  await makeTable('items', [
    new Field('id', new Uint8(), false),
    new Field('name', new Utf8(), true),
    new Field('price', new Int32(), true),
  ]);
  await makeTable('Odd', [
    new Field('big', new Uint64(), true),
    new Field('at ns', new TimestampNanosecond(), true),
    new Field('took', new Duration(TimeUnit.MILLISECOND), true),
    new Field('every', new IntervalMonthDayNano(), true),
    new Field('pair', new FixedSizeList(2, new Field('item', new Uint8(), true)), true),
    new Field('s', new Struct([new Field('x.y', new List(new Field('item', new Uint64(), true)), true)]), true),
    new Field('key', new FixedSizeBinary(16), true, new Map([['ARROW:extension:name', 'arrow.uuid']])),
  ]);
});
afterAll(async () => {
  await querier.close();
  await world.close();
});

/** Makes a table as an acceptor does. */
async function makeTable(name: string, fields: Field[]): Promise<void> {
  const { schema, sqlTypes } = storeColumns(new Schema(fields));
  const properties = {
    [nameMappingProperty]: JSON.stringify(nameMapping(schema)),
    [sqlTypesProperty]: JSON.stringify(sqlTypes),
  };
  await world.catalog.createNamespace('default').catch(() => {});
  await world.catalog.createTable('default', { name, schema, properties });
}

/** What a write is to do, and the rows that it writes. */
async function write(sql: string, parameters?: string) {
  const { messages, rows, schema } = await querier.get({ kind: 'write', sql, ...(parameters && { parameters }) });
  const { schema_ipc, ...plan } = JSON.parse(Buffer.from(messages[0]!.appMetadata!).toString());
  const made = schema_ipc && decodeSchemaBytes(Buffer.from(schema_ipc, 'base64'));
  const columns = made?.fields.map(
    ({ name, type, nullable }: Field) => `${name} ${type}${nullable ? '' : ' NOT NULL'}`,
  );
  return { plan, columns, schema, rows: rows.map((row) => Object.values(row)) };
}

function parametersOf(...rows: (readonly [number | null, string | null])[]): string {
  const fields = [new Field('1', new Int32(), true), new Field('2', new Utf8(), true)];
  const columns = [
    vectorFromArray(
      rows.map(([id]) => id),
      new Int32(),
    ).data[0]!,
    vectorFromArray(
      rows.map(([, name]) => name),
      new Utf8(),
    ).data[0]!,
  ];
  const batch = recordBatchOf(new Schema(fields), columns, rows.length);
  return Buffer.concat(encodeIpcStream({ schema: batch.schema, batches: [batch] })).toString('base64');
}

describe('CREATE TABLE', () => {
  it('has the columns that DuckDB makes of it', async () => {
    const { plan, columns, rows } = await write(`CREATE TABLE t (
      a UTINYINT, b DECIMAL(12, 3) NOT NULL, "c d" TIMESTAMP_NS, e STRUCT(x INTERVAL, y UBIGINT[2])[], f UUID, g TEXT PRIMARY KEY
    )`);
    expect(plan).toEqual({ action: 'create_table', table: 't', or_replace: false, primary_key: ['g'] });
    expect(columns).toEqual([
      'a Uint8',
      'b Decimal[12e+3] NOT NULL',
      'c d Timestamp<NANOSECOND>',
      'e List<Struct<{x:Interval<MONTH_DAY_NANO>, y:FixedSizeList[2]<Uint64>}>>',
      'f FixedSizeBinary[16]',
      'g Utf8 NOT NULL',
    ]);
    expect(rows).toEqual([]);
  });

  it('of a query has its rows, also those of the table that it replaces', async () => {
    const { plan, columns, rows } = await write(
      'CREATE OR REPLACE TABLE signaldb."default".ITEMS AS SELECT ? + 1 AS n, service_name || ? AS t FROM traces, range(2)',
      parametersOf([41, '!']),
    );
    expect(plan).toMatchObject({ action: 'create_table_as', table: 'ITEMS', or_replace: true, primary_key: [] });
    expect(columns).toEqual(['n Int64', 't Utf8']);
    expect(rows).toEqual([
      [42n, 'shop!'],
      [42n, 'shop!'],
    ]);
  });

  it('is nothing where there is one and may be', async () => {
    expect((await write('CREATE TABLE IF NOT EXISTS items (a INT)')).plan).toEqual({ action: 'none' });
    expect((await write('DROP TABLE IF EXISTS nothing')).plan).toEqual({ action: 'none' });
    expect((await write('DROP TABLE ITEMS')).plan).toEqual({ action: 'drop_table', table: 'items' });
  });
});

describe('INSERT', () => {
  it.each<[sql: string, rows: unknown[][]]>([
    [
      "INSERT INTO items VALUES (1, 'a', 2), ('2', NULL, 2.6)",
      [
        [1, 'a', 2],
        [2, null, 3],
      ],
    ],
    ["INSERT INTO Items (name, id) VALUES ('a', 1);", [[1, 'a', null]]],
    ['INSERT INTO items BY NAME SELECT 5 AS price, 1 AS id', [[1, null, 5]]],
    ['INSERT INTO items SELECT count(*), min(service_name), NULL FROM "default".traces', [[1, 'shop', null]]],
    [
      'WITH x AS (FROM range(2) r(n)) INSERT INTO items (id) SELECT n FROM x ORDER BY n',
      [
        [0, null, null],
        [1, null, null],
      ],
    ],
    ['INSERT INTO items SELECT 1, i.name, 1 FROM items i', []],
  ])('%s', async (sql, rows) => {
    expect(await write(sql)).toMatchObject({ plan: { action: 'insert', table: 'items' }, rows });
  });

  it('takes many rows of parameters', async () => {
    const many = Array.from({ length: 250 }, (_, i) => [i, i % 2 ? `n ${i}` : null] as const);
    const { rows } = await write('INSERT INTO items (id, name) VALUES (?, upper(?)) -- all', parametersOf(...many));
    expect(rows).toEqual(many.map(([id, name]) => [id, name?.toUpperCase() ?? null, null]));
    const one = await write(
      'INSERT INTO items (id, name) SELECT $1, $2 FROM range(2)',
      parametersOf([1, 'x'], [2, 'y']),
    );
    expect(one.rows).toEqual([
      [1, 'x', null],
      [1, 'x', null],
      [2, 'y', null],
      [2, 'y', null],
    ]);
  });

  it('keeps values of the types that Iceberg lacks', async () => {
    const sql = `INSERT INTO odd VALUES (18446744073709551615, '2024-01-01 00:00:00.123456789', INTERVAL '90 ms',
      INTERVAL '14 months 3 days', [1, 2], {'x.y': [18446744073709551615]}, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')`;
    const { schema, rows } = await write(sql);
    expect(schema!.fields.map(({ type }) => String(type))).toEqual([
      'Uint64',
      'Timestamp<NANOSECOND>',
      'Interval<MONTH_DAY_NANO>',
      'Interval<MONTH_DAY_NANO>',
      'FixedSizeList[2]<Uint8>',
      'Struct<{x.y:List<Uint64>}>',
      'Utf8',
    ]);
    expect(rows[0]![0]).toBe(18446744073709551615n);
    expect(rows[0]![6]).toBe('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11');
  });
});

describe('a write is described', () => {
  it.each([
    ['CREATE TABLE t (a INT)', 'CREATE_TABLE', null],
    ['CREATE TABLE t AS SELECT ?::INTEGER AS a', 'CREATE_TABLE_AS', ['Int32']],
    ['DROP TABLE items', 'DROP_TABLE', null],
    ['INSERT INTO items VALUES (?, ?, ?)', 'INSERT', ['Uint8', 'Utf8', 'Int32']],
    ['INSERT INTO odd ("at ns", big) VALUES ($2, $1)', 'INSERT', ['Uint64', 'Timestamp<MILLISECOND>']],
    ['INSERT INTO items (id) SELECT 1 WHERE ? > 5', 'INSERT', ['Int32']],
  ])('%s', async (sql, statement_type, parameters) => {
    const [described] = await querier.action('describe', { sql });
    expect(described).toMatchObject({ statement_type, schema: null });
    const text = (described as { parameters: string | null } | undefined)?.parameters ?? null;
    const types = text && decodeSchemaBytes(Buffer.from(text, 'base64')).fields.map(({ type }) => String(type));
    expect(types).toEqual(parameters);
  });

  it.each<[sql: string, code: number, message: RegExp]>([
    ['CREATE TABLE t (a INT', Status.INVALID_ARGUMENT, /^line 1, column 22: syntax error/],
    ['CREATE TABLE t (a INTT)', Status.INVALID_ARGUMENT, /Type with name INTT does not exist/],
    ['CREATE TABLE select (a INT)', Status.INVALID_ARGUMENT, /^line 1, column 14: syntax error at or near "select"/],
    ['CREATE TABLE "a b" (a INT)', Status.INVALID_ARGUMENT, /^line 1, column 14: "a b" can’t be a table’s name/],
    ['CREATE TABLE ITEMS (a INT)', Status.ALREADY_EXISTS, /^line 1, column 14: there is a table items already/],
    ['CREATE TABLE t (a INT DEFAULT 5)', Status.INVALID_ARGUMENT, /column "a": a column has no default/],
    ['CREATE TABLE t (a INT, b AS (a + 1))', Status.INVALID_ARGUMENT, /column "b": .*isn’t generated/],
    ['CREATE TABLE t (a INT CHECK (a > 5))', Status.INVALID_ARGUMENT, /^CHECK\(\(a > 5\)\): tables keep NOT NULL/],
    ['CREATE TABLE t (a INT UNIQUE)', Status.INVALID_ARGUMENT, /^UNIQUE\(a\)/],
    ['CREATE TABLE t (a BIT)', Status.INVALID_ARGUMENT, /column "a": BIT values have no Arrow type; cast them/],
    ["CREATE TABLE t (a ENUM('x'))", Status.INVALID_ARGUMENT, /tables have no ENUM; use VARCHAR/],
    ['CREATE TABLE t (a UUID[])', Status.INVALID_ARGUMENT, /column "a" is of type UUID\[\]/],
    ['CREATE TABLE t (a UNION(x INT, y TEXT))', Status.INVALID_ARGUMENT, /column "a" is of type Union/],
    ['CREATE TABLE traces (a INT)', Status.INVALID_ARGUMENT, /traces is the table of a signal/],
    ['CREATE TABLE other.t (a INT)', Status.PERMISSION_DENIED, /the schema other can’t be written: yours is default/],
    ['CREATE TABLE x."default".t (a INT)', Status.NOT_FOUND, /there is no catalog x/],
    ['DROP TABLE itemss', Status.NOT_FOUND, /^line 1, column 12: there is no table itemss; did you mean items\?/],
    ['DROP TABLE logs', Status.INVALID_ARGUMENT, /logs is the table of a signal/],
    [
      'INSERT INTO\n  itms VALUES (1)',
      Status.NOT_FOUND,
      /^line 2, column 3: there is no table itms; did you mean items\?/,
    ],
    ['INSERT INTO items VALUES (1)', Status.INVALID_ARGUMENT, /table items has 3 columns but 1 values were supplied/],
    [
      "INSERT INTO items (id) VALUES ('x')",
      Status.INVALID_ARGUMENT,
      /^line 1, column 32: Could not convert string 'x'/,
    ],
    [
      'INSERT INTO items SELECT nope FROM traces',
      Status.INVALID_ARGUMENT,
      /^line 1, column 26: there is no column nope/,
    ],
    ['INSERT INTO items SELECT * FROM tracs', Status.NOT_FOUND, /^line 1, column 33: there is no table tracs/],
    ["INSERT INTO items SELECT * FROM read_csv('/etc/passwd')", Status.INVALID_ARGUMENT, /read_csv is not available/],
    ["CREATE TABLE t AS SELECT getenv('HOME') AS h", Status.INVALID_ARGUMENT, /getenv is not available/],
    ['DROP TABLE items; DROP TABLE odd', Status.INVALID_ARGUMENT, /^line 1, column 19: one statement at a time/],
  ])('refused: %s', async (sql, code, message) => {
    await expect(querier.action('describe', { sql })).rejects.toMatchObject({
      code,
      details: expect.stringMatching(message),
    });
  });
});

describe('a write that fails', () => {
  it('says which row of parameters it was, and where', async () => {
    await expect(
      write('INSERT INTO items (id, name) VALUES (?, ?)', parametersOf([1, 'a'], [300, 'b'])),
    ).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: expect.stringMatching(/row 2 of the parameters: .*300/),
    });
    await expect(write('INSERT INTO items (id, name) VALUES (?, ?)', parametersOf([null, 'a']))).rejects.toMatchObject({
      details: expect.stringMatching(/NOT NULL constraint failed: items.id/),
    });
  });

  it('has written nothing where what it reads may be incomplete', async () => {
    const { services } = world.cluster.state;
    world.cluster.setState({ services: services.filter(({ role }) => role !== 'acceptor') });
    try {
      await expect(write('INSERT INTO items SELECT 1, service_name, 1 FROM traces')).rejects.toMatchObject({
        code: Status.UNAVAILABLE,
        details: expect.stringMatching(/^nothing was written, as what is read would be incomplete: .*acceptor/),
      });
      expect((await write('INSERT INTO items (id) VALUES (1)')).rows).toEqual([[1, null, null]]);
    } finally {
      world.cluster.setState({ services });
    }
  });
});
