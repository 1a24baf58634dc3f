import { describe, expect, it } from '@jest/globals';
import { createRestCatalogClient } from './rest-client.ts';
import { createRestCatalogRoutes, type RestResponse } from './rest-routes.ts';
import { createTestTable } from './testing/fixtures.ts';

const table = '/v1/namespaces/default/tables/traces';

async function call(method: string, target: string, body?: unknown): Promise<RestResponse> {
  const { catalog } = await createTestTable();
  const { pathname, search } = new URL(target, 'http://x');
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  return createRestCatalogRoutes(catalog)({ method, path: pathname, query: new URLSearchParams(search), body: text });
}

describe('the REST routes', () => {
  it('say what they serve', async () => {
    const { endpoints } = JSON.parse((await call('GET', '/v1/config?warehouse=x')).body);
    expect(endpoints).toContain('POST /v1/{prefix}/namespaces/{namespace}/tables/{table}');
    expect(endpoints).toHaveLength(16);
  });

  it.each([
    ['GET', '/v1/namespaces', undefined, 200],
    ['GET', '/v1/namespaces?parent=default', undefined, 200],
    ['GET', '/v1/namespaces?parent=none', undefined, 404],
    ['HEAD', '/v1/namespaces/default', undefined, 204],
    ['HEAD', '/v1/namespaces/none', undefined, 404],
    ['HEAD', table, undefined, 204],
    ['HEAD', `${table}2`, undefined, 404],
    ['GET', `${table}/`, undefined, 200],
    ['POST', `${table}/metrics`, { 'report-type': 'scan-report', 'table-name': 'traces' }, 204],
    ['DELETE', `${table}?purgeRequested=true`, undefined, 204],
    ['POST', '/v1/namespaces', { namespace: ['new'] }, 200],
    [
      'POST',
      '/v1/namespaces/default/tables',
      { name: 't', schema: { fields: [] }, location: null, 'write-order': null },
      200,
    ],
  ])('%s %s answers', async (method, target, body, status) => {
    const response = await call(method, target, body);
    expect(response.status).toBe(status);
    if (status === 204 || method === 'HEAD') expect(response.body).toBe('');
  });

  it.each([
    ['GET', '/v1/nothing', undefined, 'NoSuchEndpointException'],
    ['GET', '/', undefined, 'NoSuchEndpointException'],
    ['PATCH', table, '{}', 'NoSuchEndpointException'],
    ['GET', '/v1/namespaces/%zz', undefined, 'BadRequestException'],
    ['GET', '/v1/namespaces/a%1Fb', undefined, 'NoSuchNamespaceException'],
    ['GET', '/v1/namespaces/default/tables/..%2F..%2Fetc', undefined, 'NoSuchTableException'],
    ['POST', '/v1/namespaces', undefined, 'BadRequestException'],
    ['POST', '/v1/namespaces', '{"namespace":', 'BadRequestException'],
    ['POST', '/v1/namespaces', [], 'BadRequestException'],
    ['POST', '/v1/namespaces', { namespace: 'text' }, 'BadRequestException'],
    ['POST', '/v1/namespaces', { namespace: ['a', 'b'] }, 'BadRequestException'],
    ['POST', '/v1/namespaces', { namespace: [1] }, 'BadRequestException'],
    ['POST', '/v1/namespaces', { namespace: ['a'], properties: { x: 1 } }, 'BadRequestException'],
    ['POST', '/v1/namespaces/default/tables', { name: 't' }, 'BadRequestException'],
    ['POST', '/v1/namespaces/default/tables', { name: 5, schema: {} }, 'BadRequestException'],
    ['POST', '/v1/namespaces/default/tables', { name: 't', schema: {} }, 'BadRequestException'],
    ['POST', '/v1/namespaces/default/tables', { name: 'a\u0000b', schema: { fields: [] } }, 'BadRequestException'],
    [
      'POST',
      '/v1/namespaces/default/tables',
      { name: 't', schema: { fields: [] }, 'partition-spec': {} },
      'BadRequestException',
    ],
    ['POST', '/v1/namespaces/default/tables', { name: 't', schema: { fields: [{}] } }, 'BadRequestException'],
    [
      'POST',
      '/v1/namespaces/default/tables',
      { name: 't', schema: { fields: [{ id: 1, name: 'a', type: { type: 'list' } }] } },
      'BadRequestException',
    ],
    ['POST', table, { requirements: {}, updates: [] }, 'BadRequestException'],
    ['POST', table, { requirements: [{}], updates: [] }, 'BadRequestException'],
    ['POST', table, { requirements: [], updates: [{ action: 'fly' }] }, 'BadRequestException'],
    ['POST', table, { requirements: [], updates: [null] }, 'BadRequestException'],
    ['POST', table, { requirements: [{ type: 'assert-table-uuid', uuid: 'x' }], updates: [] }, 'CommitFailedException'],
    ['POST', '/v1/tables/rename', { source: { namespace: ['default'], name: 'traces' } }, 'BadRequestException'],
    ['POST', '/v1/transactions/commit', {}, 'BadRequestException'],
    ['POST', `${table}/metrics`, 'nonsense', 'BadRequestException'],
    ['POST', '/v1/namespaces/default/register', { name: 'x' }, 'BadRequestException'],
  ])('%s %s with %j is refused: %s', async (method, target, body, type) => {
    const { status, body: answer, headers } = await call(method, target, body);
    const { error } = JSON.parse(answer);
    expect(headers['content-type']).toBe('application/json');
    expect(error).toMatchObject({ type, code: status, message: expect.any(String) });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });

  it('refuse every malformed update with a clear error', async () => {
    const actions = [
      'assign-uuid',
      'add-schema',
      'set-current-schema',
      'remove-schemas',
      'add-spec',
      'add-sort-order',
      'add-snapshot',
      'set-snapshot-ref',
      'remove-snapshots',
      'set-location',
      'set-properties',
      'remove-properties',
      'set-statistics',
    ];
    for (const action of actions) {
      const { status, body } = await call('POST', table, { requirements: [], updates: [{ action }] });
      expect([action, status, JSON.parse(body).error?.type]).toEqual([
        action,
        400,
        expect.stringMatching(/^(BadRequest|Validation)Exception$/),
      ]);
    }
  });

  it('give names in pages', async () => {
    const { catalog } = await createTestTable();
    for (const name of ['e', 'b', 'd']) await catalog.createNamespace(name);
    const routes = createRestCatalogRoutes(catalog);
    const get = async (query: string) =>
      JSON.parse((await routes({ method: 'GET', path: '/v1/namespaces', query: new URLSearchParams(query) })).body);
    expect(await get('pageToken=&pageSize=2')).toEqual({ namespaces: [['b'], ['d']], 'next-page-token': 'd' });
    expect(await get('pageToken=d&pageSize=2')).toEqual({ namespaces: [['default'], ['e']] });
    expect(await get('pageToken=z')).toEqual({ namespaces: [] });
  });
});

