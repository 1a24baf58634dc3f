import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { epochNs, type TestSpan, traceIdOf, tracesOf } from '../testing/spans.ts';
import { type Answer, TestQuerier } from '../testing/test-querier.ts';
import { TestWorld } from '../testing/test-world.ts';

const second = 1_000_000_000n;

/** A random shop, the same each time. */
function shop(traces: number): TestSpan[] {
  let state = 42;
  const random = (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
  const spans: TestSpan[] = [];
  for (let t = 0; t < traces; t++) {
    const trace = (t + 1).toString(16);
    const start = BigInt(random(3600)) * second + BigInt(random(1e9));
    const count = 1 + random(6);
    for (let s = 0; s < count; s++) {
      spans.push({
        trace,
        id: `${trace}${s}`,
        ...(s > 0 && { parent: `${trace}${random(s)}` }),
        name: ['GET /', 'POST /cart', 'query'][random(3)]!,
        service: ['shop', 'cart', 'db'][random(3)]!,
        at: start + BigInt(s) * 1_000_000n,
        durationNs: BigInt(random(2_000_000_000)),
        kind: 1 + random(3),
        status: random(10) === 0 ? 2 : 0,
        attributes: {
          ...(random(2) === 0 && { 'http.status': 200 + 100 * random(4) }),
          ...(random(50) === 0 && { rare: 'needle' }),
          ...(random(5) === 0 && { list: ['a', 'b'].slice(random(2)) }),
          ...(random(4) === 0 && { mixed: random(2) === 0 ? 'text' : 7 }),
        },
        resource: { region: ['eu', 'us'][random(2)]! },
        events: random(8) === 0 ? [{ name: 'exception', attributes: { 'exception.type': 'Boom' } }] : [],
      });
    }
  }
  return spans;
}

interface Found {
  readonly trace: string;
  readonly matched: number;
  readonly spans: readonly string[];
}

const found = ({ rows }: Answer): Found[] =>
  rows.map((row) => {
    const [set] = JSON.parse((row.span_sets_json as string) ?? '[{"spans": [], "matched": 0}]');
    return {
      trace: String(row.trace_id),
      matched: set.matched,
      spans: set.spans.map(({ spanID }: { spanID: string }) => spanID),
    };
  });

const all = shop(400);
const queries: readonly (readonly [q: string, matches: (span: TestSpan) => boolean])[] = [
  ['{}', () => true],
  ['{ resource.service.name = "cart" }', (s) => s.service === 'cart'],
  ['{ span.http.status >= 400 }', (s) => Number(s.attributes!['http.status'] ?? 0) >= 400],
  ['{ .http.status = 200 && status = error }', (s) => s.attributes!['http.status'] === 200 && s.status === 2],
  ['{ .rare = "needle" }', (s) => s.attributes!.rare === 'needle'],
  ['{ .region = "eu" && kind = server }', (s) => s.resource!.region === 'eu' && s.kind === 2],
  [
    '{ name =~ "(GET|POST) .*" && duration > 1500ms }',
    (s) => s.name !== 'query' && BigInt(s.durationNs!) > 1_500_000_000n,
  ],
  ['{ .list = "b" }', (s) => (s.attributes!.list as string[] | undefined)?.includes('b') === true],
  ['{ .mixed = 7 || .mixed = "text" }', (s) => s.attributes!.mixed !== undefined],
  ['{ event.exception.type = "Boom" }', (s) => s.events!.length > 0],
  ['{ !(name = "query") }', (s) => s.name !== 'query'],
  ['{ .absent = 1 }', () => false],
  ['{ nestedSetParent < 0 }', (s) => s.parent === undefined],
];

/** What a search has to answer: the traces with the newest matching spans, by their start. */
function expected(
  matches: (span: TestSpan) => boolean,
  limit: number,
  spss: number,
  min: bigint,
  max: bigint,
): Found[] {
  const hits = all.filter((span) => BigInt(span.at!) >= min && BigInt(span.at!) <= max && matches(span));
  const byTrace = [...Map.groupBy(hits, ({ trace }) => trace)];
  const latest = (spans: readonly TestSpan[]) => spans.map(({ at }) => BigInt(at!)).reduce((a, b) => (a > b ? a : b));
  const start = (trace: string) =>
    all
      .filter((span) => span.trace === trace)
      .map(({ at }) => BigInt(at!))
      .reduce((a, b) => (a < b ? a : b));
  const down = (a: bigint, b: bigint) => (a > b ? -1 : a < b ? 1 : 0);
  return byTrace
    .sort(([a, x], [b, y]) => down(latest(x), latest(y)) || (traceIdOf(a) < traceIdOf(b) ? -1 : 1))
    .slice(0, limit)
    .sort(([a], [b]) => down(start(a), start(b)) || (traceIdOf(a) < traceIdOf(b) ? -1 : 1))
    .map(([trace, spans]) => ({
      trace: traceIdOf(trace),
      matched: spans.length,
      spans: spans
        .sort((a, b) => (BigInt(a.at!) < BigInt(b.at!) ? -1 : 1))
        .slice(0, spss)
        .map(({ id }) => id.padStart(16, '0')),
    }));
}

/** The same rows in different files give the same answers. */
const layouts: readonly (readonly [name: string, write: (world: TestWorld) => Promise<void>])[] = [
  ['hot, in one file', (world) => world.write('traces', tracesOf(all)).then(() => {})],
  [
    'cold, in files by trace',
    async (world) => {
      for (let i = 0; i < 4; i++)
        await world.write('traces', tracesOf(all.slice((i * all.length) / 4, ((i + 1) * all.length) / 4)));
      await world.commit();
      await world.forgetHot();
    },
  ],
  [
    'half hot, traces torn over files',
    async (world) => {
      await world.write('traces', tracesOf(all.filter((_, i) => i % 3 === 0)));
      await world.commit();
      await world.write('traces', tracesOf(all.filter((_, i) => i % 3 === 1)));
      await world.commit();
      await world.write('traces', tracesOf(all.filter((_, i) => i % 3 === 2)));
    },
  ],
];

describe.each(layouts)('search, %s', (_name, write) => {
  let world: TestWorld;
  let querier: TestQuerier;
  beforeAll(async () => {
    world = await TestWorld.open();
    querier = new TestQuerier(world);
    await write(world);
  });
  afterAll(async () => {
    await querier.close();
    await world.close();
  });

  it.each(queries)('%s', async (q, matches) => {
    for (const [limit, spss, min, max] of [
      [1000, 100, 0n, 3601n * second],
      [5, 2, 0n, 3601n * second],
      [20, 3, 600n * second, 1800n * second],
    ] as const) {
      const range = { start: String(epochNs + min), end: String(epochNs + max) };
      const answer = await querier.get({ kind: 'search', q, limit, spss, ...range });
      expect(found(answer)).toEqual(expected(matches, limit, spss, min, max));
      expect(answer.outcome.metrics.inspected_traces).toBe(answer.rows.length);
    }
  });

  it('knows whole traces: root, times, services', async () => {
    const { rows } = await querier.get({ kind: 'search', q: '{ .rare = "needle" }', limit: 1000 });
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) {
      const spans = all.filter((span) => traceIdOf(span.trace) === row.trace_id);
      const root = spans.find((span) => span.parent === undefined)!;
      const start = BigInt(root.at!);
      const end = spans.map((s) => BigInt(s.at!) + BigInt(s.durationNs!)).reduce((a, b) => (a > b ? a : b));
      const stats: Record<string, { spanCount: number; errorCount: number }> = {};
      for (const { service, status } of spans) {
        stats[service!] ??= { spanCount: 0, errorCount: 0 };
        stats[service!]!.spanCount++;
        if (status === 2) stats[service!]!.errorCount++;
      }
      expect(row).toMatchObject({
        root_service_name: root.service,
        root_trace_name: root.name,
        start_time: epochNs + start,
        duration_ms: (end - start) / 1_000_000n,
      });
      expect(JSON.parse(row.service_stats_json as string)).toEqual(stats);
    }
  });

  it('asks for facts of whole traces', async () => {
    const roots = new Map(all.filter((s) => s.parent === undefined).map((s) => [s.trace, s]));
    const isIn = (service: string) => (s: TestSpan) => roots.get(s.trace)!.service === service;
    const everything = [1000, 100, 0n, 3601n * second] as const;
    const errors = await querier.get({
      kind: 'search',
      q: '{ rootServiceName = "db" && status = error }',
      limit: 1000,
      spss: 100,
    });
    expect(found(errors)).toEqual(expected((s) => isIn('db')(s) && s.status === 2, ...everything));
    const children = (s: TestSpan) => all.filter((other) => other.trace === s.trace && other.parent === s.id).length;
    const parents = await querier.get({ kind: 'search', q: '{ span:childCount > 1 }', limit: 1000, spss: 100 });
    expect(found(parents)).toEqual(expected((s) => children(s) > 1, ...everything));
  });

  it('searches by tags, without span sets', async () => {
    const { rows } = await querier.get({
      kind: 'search',
      tags: { 'http.status': '200', 'service.name': 'cart' },
      limit: 1000,
    });
    const traces = expected(
      (s) => s.attributes!['http.status'] === 200 && s.service === 'cart',
      1000,
      1,
      0n,
      3601n * second,
    );
    expect(rows.map((row) => row.trace_id)).toEqual(traces.map(({ trace }) => trace));
    expect(rows.every((row) => row.span_sets_json === null)).toBe(true);
    const error = await querier.get({ kind: 'search', tags: { error: 'true' }, limit: 1000 });
    expect(error.rows).toHaveLength(new Set(all.filter((s) => s.status === 2).map((s) => s.trace)).size);
    const long = await querier.get({ kind: 'search', tags: {}, min_duration_ns: '1900000000', limit: 1000 });
    expect(long.rows.every((row) => (row.duration_ms as bigint) >= 1900n)).toBe(true);
    expect(long.rows.length).toBeGreaterThan(0);
  });

  it('carries the fields of the query and of select() with each span', async () => {
    const { rows } = await querier.get({
      kind: 'search',
      q: '{ .rare = "needle" } | select(name, kind, resource.region, .http.status)',
      limit: 3,
    });
    for (const row of rows) {
      for (const span of JSON.parse(row.span_sets_json as string)[0].spans) {
        const written = all.find((s) => s.id.padStart(16, '0') === span.spanID && traceIdOf(s.trace) === row.trace_id)!;
        const kinds = ['unspecified', 'internal', 'server', 'client'];
        const status = written.attributes!['http.status'];
        expect(span).toEqual({
          spanID: span.spanID,
          name: written.name,
          startTimeUnixNano: String(epochNs + BigInt(written.at!)),
          durationNanos: String(written.durationNs),
          attributes: [
            { key: 'rare', value: { stringValue: 'needle' } },
            { key: 'kind', value: { stringValue: kinds[written.kind!] } },
            { key: 'region', value: { stringValue: written.resource!.region } },
            ...(status === undefined ? [] : [{ key: 'http.status', value: { intValue: String(status) } }]),
          ],
        });
      }
    }
  });

  it('lists tags and their values', async () => {
    const names = (await querier.get({ kind: 'tags' })).rows.map((row) => `${row.scope} ${row.name}`);
    expect(names.sort()).toEqual([
      'event exception.type',
      'resource region',
      'resource service.name',
      'span http.status',
      'span list',
      'span mixed',
      'span rare',
    ]);
    expect((await querier.get({ kind: 'tags', scope: 'resource' })).rows).toHaveLength(2);
    const values = async (tag: string, more: object = {}) =>
      (await querier.get({ kind: 'tag_values', tag, ...more })).rows.map((row) => `${row.type} ${row.value}`);
    expect(await values('resource.region')).toEqual(['string eu', 'string us']);
    expect(await values('.http.status')).toEqual(['int 200', 'int 300', 'int 400', 'int 500']);
    expect(await values('span.mixed')).toEqual(['int 7', 'string text']);
    expect(await values('span.list')).toEqual(['string a', 'string b']);
    expect(await values('event.exception.type')).toEqual(['string Boom']);
    expect(await values('event:name')).toEqual(['string exception']);
    expect(await values('name')).toEqual(['string GET /', 'string POST /cart', 'string query']);
    expect(await values('rootServiceName')).toEqual(['string cart', 'string db', 'string shop']);
    expect(await values('.nothing')).toEqual([]);
    expect(await values('name', { limit: 1 })).toEqual(['string GET /']);
    const rare = new Set(all.filter((s) => s.attributes!.rare).map((s) => `string ${s.service}`));
    expect(await values('resource.service.name', { q: '{ .rare = "needle" && resource.' })).toEqual([...rare].sort());
    expect(await values('name', { start: '1', end: '2' })).toEqual([]);
  });
});

