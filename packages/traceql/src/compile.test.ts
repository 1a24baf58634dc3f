import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ColumnType, checkSearch, compileSearch, parse, type TraceTable } from './index.ts';

// What a filter means is asked of DuckDB itself, on a handful of spans. `id` names a span in the tables below.
const columns = new Map<string, ColumnType>([
  ['span.n', 'int'],
  ['span.f', 'float'],
  ['span.s', 'string'],
  ['span.b', 'bool'],
  ['span.tags', 'string[]'],
  ['span.codes', 'int[]'],
  ['resource.s', 'string'],
  ['resource.n', 'int'],
]);
const table: TraceTable = { columns, overflow: new Set(['span']) };
const base = `SELECT *, 0::INT kind, NULL::INT status_code, NULL::VARCHAR status_message, NULL::VARCHAR parent_span_id, NULL::VARCHAR scope_name,
  [] ::STRUCT(time BIGINT, name VARCHAR, attributes STRUCT(key VARCHAR, value VARCHAR)[])[] events FROM (VALUES
  ('a', 'GET /', 100, 'shop', 5, 1.5, 'x', true, ['p', 'q'], [1, 2], 'r', 7, NULL),
  ('b', 'POST /', 2000000000, 'shop', NULL, NULL, 'it''s', false, NULL, NULL, 'x', NULL, [{key: 'n', value: '{"stringValue":"five"}'}, {key: 'm', value: '{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"y"}]}}'}]),
  ('c', 'db', 3, NULL, 6, NULL, NULL, NULL, ['q'], NULL, NULL, 6, [{key: 'n', value: '{"doubleValue":9.5}'}, {key: 'empty', value: '{}'}])
  ) t(id, name, duration_ns, service_name, "span.n", "span.f", "span.s", "span.b", "span.tags", "span.codes", "resource.s", "resource.n", span_overflow)`;
const special = `SELECT 'd' id, 'root' AS name, 5::BIGINT duration_ns, 'pay' service_name, NULL "span.n", NULL "span.f", NULL "span.s", NULL "span.b", NULL "span.tags", NULL "span.codes", NULL "resource.s", NULL "resource.n", NULL span_overflow,
  2 kind, 2 status_code, 'boom' status_message, 'ff' parent_span_id, 'lib' scope_name,
  [{time: 1000, name: 'exception', attributes: [{key: 'message', value: '{"stringValue":"bad luck"}'}]}] events`;

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await (await DuckDBInstance.create()).connect();
  await connection.run(
    `CREATE TABLE spans AS SELECT *, 400::BIGINT AS start_time, '${'0'.repeat(29)}abc' trace_id, 'svc' __root_service FROM (${base} UNION ALL ${special})`,
  );
});
afterAll(() => connection.closeSync());

async function found(query: string, of: TraceTable = table): Promise<string> {
  const { where } = compileSearch(checkSearch(parse(query)), of);
  const rows = await connection.runAndReadAll(`SELECT id FROM spans WHERE ${where} ORDER BY id`);
  return rows.getRows().flat().join('');
}

