import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectFlight, createInprocNetwork, decodeSchemaBytes, type FlightClient } from '@signaldb/flight';
import { Status } from '@signaldb/grpc';
import { type RecordBatch, tableFromArrays } from 'apache-arrow';
import { createFlightSqlClient, type FlightSqlClient } from './client.ts';
import { columnMetadataOf } from './column-metadata.ts';
import type { IngestMode } from './ingest-request.ts';
import { createFlightSqlService } from './service.ts';
import { type ExampleDatabase, openExampleDatabase } from './testing/example-database.ts';

let database: ExampleDatabase;
let flight: FlightClient;
let sql: FlightSqlClient;

async function open(writable: boolean): Promise<void> {
  database = await openExampleDatabase({ writable });
  const inproc = createInprocNetwork();
  inproc.serve('example', createFlightSqlService(database.handlers));
  flight = connectFlight('inproc://example', { inproc });
  sql = createFlightSqlClient(flight);
}

beforeEach(() => open(true));
afterEach(async () => {
  await flight.close();
  await database.close();
});

async function rows(stream: AsyncIterable<RecordBatch> | Promise<AsyncIterable<RecordBatch>>): Promise<unknown[][]> {
  const found: unknown[][] = [];
  for await (const batch of await stream) for (const row of batch) found.push(Object.values(row!.toJSON()));
  return found;
}

const batchOf = (columns: Record<string, unknown[]>): RecordBatch =>
  tableFromArrays(columns as Record<string, number[]>).batches[0]!;

