import { describe, expect, it } from '@jest/globals';
import { Field, Float32, Int64, Schema, Utf8 } from 'apache-arrow';
import type { Catalog } from './catalog.ts';
import { CatalogError } from './catalog-error.ts';
import { evolveTable } from './evolve-table.ts';
import { nameMapping, nameMappingProperty } from './name-mapping.ts';
import { currentSchema } from './table-metadata.ts';
import { createTestTable, tracesSchema } from './testing/fixtures.ts';

const wider = (...names: string[]) =>
  new Schema([...tracesSchema.fields, ...names.map((name) => new Field(name, new Utf8(), true))]);
const columns = (metadata: Parameters<typeof currentSchema>[0]) =>
  currentSchema(metadata).fields.map(({ name }) => name);

describe('evolveTable', () => {
  it('adds columns and maps their names', async () => {
    const { catalog } = await createTestTable();
    const { metadata } = await evolveTable(catalog, 'default', 'traces', wider('span.a', 'span.b'));
    expect(columns(metadata)).toEqual(['hour', 'trace_id', 'start_time', 'value', 'span.a', 'span.b']);
    expect(metadata['current-schema-id']).toBe(1);
    expect(metadata['last-column-id']).toBe(6);
    expect(JSON.parse(metadata.properties[nameMappingProperty]!)).toEqual(nameMapping(currentSchema(metadata)));
  });

  it('leaves a table alone that took the place of the one it knows', async () => {
    const { catalog } = await createTestTable();
    const base = await catalog.loadTable('default', 'traces');
    await catalog.dropTable('default', 'traces');
    await catalog.createTable('default', { name: 'traces', schema: currentSchema(base.metadata) });
    await expect(evolveTable(catalog, 'default', 'traces', wider('span.a'), { base })).rejects.toMatchObject({
      code: 'NoSuchTableException',
    });
    expect(columns((await catalog.loadTable('default', 'traces')).metadata)).not.toContain('span.a');
  });

  it('commits nothing when nothing is missing', async () => {
    const { catalog, store } = await createTestTable();
    const puts = store.calls.put;
    await evolveTable(catalog, 'default', 'traces', tracesSchema);
    expect(store.calls.put).toBe(puts);
  });

  it('ends with the columns of all when many evolve at once', async () => {
    const { catalog } = await createTestTable();
    const names = Array.from({ length: 10 }, (_, i) => `span.${i}`);
    const retry = { pauseMs: 1, attemptsMax: 100 };
    await Promise.all(
      names.map((name) => evolveTable(catalog, 'default', 'traces', wider('span.all', name), { retry })),
    );
    const { metadata } = await catalog.loadTable('default', 'traces');
    expect(columns(metadata).slice(4).sort()).toEqual([...names, 'span.all'].sort());
    const ids = currentSchema(metadata).fields.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(metadata['last-column-id']).toBe(Math.max(...ids));
  });

  it.each([true, false])('finds out about a lost answer (committed: %s)', async (committed) => {
    const { catalog } = await createTestTable();
    let losses = 1;
    const flaky: Catalog = {
      ...catalog,
      async commitTable(...args) {
        if (losses-- <= 0) return catalog.commitTable(...args);
        if (committed) await catalog.commitTable(...args);
        throw new CatalogError('CommitStateUnknownException', 'lost');
      },
    };
    const { metadata } = await evolveTable(flaky, 'default', 'traces', wider('span.a'), { retry: { pauseMs: 1 } });
    expect(columns(metadata)).toContain('span.a');
    expect(metadata.schemas).toHaveLength(2);
  });

  it('refuses a change that would break stored rows', async () => {
    const { catalog } = await createTestTable();
    const wanted = new Schema([new Field('trace_id', new Int64(), false), new Field('value', new Float32())]);
    await expect(evolveTable(catalog, 'default', 'traces', wanted)).rejects.toMatchObject({
      code: 'INCOMPATIBLE_CHANGE',
    });
  });
});