describe('search', () => {
  let world: TestWorld;
  let querier: TestQuerier;
  beforeAll(async () => {
    world = await TestWorld.open();
    querier = new TestQuerier(world, { searchLimitMax: 2 });
    await world.write('traces', tracesOf(all));
  });
  afterAll(async () => {
    await querier.close();
    await world.close();
  });

  it.each<[q: string, details: RegExp]>([
    ['{ .a = }', /invalid TraceQL query: parse error at line 1, col 8/],
    ['{ name = 5 }', /invalid TraceQL query: type error/],
    ['{} >> {}', /invalid TraceQL query: not supported yet at line 1, col 4/],
    ['{} | rate()', /not supported yet/],
  ])('refuses %s', async (q, details) => {
    await expect(querier.get({ kind: 'search', q })).rejects.toMatchObject({
      code: 3,
      details: expect.stringMatching(details),
    });
  });

  it('keeps to the greatest limit', async () => {
    expect((await querier.get({ kind: 'search', q: '{}', limit: 0 })).rows).toHaveLength(2);
    expect((await querier.get({ kind: 'search', q: '{}', limit: 50 })).rows).toHaveLength(2);
  });

  it('takes odd tag names and values as what they are', async () => {
    for (const tags of [{ 'a" || name != "': 'x' }, { "it's": "'); DROP" }, { ' ': '' }, { '\\': '\\' }] as Record<
      string,
      string
    >[]) {
      expect((await querier.get({ kind: 'search', tags })).rows).toEqual([]);
    }
    for (const tag of ["x' OR 1=1 --", 'span."', "resource.it's", '.', 'event.']) {
      expect((await querier.get({ kind: 'tag_values', tag })).rows).toEqual([]);
    }
  });

  it('finds nothing where there is nothing', async () => {
    const answer = await querier.get({ kind: 'search', q: '{}', tenant: 'nobody' });
    expect([answer.rows, answer.outcome.status]).toEqual([[], 'COMPLETE']);
    expect(answer.schema?.fields.map(({ name }) => name)).toEqual([
      'trace_id',
      'root_service_name',
      'root_trace_name',
      'start_time',
      'duration_ms',
      'span_sets_json',
      'service_stats_json',
    ]);
    expect((await querier.get({ kind: 'tags', tenant: 'nobody' })).rows).toEqual([]);
  });
});