describe('a real database behind the handlers', () => {
  it('answers queries, also of every type', async () => {
    expect(await rows(sql.query('SELECT name, score FROM people ORDER BY id'))).toEqual([
      ['Ada', 1.5],
      ['Grace', null],
      [null, -2],
    ]);
    const stream = await sql.query('FROM everything ORDER BY row_number');
    const [first, nulls] = await rows(stream);
    expect(stream.schema.fields.length).toBe(36);
    expect([first![1], first![5], first![17]]).toEqual([true, -(2n ** 63n), 'ü☃ "x"']);
    expect(nulls!.slice(1).every((value) => value === null)).toBe(true);
  });

  it.each([
    ['SELEC 1', Status.INVALID_ARGUMENT, 'syntax error'],
    ['SELECT * FROM poeple', Status.NOT_FOUND, 'Did you mean "people"'],
    ['CREATE TABLE people (a INT)', Status.ALREADY_EXISTS, 'already exists'],
    ["INSERT INTO people (id) VALUES ('x')", Status.INVALID_ARGUMENT, "Could not convert string 'x'"],
    ['INSERT INTO people (id) VALUES (1)', Status.ALREADY_EXISTS, 'Duplicate key'],
  ])('%s is the statement’s fault', async (statement, code, text) => {
    const work = statement.startsWith('SEL') ? sql.query(statement) : sql.update(statement);
    await expect(work).rejects.toMatchObject({ code, details: expect.stringContaining(text) });
    expect(database.busy()).toBe(0);
  });

  it('binds parameters, and updates with all rows of them or none', async () => {
    const query = await sql.prepare('SELECT name FROM people WHERE id = ?');
    expect(query.parameters?.fields.map(String)).toEqual(['1: Int64']);
    expect(await rows(query.query(batchOf({ id: [2n, 1n, 9n] })))).toEqual([['Grace'], ['Ada']]);
    const insert = await sql.prepare('INSERT INTO people (id, name) VALUES (?, ?)');
    expect(await insert.update(batchOf({ id: [10n, 11n], name: ['x', 'y'] }))).toBe(2);
    await expect(insert.update(batchOf({ id: [12n, 1n], name: ['new', 'twice'] }))).rejects.toMatchObject({
      code: Status.ALREADY_EXISTS,
    });
    expect(await rows(sql.query('SELECT id FROM people WHERE id > 5 ORDER BY id'))).toEqual([[10n], [11n]]);
  });

  it('refuses rows of parameters whose results have other types', async () => {
    const query = await sql.prepare('SELECT ? AS v');
    await expect(rows(query.query(batchOf({ p: [1, null] })))).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details:
        'row 2 of the parameters gives v: Int32 where row 1 gave v: Int64: say the type, as in CAST(? AS BIGINT)',
    });
    const typed = await sql.prepare('SELECT ?::DOUBLE AS v');
    expect(await rows(typed.query(batchOf({ p: [1, null] })))).toEqual([[1], [null]]);
  });

  it('keeps transactions apart, commits them and rolls them back', async () => {
    const transaction = await sql.begin();
    expect(await sql.update('CREATE TABLE t (a INTEGER)', { transaction })).toBe(0);
    expect(await sql.update('INSERT INTO t VALUES (1), (2)', { transaction })).toBe(2);
    const counted = await sql.prepare('SELECT count(*)::INTEGER FROM t', { transaction });
    expect(await rows(counted.query())).toEqual([[2]]);
    await expect(sql.query('FROM t')).rejects.toMatchObject({ code: Status.NOT_FOUND });
    await expect(transaction.savepoint('s')).rejects.toMatchObject({
      details: expect.stringContaining('no savepoints'),
    });
    await transaction.commit();
    expect(await rows(sql.query('SELECT sum(a)::INTEGER FROM t'))).toEqual([[3]]);
    const other = await sql.begin();
    await sql.ingest({ table: 't', mode: 'append' }, batchOf({ a: [4] }).schema, [batchOf({ a: [4] })], {
      transaction: other,
    });
    await other.rollback();
    expect(await rows(sql.query('SELECT count(*)::INTEGER FROM t'))).toEqual([[2]]);
    await expect(other.commit()).rejects.toMatchObject({ code: Status.NOT_FOUND });
    expect(database.busy()).toBe(0);
  });

  it('takes bulk ingest in every mode', async () => {
    const batch = batchOf({ a: [1, 2], b: ['x', 'y'] });
    const put = (mode: IngestMode, batches = [batch], table = 't') =>
      sql.ingest({ table, mode }, batch.schema, batches);
    const count = async (table = 't') => (await rows(sql.query(`SELECT count(*)::INTEGER FROM ${table}`)))[0]![0];
    await expect(put('append')).rejects.toMatchObject({ code: Status.NOT_FOUND });
    expect([await put('create'), await count()]).toEqual([2, 2]);
    await expect(put('create')).rejects.toMatchObject({ code: Status.ALREADY_EXISTS });
    expect([await put('append', [batch, batch]), await count()]).toEqual([4, 6]);
    expect([await put('replace'), await count()]).toEqual([2, 2]);
    expect([await put('create_append'), await count()]).toEqual([2, 4]);
    expect([await put('create_append', [], 'empty'), await count('empty')]).toEqual([0, 0]);
    const target = { table: 'x', mode: 'create', catalog: 'attic', schema: 'main' } as const;
    expect(await sql.ingest(target, batch.schema, [batch])).toBe(2);
    expect(await count('attic.main.x')).toBe(2);
    await expect(sql.ingest({ ...target, temporary: true }, batch.schema, [batch])).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
    });
  });

  it('tells its tables, columns and keys', async () => {
    expect(await rows(sql.getTables({ schemaPattern: 'box\\_%' }))).toEqual([
      ['shop', 'box_1', 'customers', 'TABLE'],
      ['shop', 'box_1', 'orders', 'TABLE'],
    ]);
    const [people] = await rows(sql.getTables({ tablePattern: 'people', schemaPattern: 'main', includeSchema: true }));
    const { fields } = decodeSchemaBytes(people![4] as Uint8Array);
    expect(fields.map(({ name, nullable }) => `${name} ${nullable}`)).toEqual([
      'id false',
      'name true',
      'score true',
      'seen true',
    ]);
    expect(columnMetadataOf(fields[3]!)).toEqual({
      catalog: 'shop',
      schema: 'main',
      table: 'people',
      typeName: 'TIMESTAMP',
      remarks: 'when they were seen last',
    });
    const named = (stream: Promise<AsyncIterable<RecordBatch>>, ...columns: number[]) =>
      rows(stream).then((found) => found.map((row) => columns.map((column) => row[column])));
    expect(await named(sql.getPrimaryKeys({ table: 'customers' }), 3, 4)).toEqual([
      ['country', 1],
      ['number', 2],
    ]);
    const keys = [
      ['customers', 'country', 'orders', 'country', 1, 1, 1],
      ['customers', 'number', 'orders', 'customer', 2, 1, 1],
    ];
    const columns = [2, 3, 6, 7, 8, 11, 12];
    expect(await named(sql.getImportedKeys({ table: 'orders', schema: 'box_1' }), ...columns)).toEqual(keys);
    expect(await named(sql.getExportedKeys({ table: 'customers' }), ...columns)).toEqual(keys);
    const [primary, foreign] = [{ table: 'customers' }, { table: 'orders' }];
    expect(await named(sql.getCrossReference({ primary, foreign }), ...columns)).toEqual(keys);
    expect(await rows(sql.getCrossReference({ primary: foreign, foreign: primary }))).toEqual([]);
    expect(await rows(sql.getExportedKeys({ table: 'orders' }))).toEqual([]);
    expect(await rows(sql.getImportedKeys({ table: 'orders', catalog: '' }))).toEqual([]);
  });

  it('lets queries that run on by themselves be polled', async () => {
    const seen: (number | undefined)[] = [];
    const onProgress = (progress: number | undefined) => seen.push(progress);
    expect(await rows(sql.queryPolled('/* slow */ SELECT 1', { onProgress }))).toEqual([[1]]);
    expect(seen).toEqual([1 / 3, 2 / 3, 1]);
    expect(await rows(sql.queryPolled('SELECT 2', { onProgress }))).toEqual([[2]]);
    expect(seen.slice(3)).toEqual([1]);
  });

  it('stops a query that is cancelled by its info, and refuses its ticket from then on', async () => {
    const stream = await sql.query('SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b');
    const reading = rows(stream);
    await new Promise<void>((resolve) => {
      const look = () => (database.busy() > 0 ? resolve() : setImmediate(look));
      look();
    });
    expect(await sql.cancel(stream.info)).toBe('CANCELLED');
    await expect(reading).rejects.toMatchObject({ code: Status.CANCELLED, details: 'the query was cancelled' });
    expect(database.busy()).toBe(0);
    await expect(rows(flight.doGet(stream.info.endpoints[0]!.ticket) as never)).rejects.toMatchObject({
      code: Status.CANCELLED,
    });
    expect(await sql.cancel(stream.info)).toBe('NOT_CANCELLABLE');
  });
});

describe('a database that can only be read', () => {
  it('refuses to write, and says so', async () => {
    await flight.close();
    await database.close();
    await open(false);
    const batch = batchOf({ a: [1] });
    await expect(sql.update('CREATE TABLE t (a INT)')).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
    await expect(sql.ingest({ table: 't', mode: 'create' }, batch.schema, [batch])).rejects.toMatchObject({
      code: Status.UNIMPLEMENTED,
    });
    await expect(sql.begin()).rejects.toMatchObject({
      code: Status.UNIMPLEMENTED,
      details: expect.stringContaining('leave autocommit on'),
    });
    const transaction = { id: new Uint8Array([1]) } as never;
    await expect(sql.query('SELECT 1', { transaction })).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
    expect(await rows(sql.getSqlInfo([3, 8, 10, 11]))).toEqual([
      [3, true],
      [8, 0],
      [10, false],
      [11, false],
    ]);
  });
});
