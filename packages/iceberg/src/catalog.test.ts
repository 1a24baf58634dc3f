import { describe, expect, it } from '@jest/globals';
import type { Catalog, CreateTableRequest } from './catalog.ts';
import { catalogErrorStatus } from './catalog-error.ts';
import type { TableUpdate } from './metadata-updates.ts';
import { createRestCatalogClient } from './rest-client.ts';
import { createRestCatalogRoutes } from './rest-routes.ts';
import type { IcebergSchema } from './schema.ts';
import { signalTableRequest } from './signal-table.ts';
import { createTestCatalog, type TestCatalog, tracesSchema } from './testing/fixtures.ts';

/** A client whose requests go to the routes without a network. */
function overRest(catalog: Catalog): Catalog {
  const routes = createRestCatalogRoutes(catalog);
  const send = async (input: string | URL | Request, init?: RequestInit) => {
    const url = new URL(String(input));
    const body = init?.body as string | undefined;
    const headers = Object.fromEntries(new Headers(init?.headers));
    const request = { method: init?.method ?? 'GET', path: url.pathname, query: url.searchParams, headers, body };
    const response = await routes(request);
    return new Response(response.body === '' ? null : response.body, response);
  };
  return createRestCatalogClient({ uri: 'http://catalog', fetch: send as typeof fetch });
}

const schema: IcebergSchema = {
  type: 'struct',
  'schema-id': 7,
  fields: [
    { id: 10, name: 'id', required: true, type: 'long' },
    {
      id: 20,
      name: 'tags',
      required: false,
      type: { type: 'list', 'element-id': 21, element: 'string', 'element-required': false },
    },
    { id: 30, name: 'day', required: false, type: 'date' },
  ],
};
const request: CreateTableRequest = {
  name: 't',
  schema,
  'partition-spec': { 'spec-id': 0, fields: [{ 'field-id': 1, 'source-id': 30, name: 'day', transform: 'identity' }] },
  'write-order': {
    'order-id': 9,
    fields: [{ 'source-id': 10, transform: 'identity', direction: 'asc', 'null-order': 'nulls-first' }],
  },
  properties: { owner: 'me' },
};

const failsWith = (code: keyof typeof catalogErrorStatus) => ({
  name: 'CatalogError',
  code,
  status: catalogErrorStatus[code],
});