describe('filters find', () => {
  it.each([
    ['{}', 'abcd'],
    ['{ true }', 'abcd'],
    ['{ false }', ''],
    ['{ span.n = 5 }', 'a'],
    ['{ span.n = 5.0 }', 'a'],
    ['{ 5 = span.n }', 'a'],
    ['{ 5 < span.n }', 'c'],
    ['{ span.n > 4 }', 'ac'],
    ['{ span.n = "five" }', 'b'],
    ['{ span.n >= 9.5 }', 'c'],
    ['{ span.m = "y" }', 'b'],
    ['{ span.m = 1 }', 'b'],
    ['{ span.f = 1.5 }', 'a'],
    ['{ span.b }', 'a'],
    ['{ span.b = false }', 'b'],
    ['{ !span.b }', 'bcd'],
    ['{ span.s = "it\'s" }', 'b'],
    ['{ span.s != "x" }', 'b'],
    ['{ !(span.s = "x") }', 'bcd'],
    ['{ span.s =~ "i.*" }', 'b'],
    ['{ span.s =~ "i" }', ''],
    ['{ span.s !~ "i.*" }', 'a'],
    ['{ span.tags = "q" }', 'ac'],
    ['{ span.tags != "p" }', 'c'],
    ['{ span.tags =~ "p|z" }', 'a'],
    ['{ span.codes > 1 }', 'a'],
    ['{ .s = "x" }', 'ab'.replace('b', '')],
    ['{ resource.s = "x" }', 'b'],
    ['{ .n = 7 }', ''],
    ['{ span.s = nil }', 'cd'],
    ['{ span.s != nil }', 'ab'],
    ['{ span.empty != nil }', 'c'],
    ['{ span.S = "x" }', ''],
    ['{ .nothing = 1 || name = "db" }', 'c'],
    ['{ span.n + 1 > 6 }', 'c'],
    ['{ span.n = resource.n }', 'c'],
    ['{ span.n < resource.n && -span.n < 0 }', 'a'],
    ['{ 2 ^ 3 = 8 && span.n % 2 = 1 }', 'a'],
    ['{ duration > 1s }', 'b'],
    ['{ span:duration <= 100ns }', 'acd'],
    ['{ name =~ "(GET|POST) /" }', 'ab'],
    ['{ kind = server }', 'd'],
    ['{ kind != server }', 'abc'],
    ['{ status = error }', 'd'],
    ['{ status = unset }', 'abc'],
    ['{ statusMessage = "boom" }', 'd'],
    ['{ nestedSetParent < 0 }', 'abc'],
    ['{ nestedSetParent >= 0 }', 'd'],
    ['{ event:name = "exception" }', 'd'],
    ['{ event.message =~ "bad.*" }', 'd'],
    ['{ event:timeSinceStart > 500ns }', 'd'],
    ['{ instrumentation:name = "lib" }', 'd'],
    ['{ resource.service.name = "shop" }', 'ab'],
    ['{ .service.name = "shop" && (duration > 1s || span.b) }', 'ab'],
    ['{ trace:id = "ABC" }', 'abcd'],
    ['{ rootService = "svc" }', 'abcd'],
    ['{ span.s = "\' OR 1=1 --" }', ''],
  ])('%s → %s', async (query, ids) => {
    expect(await found(query)).toBe(ids);
  });

  it('leaves the overflow alone where nothing is in it', async () => {
    const without: TraceTable = { columns, overflow: new Set() };
    expect(compileSearch(checkSearch(parse('{ span.n = 5 }')), without).where).toBe('"span.n" = 5');
    expect(compileSearch(checkSearch(parse('{ span.unknown = 5 }')), without).where).toBe('FALSE');
  });

  it('takes a long chain without nesting it', async () => {
    expect(await found(`{ ${Array.from({ length: 3000 }, (_, i) => `span.n = ${i}`).join(' || ')} }`)).toBe('ac');
  });
});

describe('selected fields', () => {
  it.each([
    ['{ span.n > 0 }', 'a', { n: '{"intValue":"5"}' }],
    ['{ span.n > 0 }', 'c', { n: '{"intValue":"6"}' }],
    [
      '{ .s != nil } | select(status, kind, resource.service.name)',
      'a',
      {
        s: '{"stringValue":"x"}',
        status: '{"stringValue":"unset"}',
        kind: '{"stringValue":"unspecified"}',
        'service.name': '{"stringValue":"shop"}',
      },
    ],
    [
      '{} | select(span.tags, span.m, event.message)',
      'a',
      { tags: '{"arrayValue":{"values":[{"stringValue":"p"},{"stringValue":"q"}]}}', m: null, message: null },
    ],
    [
      '{} | select(event.message, nestedSetParent)',
      'd',
      { message: '{"stringValue":"bad luck"}', nestedSetParent: '{"intValue":"1"}' },
    ],
  ])('%s of %s', async (query, id, expected) => {
    const { selects } = compileSearch(checkSearch(parse(query)), table);
    const rows = await connection.runAndReadAll(
      `SELECT ${selects.map((s, i) => `${s.json} c${i}`).join(', ')} FROM spans WHERE id = '${id}'`,
    );
    expect(Object.fromEntries(selects.map((s, i) => [s.key, rows.getRows()[0]![i]]))).toEqual(expected);
  });

  it('tells what it needs of the whole trace', () => {
    expect(
      [...compileSearch(checkSearch(parse('{ rootName = "x" && span:childCount > 2 }')), table).needs].sort(),
    ).toEqual(['childCount', 'trace']);
  });
});
