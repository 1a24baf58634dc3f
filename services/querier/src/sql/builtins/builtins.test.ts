import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Status } from '@signaldb/grpc';
import { epochNs, type TestSpan, traceIdOf, tracesOf } from '../../testing/spans.ts';
import { TestQuerier } from '../../testing/test-querier.ts';
import { TestWorld } from '../../testing/test-world.ts';

let world: TestWorld;
let querier: TestQuerier;
const ms = 1_000_000;
const span = (id: string, parent: string | undefined, from: number, to: number, more: Partial<TestSpan> = {}): TestSpan => ({
  trace: 'a',
  id,
  name: id,
  ...(parent !== undefined && { parent }),
  at: from * ms,
  durationNs: (to - from) * ms,
  ...more,
}); // biome-ignore format: one value
beforeAll(async () => {
  world = await TestWorld.open();
  querier = new TestQuerier(world);
  await world.write(
    'traces',
    tracesOf([
      span('1', undefined, 0, 100, { kind: 2 }),
      span('2', '1', 10, 50),
      // Beside the one before, and beyond its parent's end.
      span('3', '1', 30, 120, { status: 2 }),
      span('4', '2', 20, 30),
      // Sent twice; its own parent; of a parent that didn't come; in a ring.
      span('5', '4', 22, 24, { trace: 'b' }),
      span('5', '4', 22, 24, { trace: 'b' }),
      span('6', '6', 30, 31, { trace: 'b' }),
      span('7', '8', 40, 41, { trace: 'c' }),
      span('8', '7', 40, 41, { trace: 'c' }),
      span('9', undefined, 0, 3, { trace: 'd', service: 'cart', kind: 1, status: 2 }),
      span('e', undefined, 3_600_000, 3_600_001, { trace: 'e', service: 'cart', kind: 5 }),
    ]),
  );
  const body = (text: string, second: number) => ({
    timeUnixNano: String(epochNs + BigInt(second) * 1_000_000_000n),
    traceId: traceIdOf('a'),
    body: { stringValue: text },
    severityNumber: 13,
  });
  const logRecords = [body('Payment declined', 2), body('started', 1)];
  await world.write('logs', { resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
});
afterAll(async () => {
  await querier.close();
  await world.close();
});

const rows = async (sql: string) => (await querier.sql(sql)).rows.map((row) => Object.values(row));

describe('trace_tree', () => {
  it('puts children under their parents by time, and takes their time off once', async () => {
    expect(await rows("SELECT span, offset_ms, duration_ms, self_ms FROM trace_tree('A')")).toEqual([
      ['1', 0, 100, 10],
      ['  2', 10, 40, 30],
      ['    4', 20, 10, 10],
      ['  3', 30, 90, 90],
    ]);
  });

  it('gives a span that came twice once, and takes those without a parent for roots', async () => {
    expect(await rows("SELECT span, depth FROM trace_tree('b')")).toEqual([
      ['5', 0],
      ['6', 0],
    ]);
    expect(await rows("SELECT span FROM trace_tree('c')")).toEqual([]);
    expect(await rows("SELECT span FROM trace_tree('no such')")).toEqual([]);
  });

  it('is a table like others', async () => {
    const sql = `SELECT t.trace_id, max(tree.depth) AS depth FROM (SELECT DISTINCT trace_id FROM traces) t, trace_tree(t.trace_id) tree
      GROUP BY ALL ORDER BY ALL LIMIT 2`;
    expect(await rows(sql)).toEqual([
      [traceIdOf('a'), 2],
      [traceIdOf('b'), 0],
    ]);
  });
});

describe('what is calculated over many spans', () => {
  it('is of requests: spans of servers and consumers, and roots', async () => {
    expect(await rows('SELECT service_name, requests, errors, error_rate, max_ms FROM latency_by_service()')).toEqual([
      ['cart', 2n, 1n, 0.5, 3],
      ['shop', 1n, 0n, 0, 100],
    ]);
    expect(await rows("SELECT * FROM latency_histogram('cart')")).toEqual([
      [1, 2, 1n, 0n],
      [2, 4, 1n, 1n],
    ]);
    expect(await rows('SELECT hour(bucket), service_name, requests, errors FROM error_rate(INTERVAL 1 hour)')).toEqual([
      [0n, 'cart', 1n, 1n],
      [0n, 'shop', 1n, 0n],
      [1n, 'cart', 1n, 0n],
    ]);
  });

  it('is of the times asked for', async () => {
    const later = "to_ns('2026-01-01 00:30:00')";
    expect(await rows(`SELECT service_name, requests FROM latency_by_service(${later})`)).toEqual([['cart', 1n]]);
    expect(await rows(`SELECT requests FROM latency_by_service(until := ${later})`)).toEqual([[1n], [1n]]);
  });
});

describe('logs', () => {
  it('are found by trace and by words', async () => {
    expect(await rows("SELECT body FROM logs_of_trace('A')")).toEqual([['started'], ['Payment declined']]);
    expect(await rows("SELECT body FROM search_logs('PAYMENT')")).toEqual([['Payment declined']]);
    expect(await rows("SELECT body FROM search_logs('')")).toEqual([['Payment declined'], ['started']]);
    expect(await rows("SELECT body FROM search_logs('%')")).toEqual([]);
    expect(await rows('SELECT severity FROM log_lines')).toEqual([['warn'], ['warn']]);
  });
});

describe('moments', () => {
  it.each<[sql: string, answer: unknown]>([
    ["to_ns('2026-01-01')", epochNs],
    ["to_ns(DATE '2026-01-01')", epochNs],
    ["to_ns(TIMESTAMP '2026-01-01 00:00:00.000001')", epochNs + 1000n],
    ["to_ns(TIMESTAMPTZ '2026-01-01 01:00:00+01')", epochNs],
    ["to_ns(TIMESTAMP_NS '2026-01-01 00:00:00.000000001')", epochNs + 1n],
    [`to_ns(${epochNs})`, epochNs],
    [`from_ns(${epochNs + 1500n})::VARCHAR`, '2026-01-01 00:00:00.000001'],
    [`typeof(from_ns(${epochNs}))`, 'TIMESTAMP'],
    [`time_bucket('15 minutes', ${epochNs + 1_000_000_000_000n})::VARCHAR`, '2026-01-01 00:15:00'],
    [`time_bucket(INTERVAL 1 day, ${epochNs + 1n})::VARCHAR`, '2026-01-01 00:00:00'],
    ["time_bucket('1 hour', TIMESTAMP '2026-01-01 10:59:59')::VARCHAR", '2026-01-01 10:00:00'],
    ["time_bucket('1 hour', '2026-01-01 10:59:59')::VARCHAR", '2026-01-01 10:00:00'],
    ["time_bucket('1 month', DATE '2026-01-31')::VARCHAR", '2026-01-01 00:00:00'],
    ["abs(to_ns(now()) - ago('1 hour')) = 3600 * 1000000000::BIGINT", true],
    ['ago(INTERVAL 1 hour) < to_ns(now())', true],
    ['from_ns(NULL) IS NULL', true],
    [`attribute([{'key': 'a', 'value': '{"intValue":"5"}'}], 'a')`, '5'],
    [`attribute([{'key': 'a', 'value': '{"stringValue":"x"}'}], 'b') IS NULL`, true],
    [`attribute_text('{"boolValue":false}')`, 'false'],
    [`attribute_text('{"arrayValue":{"values":[]}}')`, '{"arrayValue":{"values":[]}}'],
  ])('%s', async (sql, answer) => {
    expect(await rows(`SELECT ${sql} AS a`)).toEqual([[answer]]);
  });
});

it('a table of the tenant’s own comes before a view of ours', async () => {
  await world.catalog.createNamespace('own');
  const fields = [{ id: 1, name: 'mine', required: false, type: 'long' }];
  await world.catalog.createTable('own', { name: 'spans', schema: { type: 'struct', 'schema-id': 0, fields } });
  const { schema } = await querier.sql('SELECT * FROM spans', { tenant: 'own' });
  expect(schema!.names).toEqual(['mine']);
  expect((await querier.sql("SELECT * FROM trace_tree('a')", { tenant: 'own' })).rows).toEqual([]);
  await expect(querier.sql("SELECT * FROM trace_tree('a', 'b')")).rejects.toMatchObject({
    code: Status.INVALID_ARGUMENT,
    details: expect.stringMatching(/^line 1, column 15: .*trace_tree\(trace VARCHAR\)/s),
  });
});
