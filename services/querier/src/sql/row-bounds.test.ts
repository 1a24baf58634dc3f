// Which files a statement's WHERE leaves to be read, counted; and that no row is lost by it.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeIpcStream } from '@signaldb/flight';
import { Int64, type RecordBatch, Table, TimestampMillisecond, Utf8, vectorFromArray } from 'apache-arrow';
import { epochNs, traceIdOf, tracesOf } from '../testing/spans.ts';
import { TestQuerier } from '../testing/test-querier.ts';
import { TestWorld } from '../testing/test-world.ts';

let world: TestWorld;
let querier: TestQuerier;
const hourNs = 3_600_000_000_000n;
/** Five files of traces, an hour apart, two of them not committed; four spans in each. Two files of logs. */
beforeAll(async () => {
  world = await TestWorld.open();
  querier = new TestQuerier(world);
  for (let hour = 0; hour < 5; hour++) {
    await world.write(
      'traces',
      tracesOf(
        Array.from({ length: 4 }, (_, i) => ({
          trace: `${hour}a${i}`,
          id: `${hour * 4 + i + 1}`,
          at: BigInt(hour) * hourNs + BigInt(i),
        })),
      ),
    );
    if (hour === 2) await world.commit();
  }
  for (const hour of [0n, 3n]) {
    const record = { timeUnixNano: String(epochNs + hour * hourNs), body: { stringValue: `at ${hour}` } };
    await world.write('logs', { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });
  }
});
afterAll(async () => {
  await querier.close();
  await world.close();
});

const at = (hour: number): bigint => epochNs + BigInt(hour) * hourNs;
const stamp = (hour: number): string => `TIMESTAMP '2026-01-01 0${hour}:00:00'`;

