import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeSchemaBytes } from '@signaldb/flight';
import { Status } from '@signaldb/grpc';
import { signalTables } from '@signaldb/otlp';
import type { Schema } from 'apache-arrow';
import { tracesOf } from '../testing/spans.ts';
import { TestQuerier } from '../testing/test-querier.ts';
import { TestWorld } from '../testing/test-world.ts';
import { builtinViews } from './builtins/views.ts';
import type { TableDescription } from './table-list.ts';

let world: TestWorld;
let querier: TestQuerier;
beforeAll(async () => {
  world = await TestWorld.open();
  querier = new TestQuerier(world);
  await world.write('traces', tracesOf([{ trace: 'a', id: '1', attributes: { n: 1 } }]));
  await world.commit();
  await world.write('traces', tracesOf([{ trace: 'b', id: '2' }]));
  await world.catalog.createTable('default', {
    name: 'My Orders',
    properties: { comment: 'What was bought' },
    schema: {
      type: 'struct',
      'schema-id': 0,
      'identifier-field-ids': [1],
      fields: [
        { id: 1, name: 'id', required: true, type: 'long', doc: 'Number of the order' },
        { id: 2, name: 'paid', required: false, type: 'decimal(9, 2)' },
        { id: 3, name: 'made', required: false, type: 'timestamptz' },
        { id: 4, name: 'day', required: false, type: 'date' },
        { id: 5, name: 'key', required: false, type: 'uuid' },
        {
          id: 6,
          name: 'lines',
          required: false,
          type: {
            type: 'list',
            'element-id': 7,
            'element-required': false,
            element: { type: 'struct', fields: [{ id: 8, name: 'a b', required: false, type: 'float' }] },
          },
        },
      ],
    },
  });
});
afterAll(async () => {
  await querier.close();
  await world.close();
});

const list = async (tenant = 'default') =>
  (await querier.action('tables', { tenant })) as unknown as TableDescription[];
const tableOf = async (name: string) => (await list()).find((table) => table.name === name)!;
const schemaOf = ({ schema }: TableDescription): Schema => decodeSchemaBytes(Buffer.from(schema, 'base64'));
const facts = (schema: Schema, column: string) =>
  Object.fromEntries(
    [...schema.fields.find(({ name }) => name === column)!.metadata].map(([key, value]) => [
      key.replace('ARROW:FLIGHT:SQL:', ''),
      value,
    ]),
  );

describe('the tables of a tenant', () => {
  it('are those of the signals and the catalog', async () => {
    const everyones = [...Object.keys(signalTables), ...builtinViews.map(({ name }) => name)];
    expect((await list()).map(({ name }) => name)).toEqual(['My Orders', ...everyones].sort());
    expect((await list('new')).map(({ name }) => name)).toEqual(everyones.sort());
  });

  it('have the columns that queries answer', async () => {
    for (const name of ['traces', 'logs', 'My Orders', ...builtinViews.map((view) => view.name)]) {
      const told = schemaOf(await tableOf(name));
      const { schema } = await querier.sql(`SELECT * FROM "${name}"`);
      expect(told.fields.map((field) => `${field.name} ${field.type}`)).toEqual(
        schema!.fields.map((field) => `${field.name} ${field.type}`),
      );
    }
    expect(schemaOf(await tableOf('traces')).names).toEqual(expect.arrayContaining(['end_time', 'span.n']));
    expect(schemaOf(await tableOf('traces')).names).not.toContain('hour');
  });

  it('say what they are, what names their rows, and how much they hold', async () => {
    expect(await tableOf('traces')).toMatchObject({
      type: 'TABLE',
      rows: 2,
      primary_key: ['trace_id', 'span_id'],
      comment: signalTables.traces.comment,
    });
    expect((await tableOf('traces')).bytes).toBeGreaterThan(1000);
    expect(await tableOf('logs')).toMatchObject({ rows: 0, bytes: 0, primary_key: [] });
    expect(await tableOf('spans')).toMatchObject({ type: 'VIEW', rows: -1, bytes: -1 });
    expect(await tableOf('My Orders')).toMatchObject({ rows: 0, primary_key: ['id'], comment: 'What was bought' });
  });

  it('say what their columns are', async () => {
    const traces = schemaOf(await tableOf('traces'));
    for (const { name, metadata } of traces.fields)
      expect([name, metadata.get('ARROW:FLIGHT:SQL:REMARKS')]).toEqual([name, expect.stringMatching(/./)]);
    expect(facts(traces, 'start_time')).toEqual({
      CATALOG_NAME: 'signaldb',
      SCHEMA_NAME: 'default',
      TABLE_NAME: 'traces',
      TYPE_NAME: 'BIGINT',
      IS_AUTO_INCREMENT: '0',
      IS_CASE_SENSITIVE: '0',
      IS_READ_ONLY: '1',
      IS_SEARCHABLE: '1',
      REMARKS: expect.stringContaining('nanoseconds since 1970'),
    });
    expect(facts(traces, 'span.n').REMARKS).toBe('Attribute n of the span');
    const orders = schemaOf(await tableOf('My Orders'));
    expect(facts(orders, 'id')).toMatchObject({ REMARKS: 'Number of the order', IS_READ_ONLY: '0' });
    expect(facts(orders, 'paid')).toMatchObject({ TYPE_NAME: 'DECIMAL(9, 2)', PRECISION: '9', SCALE: '2' });
    expect(facts(orders, 'paid')).not.toHaveProperty('REMARKS');
    expect(orders.fields.map(({ nullable }) => nullable)).toEqual([false, true, true, true, true, true]);
  });

  it('are told without opening a file of them', async () => {
    const dir = join(world.dir, 'fresh');
    const fresh = new TestQuerier(world, {}, dir);
    const before = world.cluster.asked.length;
    expect(await fresh.action('tables', {})).toHaveLength(8 + builtinViews.length);
    expect(world.cluster.asked.slice(before).map(({ type }) => type)).toEqual(['barrier', 'hot_files']);
    expect(existsSync(join(dir, 'cache', 'default')) ? readdirSync(join(dir, 'cache', 'default')) : []).toEqual([]);
    await fresh.close();
  });

  it('are found by their names in any case', async () => {
    expect((await querier.sql('SELECT * FROM "my orders"')).rows).toEqual([]);
    await expect(querier.sql('SELECT * FROM orders')).rejects.toMatchObject({ code: Status.NOT_FOUND });
  });
});