describe('a table that has not changed', () => {
  it('is not sent again', async () => {
    const { catalog } = await createTestTable();
    const routes = createRestCatalogRoutes(catalog);
    const first = await routes({ method: 'GET', path: table });
    expect(first.headers.etag).toMatch(/^"00000-.*json"$/);
    for (const tag of [first.headers.etag!, `W/${first.headers.etag}`]) {
      const again = await routes({ method: 'GET', path: table, headers: { 'if-none-match': tag } });
      expect(again).toEqual({ status: 304, headers: { etag: first.headers.etag }, body: '' });
    }
    const update = { requirements: [], updates: [{ action: 'set-properties', updates: { a: 'b' } }] };
    const changed = await routes({ method: 'POST', path: table, body: JSON.stringify(update) });
    expect(changed.headers.etag).not.toBe(first.headers.etag);
    const loaded = await routes({ method: 'GET', path: table, headers: { 'if-none-match': first.headers.etag } });
    expect(loaded).toMatchObject({ status: 200, headers: { etag: changed.headers.etag } });
  });
});

describe('the REST client', () => {
  it('keeps only so many tables', async () => {
    const { catalog } = await createTestTable();
    await catalog.createTable('default', { name: 'other', schema: { type: 'struct', 'schema-id': 0, fields: [] } });
    const routes = createRestCatalogRoutes(catalog);
    const statuses: number[] = [];
    const send = async (url: string, init: RequestInit) => {
      const request = {
        method: init.method!,
        path: new URL(url).pathname,
        headers: init.headers as Record<string, string>,
      };
      const { status, headers, body } = await routes(request);
      statuses.push(status);
      return new Response(body || null, { status, headers });
    };
    const client = createRestCatalogClient({ uri: 'http://x', fetch: send as never, tablesKeptMax: 1 });
    for (const name of ['traces', 'traces', 'other', 'other', 'traces']) {
      expect((await client.loadTable('default', name)).metadata.location).toContain(name);
    }
    expect(statuses).toEqual([200, 304, 200, 304, 200]);
  });

  const clientOf = (fetch: (...args: never[]) => Promise<Response>) =>
    createRestCatalogClient({ uri: 'http://x/', fetch: fetch as never });
  const answering = (status: number, body = '') => clientOf(async () => new Response(body, { status }));

  it.each([
    [502, 'InternalServerError'],
    [503, 'ServiceUnavailableException'],
    [401, 'NotAuthorizedException'],
    [404, 'NoSuchEndpointException'],
    [418, 'BadRequestException'],
  ])("takes a proxy's %d for %s", async (status, code) => {
    await expect(answering(status, '<html>').loadTable('a', 'b')).rejects.toMatchObject({ code, status });
  });

  it('knows no outcome of a commit without an answer', async () => {
    const away = clientOf(async () => {
      throw new TypeError('fetch failed');
    });
    await expect(away.commitTable('a', 'b', { requirements: [], updates: [] })).rejects.toMatchObject({
      code: 'CommitStateUnknownException',
    });
    await expect(away.loadTable('a', 'b')).rejects.toMatchObject({ code: 'ServiceUnavailableException' });
    await expect(answering(504).commitTable('a', 'b', { requirements: [], updates: [] })).rejects.toMatchObject({
      code: 'CommitStateUnknownException',
    });
  });

  it('gives up after its time-out', async () => {
    const fetch = (_url: string, init: RequestInit) =>
      new Promise<Response>((_, reject) => init.signal!.addEventListener('abort', () => reject(init.signal!.reason)));
    const hanging = createRestCatalogClient({ uri: 'http://x', fetch: fetch as never, timeoutMs: 10 });
    await expect(hanging.listNamespaces()).rejects.toMatchObject({ code: 'ServiceUnavailableException' });
  });

  it('refuses an answer that is no table', async () => {
    await expect(answering(200, '{"metadata":{}}').loadTable('a', 'b')).rejects.toMatchObject({
      code: 'BadRequestException',
    });
    await expect(answering(200, 'hello').loadTable('a', 'b')).rejects.toMatchObject({ code: 'BadRequestException' });
  });
});