describe('files that can have none of the rows are left out', () => {
  it.each<[sql: string, files: number, rows: number]>([
    ['SELECT * FROM traces', 5, 20],
    [`SELECT * FROM traces WHERE start_time >= ${at(3)}`, 2, 8],
    [`SELECT * FROM traces WHERE start_time > ${at(3) + 10_000n}`, 1, 4],
    [`SELECT * FROM traces WHERE ${at(3)} <= start_time`, 2, 8],
    [`SELECT * FROM traces WHERE start_time < ${at(1)}`, 2, 4],
    [`SELECT * FROM traces WHERE start_time < ${at(1) - 10_000n}`, 1, 4],
    [`SELECT * FROM traces WHERE start_time = ${at(2)}`, 1, 1],
    [`SELECT * FROM traces WHERE start_time BETWEEN ${at(1)} AND ${at(2)}`, 2, 5],
    [`SELECT * FROM traces t WHERE t.start_time >= ${at(3)} AND name = 'work' AND start_time < ${at(4)}`, 2, 4],
    [`SELECT * FROM signaldb."default".traces WHERE START_TIME >= ${at(4)}`, 1, 4],
    [`SELECT * FROM traces WHERE start_time >= to_ns('2026-01-01 03:00:00')`, 2, 8],
    [`SELECT * FROM traces WHERE start_time >= to_ns(${stamp(3)})`, 2, 8],
    [`SELECT * FROM traces WHERE start_time >= epoch_ns(${stamp(2)} + INTERVAL 1 HOUR)`, 2, 8],
    [`SELECT * FROM traces WHERE start_time >= ${at(0)} + 3::BIGINT * 3600 * 1000000000`, 5, 8],
    [`SELECT * FROM traces WHERE from_ns(start_time) >= ${stamp(3)}`, 2, 8],
    [`SELECT * FROM traces WHERE make_timestamp_ns(start_time) >= ${stamp(3)}`, 2, 8],
    [`SELECT * FROM spans WHERE start_time >= ${stamp(3)}`, 2, 8],
    [`SELECT * FROM spans WHERE start_time >= '2026-01-01 03:00:00'`, 2, 8],
    [`SELECT * FROM spans s WHERE s.start_time BETWEEN ${stamp(1)} AND ${stamp(2)}`, 2, 8],
    [`SELECT * FROM traces WHERE start_time > ago(INTERVAL 1 hour)`, 0, 0],
    [`SELECT * FROM traces WHERE start_time > epoch_ns(now() - INTERVAL 1 hour)`, 0, 0],
    [`SELECT * FROM spans WHERE start_time > now()::TIMESTAMP - INTERVAL 1 hour`, 0, 0],
    [`SELECT * FROM traces WHERE start_time < ago(INTERVAL 1 hour)`, 5, 20],
    [`SELECT * FROM logs WHERE time >= ${at(1)}`, 1, 1],
    [`SELECT * FROM log_lines WHERE time >= ${stamp(1)}`, 1, 1],
    [`SELECT * FROM search_logs('AT', since := ${at(1)})`, 1, 1],
    [`SELECT * FROM latency_by_service(to_ns('2026-01-01 03:00:00'))`, 2, 1],
    [`SELECT * FROM latency_by_service(until := ${at(1) - 10_000n})`, 1, 1],
    [`SELECT * FROM traces WHERE trace_id = '${traceIdOf('3a1')}'`, 1, 1],
    [`SELECT * FROM traces WHERE trace_id IN ('${traceIdOf('1a1')}', '${traceIdOf('4a3')}')`, 2, 2],
    [`SELECT * FROM traces WHERE trace_id = lower('${traceIdOf('3A1')}')`, 1, 1],
    [`SELECT * FROM traces WHERE trace_id = '${traceIdOf('3a1')}' AND start_time < ${at(1)}`, 0, 0],
    [`SELECT * FROM spans WHERE trace_id = '${traceIdOf('3a1')}'`, 1, 1],
    [`SELECT * FROM span_events WHERE trace_id = '${traceIdOf('3a1')}'`, 1, 0],
    [`SELECT * FROM trace_tree('3A1')`, 1, 1],
    [`SELECT * FROM trace_tree(trace := '${traceIdOf('3a1')}')`, 1, 1],
    [`SELECT * FROM trace_tree('3a1') UNION ALL SELECT * FROM trace_tree('0a1')`, 2, 2],
    [`SELECT count(*) FROM (SELECT * FROM traces WHERE start_time >= ${at(4)})`, 1, 1],
    [`WITH t AS (SELECT * FROM traces WHERE start_time >= ${at(4)}) SELECT * FROM t`, 1, 4],
    [`SELECT a.name FROM traces a JOIN traces b USING (trace_id) WHERE a.start_time >= ${at(4)} AND b.start_time >= ${at(3)}`, 2, 4],
    [`SELECT l.body FROM logs l LEFT JOIN traces t ON t.name = l.body WHERE l.time >= ${at(1)}`, 6, 1],
  ])('%s', async (sql, files, rows) => {
    const answer = await querier.sql(sql);
    expect([answer.outcome.metrics.inspected_files, answer.rows.length]).toEqual([files, rows]);
  }); // biome-ignore format: a table

  it.each<[sql: string, parameters: Record<string, unknown>, files: number, rows: number]>([
    ['SELECT * FROM traces WHERE start_time >= ?', { a: vectorFromArray([at(3)], new Int64()) }, 2, 8],
    ['SELECT * FROM traces WHERE name = ? AND start_time >= $2', { a: vectorFromArray(['work'], new Utf8()), b: vectorFromArray([at(3)], new Int64()) }, 2, 8],
    ['SELECT * FROM spans WHERE start_time >= ?', { a: vectorFromArray([Number(at(3) / 1_000_000n)], new TimestampMillisecond()) }, 2, 8],
    ['SELECT * FROM traces WHERE trace_id = ?', { a: vectorFromArray([traceIdOf('3a1')], new Utf8()) }, 1, 1],
    ['SELECT * FROM trace_tree(?)', { a: vectorFromArray(['3a1'], new Utf8()) }, 1, 1],
  ])('%s with bound values', async (sql, columns, files, rows) => {
    const [batch] = new Table(columns as never).batches as [RecordBatch];
    const parameters = Buffer.concat(encodeIpcStream({ schema: batch.schema, batches: [batch] })).toString('base64');
    const answer = await querier.sql(sql, { parameters });
    expect([answer.outcome.metrics.inspected_files, answer.rows.length]).toEqual([files, rows]);
  }); // biome-ignore format: a table
});

