import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Catalog, createCatalog, createMemoryPointers, defaultSpec } from '@signaldb/iceberg';
import { createLocalStore } from '@signaldb/object-store';
import { createUserTables, type UserTables } from './user-tables.ts';

let dir: string;
let catalog: Catalog;
let tables: UserTables;
let nowMs = 0;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tables-'));
  catalog = createCatalog({ store: createLocalStore({ dir, fsync: false }), pointers: createMemoryPointers() });
  tables = createUserTables(catalog, () => nowMs);
});
afterEach(() => rm(dir, { recursive: true }));

const schema_json = {
  fields: [
    { name: 'id', type: 'int32' },
    { name: 'at', type: 'timestamp[us, UTC]' },
  ],
};

describe('user tables', () => {
  it('are created, listed and dropped, a tenant’s own', async () => {
    await tables.create('a', { name: 'orders', schema_json });
    await tables.create('b', { name: 'visits', schema_json: JSON.stringify(schema_json), table_type: 'append_only' });
    expect([await tables.list('a'), await tables.list('b'), await tables.list('c')]).toEqual([
      ['orders'],
      ['visits'],
      [],
    ]);
    const { columns } = await tables.open('a', 'orders', 0);
    expect(String(columns.stored.fields.map((f) => `${f.name} ${f.type}`))).toBe(
      'id Int32,at Timestamp<MICROSECOND, UTC>',
    );
    await tables.drop('a', { name: 'orders' });
    expect(await tables.list('a')).toEqual([]);
    await expect(tables.open('a', 'orders', 0)).rejects.toMatchObject({ code: 5 });
  });

  it('carry their primary key, not null, and their partitions', async () => {
    const fields = [
      { source_id: 2, field_id: 1000, name: 'at_day', transform: 'Day' },
      { source_id: 1, field_id: 1001, name: 'id_bucket', transform: 'Bucket(16)' },
      { source_id: 1, field_id: 1002, name: 'id_cut', transform: 'truncate[10]' },
    ];
    await tables.create('a', {
      name: 'orders',
      schema_json,
      primary_key: 'id',
      partition_spec: { spec_id: 0, fields },
    });
    const { metadata } = await catalog.loadTable('a', 'orders');
    const schema = metadata.schemas[0]!;
    expect(schema['identifier-field-ids']).toEqual([1]);
    expect(schema.fields.map(({ name, required }) => [name, required])).toEqual([
      ['id', true],
      ['at', false],
    ]);
    expect(defaultSpec(metadata).fields.map(({ name, transform }) => `${name}: ${transform}`)).toEqual([
      'at_day: day',
      'id_bucket: bucket[16]',
      'id_cut: truncate[10]',
    ]);
  });

  it('keep the types that Iceberg lacks, and comments', async () => {
    const remarks = [{ key: 'ARROW:FLIGHT:SQL:REMARKS', value: 'how many' }];
    const fields = [
      {
        name: 'n',
        type: { name: 'int', bitWidth: 8, isSigned: false },
        nullable: true,
        children: [],
        metadata: remarks,
      },
    ];
    await tables.create('a', { name: 'counted', schema_json: { fields } });
    const { metadata } = await catalog.loadTable('a', 'counted');
    expect(metadata.schemas[0]!.fields).toMatchObject([{ name: 'n', type: 'int', doc: 'how many' }]);
    expect(metadata.properties['signaldb.sql-types']).toBe('{"1":"UTINYINT"}');
    const { shown, stored } = (await tables.open('a', 'counted', 0)).columns;
    expect([shown, stored].map((schema) => String(schema.fields[0]!.type))).toEqual(['Uint8', 'Int32']);
  });

  it('can be made by a request that is repeated, and replaced by another', async () => {
    const request = { name: 'orders', schema_json, idempotency_key: 'one' };
    await tables.create('a', request);
    const { uuid } = await tables.open('a', 'orders', 0);
    await tables.create('a', { ...request, or_replace: true });
    expect((await catalog.loadTable('a', 'orders')).metadata['table-uuid']).toBe(uuid);
    await expect(tables.create('a', { ...request, idempotency_key: 'two' })).rejects.toMatchObject({ code: 6 });
    await expect(
      tables.create('a', { name: 'ORDERS', schema_json: { fields: [{ name: 'x', type: 'null' }] }, or_replace: true }),
    ).rejects.toMatchObject({ code: 3 });
    expect(await tables.list('a')).toEqual(['orders']);
    await tables.create('a', { ...request, name: 'ORDERS', idempotency_key: 'two', or_replace: true });
    expect(await tables.list('a')).toEqual(['ORDERS']);
  });

  it('see changes of other clients after a few seconds', async () => {
    await tables.create('a', { name: 'orders', schema_json });
    await tables.open('a', 'orders', 0);
    await catalog.dropTable('a', 'orders');
    await tables.open('a', 'orders', 0);
    nowMs += 6000;
    await expect(tables.open('a', 'orders', 0)).rejects.toMatchObject({ code: 5 });
  });

  const partitioned = (field: unknown) => ({ name: 't', schema_json, partition_spec: { fields: [field] } });

  it.each([
    ['no name', { schema_json }, 3, /undefined is no table name/],
    ['a bad name', { name: 'a b', schema_json }, 3, /"a b" is no table name/],
    ['a signal’s name', { name: 'logs', schema_json }, 3, /written through OTLP/],
    ['no schema', { name: 't' }, 3, /schema_json is missing/],
    ['a broken schema', { name: 't', schema_json: '{' }, 3, /schema_json: not JSON/],
    ['no columns', { name: 't', schema_json: { fields: [] } }, 3, /no columns/],
    [
      'an unknown type',
      { name: 't', schema_json: { fields: [{ name: 'a', type: 'x' }] } },
      3,
      /fields\[0\].type: unknown type "x"/,
    ],
    [
      'a type that tables lack',
      { name: 't', schema_json: { fields: [{ name: 'a', type: 'null' }] } },
      3,
      /column "a" is of type Null, which tables can't hold: cast it/,
    ],
    ['an unknown table type', { name: 't', schema_json, table_type: 'x' }, 3, /neither append_only nor primary_key/],
    ['rows by primary key', { name: 't', schema_json, table_type: 'primary_key' }, 12, /not served yet/],
    ['a key that is no column', { name: 't', schema_json, primary_key: ['nope'] }, 3, /no column "nope"/],
    ['a key that is no name', { name: 't', schema_json, primary_key: 5 }, 3, /primary_key is a name/],
    ['an unknown source', partitioned({ source_id: 9, transform: 'day' }), 3, /source_id 9 is no column/],
    ['an unknown transform', partitioned({ source_id: 1, transform: 'week' }), 3, /"week" is not known/],
    ['a bucket without a number', partitioned({ source_id: 1, transform: 'bucket' }), 3, /"bucket" is not known/],
    ['a transform that does not go with the type', partitioned({ source_id: 1, transform: 'hour' }), 3, /./],
  ])('refuse %s', async (_name, request, code, details) => {
    await expect(tables.create('a', request)).rejects.toMatchObject({ code, details: expect.stringMatching(details) });
  });

  it('are there at once for whoever knows that they were made anew', async () => {
    await tables.create('a', { name: 'orders', schema_json });
    const { uuid } = await tables.open('a', 'orders', 0);
    await catalog.dropTable('a', 'orders');
    await createUserTables(catalog).create('a', { name: 'orders', schema_json });
    nowMs += 1000;
    expect(await tables.open('a', 'orders', 0)).toMatchObject({ uuid });
    expect((await tables.open('a', 'orders', nowMs)).uuid).not.toBe(uuid);
  });

  it('refuse names that SQL can’t tell from others', async () => {
    await tables.create('a', { name: 'Orders', schema_json });
    await expect(tables.create('a', { name: 'orders', schema_json })).rejects.toMatchObject({
      code: 6,
      details: expect.stringContaining('"Orders"'),
    });
    const twice = {
      fields: [
        { name: 'A', type: 'int8' },
        { name: 'a', type: 'int8' },
      ],
    };
    await expect(tables.create('a', { name: 't', schema_json: twice })).rejects.toMatchObject({ code: 3 });
  });

  it('refuse a name that is taken, and one to drop that is not', async () => {
    await tables.create('a', { name: 'orders', schema_json });
    await expect(tables.create('a', { name: 'orders', schema_json })).rejects.toMatchObject({ code: 6 });
    await expect(tables.drop('a', { name: 'visits' })).rejects.toMatchObject({ code: 5 });
  });
});