describe.each([
  ['the catalog itself', (catalog: Catalog) => catalog],
  ['the catalog over REST', overRest],
])('%s', (_name, wrap) => {
  const setUp = async (): Promise<TestCatalog> => {
    const test = await createTestCatalog();
    return { ...test, catalog: wrap(test.catalog) };
  };

  it('keeps namespaces with properties', async () => {
    const { catalog } = await setUp();
    await catalog.createNamespace('team-a', { owner: 'a', old: '1' });
    expect(await catalog.listNamespaces()).toEqual(['default', 'team-a']);
    const change = { removals: ['old', 'none'], updates: { owner: 'b' } };
    const result = await catalog.updateNamespaceProperties('team-a', change);
    expect(result).toEqual({ updated: ['owner'], removed: ['old'], missing: ['none'] });
    expect(await catalog.loadNamespace('team-a')).toEqual({ owner: 'b' });
    await catalog.dropNamespace('team-a');
    expect(await catalog.namespaceExists('team-a')).toBe(false);
  });

  it.each([
    ['an existing namespace', 'AlreadyExistsException', (c: Catalog) => c.createNamespace('default')],
    ['a namespace of dots', 'BadRequestException', (c: Catalog) => c.createNamespace('..')],
    ['a namespace with a slash', 'BadRequestException', (c: Catalog) => c.createNamespace('a/b')],
    ['a missing namespace', 'NoSuchNamespaceException', (c: Catalog) => c.loadNamespace('none')],
    ['dropping a missing namespace', 'NoSuchNamespaceException', (c: Catalog) => c.dropNamespace('none')],
    ['tables of a missing namespace', 'NoSuchNamespaceException', (c: Catalog) => c.listTables('none')],
    [
      'setting what is removed',
      'UnprocessableEntityException',
      (c: Catalog) => c.updateNamespaceProperties('default', { removals: ['a'], updates: { a: '1' } }),
    ],
    ['a missing table', 'NoSuchTableException', (c: Catalog) => c.loadTable('default', 'none')],
    ['dropping a missing table', 'NoSuchTableException', (c: Catalog) => c.dropTable('default', 'none')],
    [
      'renaming a missing table',
      'NoSuchTableException',
      (c: Catalog) => c.renameTable({ namespace: 'default', name: 'none' }, { namespace: 'default', name: 'x' }),
    ],
    ['a table in a missing namespace', 'NoSuchNamespaceException', (c: Catalog) => c.createTable('none', request)],
    [
      'a table without a name',
      'BadRequestException',
      (c: Catalog) => c.createTable('default', { ...request, name: '' }),
    ],
    [
      'a table outside of its folder',
      'ForbiddenException',
      (c: Catalog) => c.createTable('default', { ...request, location: 'memory://warehouse/other/t' }),
    ],
    [
      'a table in another store',
      'ForbiddenException',
      (c: Catalog) => c.createTable('default', { ...request, location: 's3://other/default/t' }),
    ],
    [
      'a table of version 3',
      'BadRequestException',
      (c: Catalog) => c.createTable('default', { ...request, properties: { 'format-version': '3' } }),
    ],
    [
      'a schema with an unknown type',
      'BadRequestException',
      (c: Catalog) =>
        c.createTable('default', {
          ...request,
          schema: { ...schema, fields: [{ id: 1, name: 'a', required: false, type: 'variant' }] },
        }),
    ],
    [
      'a schema with an id twice',
      'BadRequestException',
      (c: Catalog) =>
        c.createTable('default', { ...request, schema: { ...schema, fields: [schema.fields[0]!, schema.fields[0]!] } }),
    ],
    [
      'a spec over a missing column',
      'BadRequestException',
      (c: Catalog) =>
        c.createTable('default', {
          ...request,
          'partition-spec': {
            'spec-id': 0,
            fields: [{ 'field-id': 1, 'source-id': 99, name: 'x', transform: 'hour' }],
          },
        }),
    ],
    [
      'a transform of the wrong type',
      'ValidationException',
      (c: Catalog) =>
        c.createTable('default', {
          ...request,
          'partition-spec': {
            'spec-id': 0,
            fields: [{ 'field-id': 1, 'source-id': 10, name: 'x', transform: 'hour' }],
          },
        }),
    ],
    [
      'registering a missing file',
      'NoSuchTableException',
      (c: Catalog) => c.registerTable('default', 'r', 'memory://warehouse/default/r/metadata/1.json'),
    ],
  ] as const)('refuses %s with %s', async (_what, code, act) => {
    const { catalog } = await setUp();
    await expect(act(catalog)).rejects.toMatchObject(failsWith(code));
  });

  it('creates a table with ids of its own', async () => {
    const { catalog, store } = await setUp();
    const { 'metadata-location': location, metadata } = await catalog.createTable('default', request);
    expect(location).toMatch(
      /^memory:\/\/warehouse\/default\/t-[0-9a-f]{8}\/metadata\/00000-[0-9a-f-]{36}\.metadata\.json$/,
    );
    expect([...store.objects.keys()].map((key) => store.uri(key))).toEqual([location]);
    expect(metadata).toMatchObject({
      'format-version': 2,
      'last-column-id': 4,
      'current-schema-id': 0,
      schemas: [
        {
          'schema-id': 0,
          fields: [
            { id: 1, name: 'id' },
            { id: 2, type: { 'element-id': 4 } },
            { id: 3, name: 'day' },
          ],
        },
      ],
      'partition-specs': [{ 'spec-id': 0, fields: [{ 'field-id': 1000, 'source-id': 3 }] }],
      'last-partition-id': 1000,
      'sort-orders': [{ 'order-id': 1, fields: [{ 'source-id': 1 }] }],
      'default-sort-order-id': 1,
      'current-snapshot-id': -1,
      properties: { owner: 'me' },
    });
    expect(await catalog.loadTable('default', 't')).toMatchObject({ 'metadata-location': location, metadata });
    expect(await catalog.listTables('default')).toEqual(['t']);
    await expect(catalog.createTable('default', request)).rejects.toMatchObject(failsWith('AlreadyExistsException'));
    await expect(catalog.dropNamespace('default')).rejects.toMatchObject(failsWith('NamespaceNotEmptyException'));
  });

  it('stages a table and creates it by a commit', async () => {
    const { catalog, store } = await setUp();
    const { metadata } = await catalog.createTable('default', { ...request, 'stage-create': true });
    expect(store.objects.size).toBe(0);
    expect(await catalog.tableExists('default', 't')).toBe(false);
    const updates: TableUpdate[] = [
      { action: 'assign-uuid', uuid: metadata['table-uuid'] },
      { action: 'upgrade-format-version', 'format-version': 2 },
      { action: 'add-schema', schema: metadata.schemas[0]!, 'last-column-id': 4 },
      { action: 'set-current-schema', 'schema-id': -1 },
      { action: 'add-spec', spec: metadata['partition-specs'][0]! },
      { action: 'set-default-spec', 'spec-id': -1 },
      { action: 'add-sort-order', 'sort-order': metadata['sort-orders'][0]! },
      { action: 'set-default-sort-order', 'sort-order-id': -1 },
      { action: 'set-location', location: metadata.location },
      { action: 'set-properties', updates: { owner: 'me' } },
    ];
    const commit = { requirements: [{ type: 'assert-create' as const }], updates };
    const created = await catalog.commitTable('default', 't', commit);
    expect({ ...created.metadata, 'last-updated-ms': 0 }).toEqual({ ...metadata, 'last-updated-ms': 0 });
    await expect(catalog.commitTable('default', 't', commit)).rejects.toMatchObject(
      failsWith('AlreadyExistsException'),
    );
    const outside = {
      ...commit,
      updates: [...updates, { action: 'set-location' as const, location: 'memory://warehouse/x/y' }],
    };
    await expect(catalog.commitTable('default', 'u', outside)).rejects.toMatchObject(failsWith('ForbiddenException'));
    await expect(catalog.commitTable('default', 'u', { ...commit, updates: [] })).rejects.toMatchObject(
      failsWith('BadRequestException'),
    );
  });

  it('commits to many tables at once, all or none', async () => {
    const { catalog, store } = await setUp();
    const uuids: string[] = [];
    for (const name of ['a', 'b']) {
      const { metadata } = await catalog.createTable('default', signalTableRequest({ name, schema: tracesSchema }));
      uuids.push(metadata['table-uuid']);
    }
    const change = (name: string, uuid: string) => ({
      identifier: { namespace: 'default', name },
      requirements: [{ type: 'assert-table-uuid' as const, uuid }],
      updates: [{ action: 'set-properties' as const, updates: { seen: 'yes' } }],
    });
    await catalog.commitTransaction([change('a', uuids[0]!), change('b', uuids[1]!)]);
    const objects = store.objects.size;
    const bad = catalog.commitTransaction([change('a', uuids[0]!), { ...change('b', uuids[0]!), updates: [] }]);
    await expect(bad).rejects.toMatchObject(failsWith('CommitFailedException'));
    expect(store.objects.size).toBe(objects);
    for (const name of ['a', 'b']) {
      expect((await catalog.loadTable('default', name)).metadata.properties.seen).toBe('yes');
    }
  });

  it('renames, drops, registers again, and purges', async () => {
    const { catalog, store } = await setUp();
    await catalog.createNamespace('other');
    const created = await catalog.createTable('default', request);
    await catalog.renameTable({ namespace: 'default', name: 't' }, { namespace: 'default', name: 'té t/x' });
    expect(await catalog.listTables('default')).toEqual(['té t/x']);
    const move = catalog.renameTable({ namespace: 'default', name: 'té t/x' }, { namespace: 'other', name: 't' });
    await expect(move).rejects.toMatchObject(failsWith('UnsupportedOperationException'));
    expect((await catalog.loadTable('default', 'té t/x')).metadata).toEqual(created.metadata);
    await catalog.dropTable('default', 'té t/x');
    expect(store.objects.size).toBe(1);
    const steal = catalog.registerTable('other', 't', created['metadata-location']!);
    await expect(steal).rejects.toMatchObject(failsWith('ForbiddenException'));
    const registered = await catalog.registerTable('default', 't', created['metadata-location']!);
    expect(registered.metadata).toEqual(created.metadata);
    await catalog.dropTable('default', 't', { purge: true });
    expect(store.objects.size).toBe(0);
  });

  it('keeps as many old metadata files as the table says', async () => {
    const { catalog, store } = await setUp();
    const properties = {
      'write.metadata.previous-versions-max': '2',
      'write.metadata.delete-after-commit.enabled': 'true',
    };
    await catalog.createTable('default', { ...request, properties });
    for (let i = 0; i < 5; i++) {
      const updates = [{ action: 'set-properties' as const, updates: { i: String(i) } }];
      await catalog.commitTable('default', 't', { requirements: [], updates });
    }
    const { 'metadata-location': location, metadata } = await catalog.loadTable('default', 't');
    expect(location).toContain('/00005-');
    const files = [...metadata['metadata-log'].map((entry) => entry['metadata-file']), location!];
    expect(files.map((file) => /(\d{5})-/.exec(file)![1])).toEqual(['00003', '00004', '00005']);
    expect([...store.objects.keys()].map((key) => store.uri(key)).sort()).toEqual(files.sort());
  });

  it('gives each version of a table', async () => {
    const { catalog } = await setUp();
    await catalog.createTable('default', request);
    for (let i = 0; i < 3; i++) {
      const first = await catalog.loadTable('default', 't');
      expect(await catalog.loadTable('default', 't')).toEqual(first);
      const updates = [{ action: 'set-properties' as const, updates: { i: String(i) } }];
      await catalog.commitTable('default', 't', { requirements: [], updates });
      expect((await catalog.loadTable('default', 't')).metadata.properties.i).toBe(String(i));
    }
  });

  it('writes nothing for a commit that changes nothing', async () => {
    const { catalog, store } = await setUp();
    const { 'metadata-location': location } = await catalog.createTable('default', request);
    const updates = [{ action: 'set-properties' as const, updates: { owner: 'me' } }];
    const result = await catalog.commitTable('default', 't', { requirements: [], updates });
    expect(result['metadata-location']).toBe(location);
    expect(store.objects.size).toBe(1);
  });

  it('keeps ids beyond 2^53 exact', async () => {
    const { catalog } = await setUp();
    await catalog.createTable('default', request);
    const id = 9_007_199_254_740_993n;
    const snapshot = {
      'snapshot-id': id,
      'sequence-number': 1,
      'timestamp-ms': Date.now(),
      'manifest-list': 'memory://warehouse/default/t/snap.avro',
      summary: { operation: 'append' as const },
    };
    const { metadata } = await catalog.commitTable('default', 't', {
      requirements: [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null }],
      updates: [
        { action: 'add-snapshot', snapshot },
        { action: 'set-snapshot-ref', 'ref-name': 'main', 'snapshot-id': id, type: 'branch' },
      ],
    });
    expect(metadata['current-snapshot-id']).toBe(id);
    expect(metadata.refs.main!['snapshot-id']).toBe(id);
    const next = {
      requirements: [{ type: 'assert-ref-snapshot-id' as const, ref: 'main', 'snapshot-id': id }],
      updates: [],
    };
    await catalog.commitTable('default', 't', next);
    const other = { ...next, requirements: [{ ...next.requirements[0]!, 'snapshot-id': id - 1n }] };
    await expect(catalog.commitTable('default', 't', other)).rejects.toMatchObject(failsWith('CommitFailedException'));
  });
});

describe('a pointer store that fails', () => {
  it('leaves the outcome open, and the file in place', async () => {
    const { catalog, pointers, store } = await createTestCatalog();
    await catalog.createTable('default', request);
    pointers.compareAndSwap = async () => {
      throw new Error('leader lost');
    };
    const updates = [{ action: 'set-properties' as const, updates: { a: 'b' } }];
    const commit = catalog.commitTable('default', 't', { requirements: [], updates });
    await expect(commit).rejects.toMatchObject(failsWith('CommitStateUnknownException'));
    expect(store.objects.size).toBe(2);
  });
});

describe('an object store that fails', () => {
  it('is no lost outcome: nothing was committed', async () => {
    const { catalog, store } = await createTestCatalog();
    await catalog.createTable('default', request);
    store.beforePut = () => {
      throw new Error('no space');
    };
    const updates = [{ action: 'set-properties' as const, updates: { a: 'b' } }];
    const commit = catalog.commitTable('default', 't', { requirements: [], updates });
    await expect(commit).rejects.toMatchObject(failsWith('ServiceUnavailableException'));
  });
});