describe('files are read wherever it isn’t certain', () => {
  it.each<[sql: string, rows: number]>([
    [`SELECT * FROM traces WHERE start_time >= ${at(3)} OR name = 'work'`, 20],
    [`SELECT * FROM traces WHERE start_time <> ${at(3)}`, 19],
    [`SELECT * FROM traces WHERE start_time + 0 >= ${at(3)}`, 8],
    [`SELECT * FROM traces WHERE start_time >= duration_ns`, 20],
    [`SELECT * FROM traces WHERE start_time >= (SELECT ${at(3)})`, 8],
    [`SELECT * FROM traces WHERE start_time >= random()`, 20],
    [`SELECT name, ${at(3)} AS start_time FROM traces WHERE start_time >= ${at(0)}`, 20],
    [`SELECT * FROM traces WHERE end_time >= ${at(3)}`, 8],
    [`SELECT * FROM traces WHERE trace_id > '${traceIdOf('3a1')}'`, 6],
    [`SELECT * FROM traces WHERE trace_id = 'ABC'`, 0],
    [`SELECT * FROM (SELECT *, ${at(3)} AS a FROM traces) WHERE a >= ${at(4)}`, 0],
    [`SELECT * FROM traces AS t(a, b, c, d, e, f, start_time) WHERE start_time >= ${at(0)}`, 20],
    [`WITH traces AS (SELECT name, start_time + ${10n * hourNs} AS start_time FROM traces) SELECT * FROM traces WHERE start_time >= ${at(11)}`, 16],
    [`SELECT count(*) FROM traces a, traces b WHERE a.start_time >= ${at(4)}`, 1],
    [`SELECT * FROM traces WHERE start_time >= ${at(4)} UNION ALL SELECT * FROM traces`, 24],
    [`SELECT * FROM logs l ASOF JOIN traces t ON l.time >= t.start_time WHERE t.start_time >= ${at(3)}`, 1],
    [`SELECT * FROM traces WHERE start_time >= ${at(3)} AND start_time >= NULL`, 0],
  ])('%s', async (sql, rows) => {
    const answer = await querier.sql(sql);
    expect(answer.rows).toHaveLength(rows);
    if (!/>= NULL/.test(sql)) expect(answer.outcome.metrics.inspected_files).toBeGreaterThanOrEqual(5);
  }); // biome-ignore format: a table

  it('answers the columns of files that are left out', async () => {
    await world.write('traces', tracesOf([{ trace: 'f', id: 'f', at: 9n * hourNs, attributes: { newest: 1 } }]));
    const { schema } = await querier.sql(`SELECT * FROM traces WHERE start_time < ${at(1)}`);
    expect(schema!.names).toContain('span.newest');
    const described = await querier.sql(`DESCRIBE SELECT * FROM traces WHERE start_time < ${at(1)}`);
    expect(described.rows.map(({ column_name }) => column_name)).toEqual(schema!.names);
  });
});

it('answers the first rows before the last are known', async () => {
  const abort = new AbortController();
  const messages = querier.stream({ kind: 'sql', sql: 'SELECT i FROM range(1000000000000) t(i)' }, abort.signal);
  let rows = 0;
  for await (const { batch } of messages) {
    rows += batch?.numRows ?? 0;
    if (rows > 0) break;
  }
  expect(rows).toBeGreaterThan(0);
  expect(rows).toBeLessThan(10_000_000);
});
