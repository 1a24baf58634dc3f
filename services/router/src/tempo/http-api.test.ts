import { afterEach, describe, expect, it } from '@jest/globals';
import { type Access, type Account, openAccess } from '@signaldb/access';
import { ClusterKey } from '@signaldb/component';
import type { FlightClient, FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { Int32, Int64, type RecordBatch, Table, Utf8, type Vector, vectorFromArray } from 'apache-arrow';
import type { FastifyInstance } from 'fastify';
import { routerConfig } from '../config.ts';
import { createHttpApi } from './http-api.ts';

type Ticket = Record<string, unknown> & { kind: string; tenant: string };
type Script = (ticket: Ticket) => readonly FlightMessage[];

const outcome = (status: string, reasons: string[] = []) => ({
  appMetadata: Buffer.from(
    JSON.stringify({
      status,
      reasons,
      metrics: { inspected_bytes: 1234, inspected_files: 2, inspected_spans: 30, inspected_traces: 4 },
    }),
  ),
});

function querier(script: Script, asked: Ticket[]): FlightClient {
  return {
    async *doGet(ticket: Uint8Array) {
      const read = JSON.parse(Buffer.from(ticket).toString());
      asked.push(read);
      yield* script(read);
    },
  } as Partial<FlightClient> as FlightClient;
}

const text = (values: (string | null)[]) => vectorFromArray(values, new Utf8());

function found(traceId: string, startNs: bigint): RecordBatch {
  const sets = [
    { spans: [{ spanID: 'a1', startTimeUnixNano: String(startNs), durationNanos: '5', attributes: [] }], matched: 7 },
  ];
  return tableOf({
    trace_id: text([traceId]),
    root_service_name: text(['shop']),
    root_trace_name: text([null]),
    start_time: vectorFromArray([startNs], new Int64()),
    duration_ms: vectorFromArray([12], new Int32()),
    span_sets_json: text([JSON.stringify(sets)]),
    service_stats_json: text(['{"shop":{"spanCount":3,"errorCount":1}}']),
  });
}

function tableOf(columns: Record<string, Vector>): RecordBatch {
  return new Table(columns).batches[0]!;
}

let app: FastifyInstance | undefined;
afterEach(() => app?.close());

function api(script: Script | undefined, notReady: string[] = [], access = openAccess(new ClusterKey())) {
  const asked: Ticket[] = [];
  const errors: unknown[] = [];
  app = createHttpApi({
    config: routerConfig.parse({}),
    access,
    source: { queriers: () => (script ? [querier(script, asked)] : []) },
    notReady: async () => notReady,
    metricsText: async () => 'up 1\n',
    onError: (error) => errors.push(error),
    version: '0.0.0',
  });
  const get = async (url: string, headers: Record<string, string> = {}) => {
    const response = await app!.inject({ url, headers });
    return {
      status: response.statusCode,
      type: response.headers['content-type'],
      body: response.body,
      headers: response.headers,
      json: () => response.json(),
    };
  };
  return { get, asked, errors };
}

describe('with authentication', () => {
  const accounts: Record<string, Account> = {
    'Bearer one': { name: 'one', tenants: ['acme'], write: false },
    'Bearer two': { name: 'two', tenants: ['acme', 'b'], write: false },
  };
  const access: Access = {
    ...openAccess(new ClusterKey()),
    async admit(headers) {
      const account = accounts[headers.get('authorization') ?? ''];
      if (account) return account;
      throw new GrpcError(Status.UNAUTHENTICATED, 'send "authorization"');
    },
  };

  it.each([
    ['Bearer one', {}, ['acme']],
    ['Bearer one', { 'x-scope-orgid': 'acme' }, ['acme']],
    ['Bearer two', { 'x-scope-orgid': 'acme|b' }, ['acme', 'b']],
  ])('%s reads its tenants: %j', async (authorization, headers, tenants) => {
    const { get, asked } = api(() => [outcome('COMPLETE')], [], access);
    expect(await get('/api/search', { authorization, ...headers })).toMatchObject({ status: 200 });
    expect(asked.map(({ tenant }) => tenant)).toEqual(tenants);
  });

  it.each([
    ['/api/search', {}, 401],
    ['/api/echo', {}, 401],
    ['/api/nowhere', {}, 401],
    ['/api/traces/1', { authorization: 'Bearer three' }, 401],
    ['/api/search', { authorization: 'Bearer one', 'x-scope-orgid': 'b' }, 403],
    ['/api/search/tags', { authorization: 'Bearer two', 'x-scope-orgid': 'acme|c' }, 403],
    ['/api/v2/traces/1', { authorization: 'Bearer two', 'x-scope-orgid': 'default' }, 403],
    ['/api/search', { authorization: 'Bearer two' }, 400],
    ['/api/echo', { authorization: 'Bearer one' }, 200],
    ['/ready', {}, 200],
    ['/metrics', {}, 200],
    ['/status/version', {}, 200],
  ])('%s with %j answers %d', async (url, headers, status) => {
    const { get, asked } = api(() => [outcome('COMPLETE')], [], access);
    const answer = await get(url, headers);
    expect(answer.status).toBe(status);
    expect(answer.headers['www-authenticate'] !== undefined).toBe(status === 401);
    expect(asked).toEqual([]);
  });
});

describe('operations', () => {
  it('echoes, and says what it is', async () => {
    const { get } = api(() => []);
    expect(await get('/api/echo')).toMatchObject({ status: 200, body: 'echo\n' });
    expect((await get('/api/status/buildinfo')).json()).toMatchObject({
      version: expect.stringContaining('signaldb.0.0.0'),
      goVersion: '',
    });
    expect(await get('/metrics')).toMatchObject({ status: 200, body: 'up 1\n' });
    expect(await get('/ready')).toMatchObject({ status: 200, body: 'ready\n' });
  });

  it('says why it is not ready', async () => {
    expect(await api(() => [], ['writer: store is away']).get('/ready')).toMatchObject({
      status: 503,
      body: 'not ready: writer: store is away\n',
    });
  });

  it('tells a mistyped address from one that is not answered yet', async () => {
    const { get } = api(() => []);
    expect(await get('/api/serch')).toMatchObject({
      status: 404,
      body: expect.stringContaining('there is no GET /api/serch'),
    });
    expect(await get('/api/metrics/query_range?q={}')).toMatchObject({
      status: 400,
      body: '/api/metrics/query_range is not supported yet',
    });
  });
});

describe('search', () => {
  it('answers in Tempo’s shape', async () => {
    const { get, asked } = api(() => [
      { batch: found('00000000000000000000000000000abc', 1_700_000_000_000_000_001n) },
      outcome('COMPLETE'),
    ]);
    const response = await get('/api/search?q=%7B%20.a%20%3D%201%20%7D&limit=5&spss=2&start=1&end=2', {
      'x-scope-orgid': 'acme',
    });
    expect(asked).toEqual([
      { kind: 'search', tenant: 'acme', q: '{ .a = 1 }', start: '1000000000', end: '2000000000', limit: 5, spss: 2 },
    ]);
    const set = {
      spans: [{ spanID: 'a1', startTimeUnixNano: '1700000000000000001', durationNanos: '5', attributes: [] }],
      matched: 7,
    };
    expect(response.json()).toEqual({
      traces: [
        {
          traceID: 'abc',
          rootServiceName: 'shop',
          rootTraceName: '',
          startTimeUnixNano: '1700000000000000001',
          durationMs: 12,
          spanSet: set,
          spanSets: [set],
          serviceStats: { shop: { spanCount: 3, errorCount: 1 } },
        },
      ],
      metrics: {
        inspectedTraces: 4,
        inspectedBytes: '1234',
        inspectedSpans: '30',
        totalBlocks: 2,
        completedJobs: 1,
        totalJobs: 1,
      },
    });
    expect(response.headers['x-signaldb-partial']).toBeUndefined();
  });

  it('searches by tags', async () => {
    const { get, asked } = api(() => [outcome('COMPLETE')]);
    await get('/api/search?tags=service.name%3Dshop%20error%3Dtrue&minDuration=1ms&maxDuration=2s');
    expect(asked[0]).toMatchObject({
      tags: { 'service.name': 'shop', error: 'true' },
      min_duration_ns: '1000000',
      max_duration_ns: '2000000000',
      limit: 20,
      spss: 3,
    });
  });

  it('reads several tenants, newest first, and keeps the limit', async () => {
    const { get, asked } = api(({ tenant }) => [
      { batch: found(tenant === 'a' ? 'a'.repeat(32) : 'b'.repeat(32), tenant === 'a' ? 1n : 2n) },
      outcome('COMPLETE'),
    ]);
    const { traces } = (await get('/api/search?q=%7B%7D', { 'x-scope-orgid': 'a|b' })).json();
    expect(asked.map(({ tenant }) => tenant)).toEqual(['a', 'b']);
    expect(traces.map(({ traceID }: { traceID: string }) => traceID[0])).toEqual(['b', 'a']);
  });

  it('never hides that something is missing', async () => {
    const { get } = api(() => [outcome('PARTIAL', ['log x can’t be asked'])]);
    expect((await get('/api/search')).headers['x-signaldb-partial']).toBe('log x can?t be asked');
  });

  it.each([
    [
      '/api/search?q=%7B%20.a%20%3D%20%7D',
      400,
      'invalid TraceQL query: parse error at line 1, col 8: unexpected }, expected an attribute, a field or a value',
    ],
    ['/api/search?q=%7B%7D%20%3E%3E%20%7B%7D', 400, expect.stringContaining('not supported yet at line 1, col 4')],
    ['/api/search?start=5&end=4', 400, 'start (5) has to be before end (4)'],
    ['/api/search?limit=0', 400, expect.stringContaining('invalid limit')],
    ['/api/search?spss=101', 400, expect.stringContaining('invalid spss')],
    ['/api/search?tags=%22', 400, expect.stringContaining('invalid tags at character 1')],
    ['/api/search?minDuration=5', 400, expect.stringContaining('invalid minDuration')],
    ['/api/traces/xyz', 400, expect.stringContaining('invalid trace id "xyz"')],
    ['/api/v2/search/tags?scope=nonsense', 400, expect.stringContaining('invalid scope "nonsense"')],
  ])('refuses %s', async (url, status, body) => {
    const { get, asked } = api(() => []);
    expect(await get(url)).toMatchObject({ status, body, type: 'text/plain; charset=utf-8' });
    expect(asked).toEqual([]);
  });

  it('refuses a tenant that is no name', async () => {
    expect(await api(() => []).get('/api/search', { 'x-scope-orgid': '../x' })).toMatchObject({
      status: 400,
      body: expect.stringContaining('X-Scope-OrgID'),
    });
  });
});

describe('queriers', () => {
  it.each([
    [Status.RESOURCE_EXHAUSTED, 429],
    [Status.UNAVAILABLE, 503],
    [Status.DEADLINE_EXCEEDED, 504],
    [Status.INVALID_ARGUMENT, 400],
  ])('passes gRPC status %i on as HTTP %i', async (code, status) => {
    const { get } = api(() => {
      throw new GrpcError(code, 'because');
    });
    expect(await get('/api/search')).toMatchObject({ status, body: 'because' });
  });

  it('keeps the message of a fault inside', async () => {
    const { get, errors } = api(() => {
      throw new Error('secret detail');
    });
    expect(await get('/api/search')).toMatchObject({ status: 500, body: 'internal error; the log has more' });
    expect(errors).toHaveLength(1);
  });

  it('says that there is none', async () => {
    expect(await api(undefined).get('/api/search')).toMatchObject({
      status: 503,
      body: expect.stringContaining('no querier is registered'),
    });
  });
});

describe('traces', () => {
  const nothing: Script = () => [outcome('COMPLETE')];

  it('has no trace: 404 in the first version, an empty trace in the second', async () => {
    const { get, asked } = api(nothing);
    expect(await get('/api/traces/abc')).toMatchObject({ status: 404, body: '' });
    expect((await get('/api/v2/traces/abc')).json()).toEqual({ trace: {}, metrics: { inspectedBytes: '1234' } });
    expect(asked[0]).toEqual({ kind: 'trace', tenant: 'default', trace_id: `${'0'.repeat(29)}abc` });
  });

  it('says PARTIAL', async () => {
    const { get } = api(() => [outcome('PARTIAL', ['writer w1 is away'])]);
    expect((await get('/api/v2/traces/abc')).json()).toMatchObject({ status: 'PARTIAL', message: 'writer w1 is away' });
    expect(await get('/api/traces/abc')).toMatchObject({ status: 503, body: 'writer w1 is away' });
    expect(await get('/api/v2/traces/abc', { accept: 'application/protobuf' })).toMatchObject({
      status: 200,
      type: 'application/protobuf',
    });
  });
});

describe('tags', () => {
  const names: Script = () => [
    { batch: tableOf({ scope: text(['span', 'resource', 'span']), name: text(['http.method', 'service.name', 'a']) }) },
    outcome('COMPLETE'),
  ];
  const values: Script = () => [
    { batch: tableOf({ type: text(['int', 'string']), value: text(['404', 'x']) }) },
    outcome('COMPLETE'),
  ];

  it('lists names by scope', async () => {
    const { scopes } = (await api(names).get('/api/v2/search/tags')).json();
    expect(scopes.slice(0, 2)).toEqual([
      { name: 'resource', tags: ['service.name'] },
      { name: 'span', tags: ['a', 'http.method'] },
    ]);
    expect(scopes[2]).toMatchObject({ name: 'intrinsic', tags: expect.arrayContaining(['duration', 'status']) });
  });

  it('lists names alone, without the built-in ones', async () => {
    expect((await api(names).get('/api/search/tags')).json().tagNames).toEqual(['a', 'http.method', 'service.name']);
  });

  it('lists values with their types', async () => {
    const { get, asked } = api(values);
    expect((await get('/api/v2/search/tag/span.http%252Fstatus/values?q=%7B%20.a%20%3D')).json().tagValues).toEqual([
      { type: 'int', value: '404' },
      { type: 'string', value: 'x' },
    ]);
    expect(asked[0]).toMatchObject({ kind: 'tag_values', tag: 'span.http/status', q: '{ .a =' });
    expect((await get('/api/search/tag/http.status/values')).json().tagValues).toEqual(['404', 'x']);
    expect(asked[1]).toMatchObject({ tag: '.http.status' });
  });

  it('offers the words of status whether they occur or not', async () => {
    const { get, asked } = api(values);
    expect((await get('/api/v2/search/tag/status/values')).json().tagValues).toContainEqual({
      type: 'keyword',
      value: 'error',
    });
    expect(asked).toEqual([]);
  });
});
