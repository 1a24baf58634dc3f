import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Status } from '@signaldb/grpc';
import { signalTables } from '@signaldb/otlp';
import { TestQuerier } from '../testing/test-querier.ts';
import { TestWorld } from '../testing/test-world.ts';
import { builtinViews } from './builtins/views.ts';

let world: TestWorld;
let querier: TestQuerier;
beforeAll(async () => {
  world = await TestWorld.open();
  querier = new TestQuerier(world);
  await world.catalog.createNamespace('default');
  await world.catalog.createTable('default', {
    name: 'it\'s "odd"',
    schema: {
      type: 'struct',
      'schema-id': 0,
      'identifier-field-ids': [2, 1],
      fields: [
        { id: 1, name: "a'b", required: true, type: 'long', doc: 'an "a" and a \'b\'' },
        { id: 2, name: 'ü', required: true, type: 'string' },
        { id: 3, name: 'paid', required: false, type: 'decimal(9, 2)' },
      ],
    },
  });
});
afterAll(async () => {
  await querier.close();
  await world.close();
});

const rows = async (sql: string, tenant = 'default') =>
  (await querier.sql(sql, { tenant })).rows.map((row) => Object.values(row));

describe('information_schema', () => {
  it.each<[sql: string, answer: unknown[][]]>([
    ['SELECT catalog_name, schema_name FROM information_schema.schemata', [['signaldb', 'default']]],
    ["SELECT table_catalog, table_schema, table_type, is_insertable_into, \"TABLE_COMMENT\" FROM information_schema.tables WHERE table_name = 'traces'", [['signaldb', 'default', 'BASE TABLE', 'NO', signalTables.traces.comment]]],
    ["SELECT table_name FROM signaldb.information_schema.tables WHERE is_insertable_into = 'YES'", [["it's \"odd\""]]],
    ['SELECT count(*) FROM information_schema.tables', [[BigInt(8 + builtinViews.length)]]],
    ['SELECT table_name FROM information_schema.views ORDER BY 1', builtinViews.map(({ name }) => [name]).sort()],
    ["SELECT tables.table_type FROM \"INFORMATION_SCHEMA\".\"Tables\" WHERE information_schema.tables.table_name = 'spans'", [['VIEW']]],
    ["SELECT t.table_name FROM information_schema.tables AS t JOIN information_schema.columns c USING (table_name) WHERE c.column_name = 'paid'", [["it's \"odd\""]]],
    ["SELECT column_name, ordinal_position, is_nullable, data_type, numeric_precision, numeric_scale, \"COLUMN_COMMENT\" FROM information_schema.columns WHERE table_name LIKE '%odd%'", [
      ["a'b", 1, 'NO', 'BIGINT', 64, 0, 'an "a" and a \'b\''],
      ['ü', 2, 'NO', 'VARCHAR', null, null, null],
      ['paid', 3, 'YES', 'DECIMAL(9, 2)', 9, 2, null],
    ]],
    ["SELECT column_name, ordinal_position FROM information_schema.key_column_usage k JOIN information_schema.table_constraints c USING (constraint_name) WHERE c.constraint_type = 'PRIMARY KEY' AND c.table_name = 'traces'", [['trace_id', 1], ['span_id', 2]]],
    ["SELECT column_name FROM information_schema.key_column_usage WHERE table_name LIKE '%odd%' ORDER BY ordinal_position", [['ü'], ["a'b"]]],
    ["SELECT count(*) FROM traces, information_schema.tables WHERE table_name = 'logs'", [[0n]]],
    ['SELECT count(*) FROM (DESCRIBE information_schema.tables)', [[6n]]],
    ['SHOW DATABASES', [['signaldb']]],
    ['SHOW SCHEMAS', [['signaldb', 'default']]],
  ])('%s', async (sql, answer) => {
    expect(await rows(sql)).toEqual(answer);
  }); // biome-ignore format: a table

  it('shows all tables with their columns', async () => {
    const all = await querier.sql('SHOW ALL TABLES');
    const odd = all.rows.find(({ name }) => name === 'it\'s "odd"');
    expect(odd).toMatchObject({ database: 'signaldb', schema: 'default', temporary: false });
    expect([...(odd!.column_names as Iterable<string>)]).toEqual(["a'b", 'ü', 'paid']);
  });

  it('is each tenant’s own', async () => {
    expect(await rows('SELECT schema_name FROM information_schema.schemata', 'other')).toEqual([['other']]);
    expect(await rows("SELECT count(*) FROM information_schema.tables WHERE table_name LIKE '%odd%'", 'other')).toEqual(
      [[0n]],
    );
  });

  it.each<[sql: string, code: number, details: RegExp]>([
    ['SELECT nme FROM information_schema.tables', Status.INVALID_ARGUMENT, /^line 1, column 8: there is no column nme/],
    ['SELECT 1 FROM information_schema.colums', Status.NOT_FOUND, /^line 1, column 15: .*did you mean columns\?/],
    ['SELECT 1 FROM other.information_schema.tables', Status.NOT_FOUND, /^line 1, column 15: /],
    ['SELECT * FROM (SHOW TABLES)', Status.INVALID_ARGUMENT, /select from information_schema\.tables/],
    ['SHOW TABLES FROM other', Status.INVALID_ARGUMENT, /SHOW answers TABLES/],
    ['SELECT * FROM duckdb_columns()', Status.INVALID_ARGUMENT, /information_schema\.columns/],
  ])('%s', async (sql, code, details) => {
    await expect(querier.sql(sql)).rejects.toMatchObject({ code, details: expect.stringMatching(details) });
  });
});
