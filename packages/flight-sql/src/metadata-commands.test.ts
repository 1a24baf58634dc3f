import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeSchemaBytes } from '@signaldb/flight';
import type { Schema } from 'apache-arrow';
import { encodeCommand } from './command.ts';
import { all, flight, open, rows, sql } from './testing/toy-service.ts';

beforeEach(() => open());
afterEach(() => flight.close());

describe('metadata', () => {
  it('of catalogs, schemas and tables is filtered and sorted', async () => {
    expect(await rows(sql.getCatalogs())).toEqual([['attic'], ['toys']]);
    expect(await rows(sql.getDbSchemas())).toEqual([
      ['attic', 'main'],
      ['toys', 'box_1'],
      ['toys', 'main'],
    ]);
    expect(await rows(sql.getDbSchemas({ catalog: 'toys', schemaPattern: 'box\\_%' }))).toEqual([['toys', 'box_1']]);
    expect(await rows(sql.getTables())).toEqual([
      ['toys', 'box_1', 'people', 'TABLE'],
      ['toys', 'main', 'numbers', 'VIEW'],
      ['toys', 'main', 'people', 'TABLE'],
    ]);
    expect(await rows(sql.getTables({ tablePattern: 'p%', schemaPattern: 'm___' }))).toEqual([
      ['toys', 'main', 'people', 'TABLE'],
    ]);
    expect(await rows(sql.getTables({ types: ['VIEW'] }))).toEqual([['toys', 'main', 'numbers', 'VIEW']]);
    expect(await rows(sql.getTables({ catalog: '' }))).toEqual([]);
    expect(await rows(sql.getTableTypes())).toEqual([['TABLE'], ['VIEW']]);
  });

  it('of columns is the table’s schema', async () => {
    const [row] = await rows(sql.getTables({ tablePattern: 'numbers', includeSchema: true }));
    expect(decodeSchemaBytes((row as Uint8Array[])[4]!).fields.map(String)).toEqual(['n: Int64']);
  });

  it('of keys is there, or empty with its schema', async () => {
    expect(await rows(sql.getPrimaryKeys({ table: 'people' }))).toEqual([['toys', 'main', 'people', 'id', 1, 'pk']]);
    expect(await rows(sql.getPrimaryKeys({ table: 'people', schema: 'other' }))).toEqual([]);
    for (const name of ['CommandGetExportedKeys', 'CommandGetImportedKeys'] as const) {
      const command = encodeCommand(name, { table: 'people', catalog: undefined, dbSchema: undefined });
      const { schema, endpoints } = await flight.getFlightInfo({ command });
      expect(schema!.fields.length).toBe(13);
      const [announced, batch] = await all(flight.doGet(endpoints[0]!.ticket));
      expect([String(announced!.schema), batch!.batch!.numRows]).toEqual([String(schema), 0]);
    }
  });

  const nullability: [string, Uint8Array, string[]][] = [
    ['GetCatalogs', encodeCommand('CommandGetCatalogs', {}), ['catalog_name!']],
    [
      'GetDbSchemas',
      encodeCommand('CommandGetDbSchemas', { catalog: undefined, dbSchemaFilterPattern: undefined }),
      ['catalog_name', 'db_schema_name!'],
    ],
    [
      'GetTables',
      encodeCommand('CommandGetTables', {
        catalog: undefined,
        dbSchemaFilterPattern: undefined,
        tableNameFilterPattern: undefined,
        tableTypes: [],
        includeSchema: true,
      }),
      ['catalog_name', 'db_schema_name', 'table_name!', 'table_type!', 'table_schema!'],
    ],
  ];
  it.each(nullability)('of %s has exactly the nullability that drivers compare', async (_, command, fields) => {
    const shape = (schema: Schema) => schema.fields.map(({ name, nullable }) => (nullable ? name : `${name}!`));
    const { schema, endpoints } = await flight.getFlightInfo({ command });
    expect(shape(schema!)).toEqual(fields);
    const [first] = await all(flight.doGet(endpoints[0]!.ticket));
    expect(shape(first!.schema!)).toEqual(fields);
  });

  it('GetXdbcTypeInfo lists types by number, or one of them', async () => {
    const typesOf = async (dataType?: number) => {
      const command = encodeCommand('CommandGetXdbcTypeInfo', { dataType });
      const { endpoints } = await flight.getFlightInfo({ command });
      const [, { batch } = {}] = await all(flight.doGet(endpoints[0]!.ticket));
      return [...batch!.getChildAt(0)!];
    };
    expect(await typesOf(12)).toEqual(['VARCHAR']);
    expect(await typesOf(999)).toEqual([]);
    expect((await typesOf()).slice(0, 3)).toEqual(['BOOLEAN', 'TINYINT', 'BIGINT']);
  });

  it('GetSqlInfo answers every id that JDBC asks for, in the type that it expects', async () => {
    const info = new Map<number, unknown>((await rows(sql.getSqlInfo())) as [number, unknown][]);
    const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
    const types: [string, number[]][] = [
      [
        'number',
        [8, 100, 101, 503, 505, 507, 522, 525, 526, 528, ...range(533, 535), 538, 540, 564, ...range(567, 571)],
      ],
      ['bigint', [...range(541, 555), ...range(557, 562)]],
      ['string', [0, 1, 2, 504, 513, 514, 529, 530, 531]],
      ['object', [517, ...range(508, 512)]],
    ];
    for (const [type, ids] of types) for (const id of ids) expect(`${id} ${typeof info.get(id)}`).toBe(`${id} ${type}`);
    for (const id of [...range(3, 5), ...range(9, 11), ...range(500, 576)]) {
      if (!types.some(([, ids]) => ids.includes(id))) expect(`${id} ${typeof info.get(id)}`).toBe(`${id} boolean`);
    }
    expect(await rows(sql.getSqlInfo([8, 3, 99_999]))).toEqual([
      [8, 0],
      [3, true],
    ]);
  });

  it('GetSqlInfo tells who serves, with which release of Arrow', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(await rows(sql.getSqlInfo([0, 1, 2]))).toEqual([
      [0, '@signaldb/flight-sql'],
      [1, manifest.version],
      [2, manifest.dependencies['apache-arrow']],
    ]);
    open({ server: { name: 'mine', version: '7' } });
    expect(await rows(sql.getSqlInfo([0, 1]))).toEqual([
      [0, 'mine'],
      [1, '7'],
    ]);
  });
});
