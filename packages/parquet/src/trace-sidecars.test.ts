import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Int32, Int64, Utf8 } from 'apache-arrow';
import { mergeTraceFilters, openTraceFilter } from './index.ts';
import { batchOf, encode } from './testing/batches.ts';
import { type DuckDbReader, openDuckDbReader } from './testing/duckdb-reader.ts';

let reader: DuckDbReader;
beforeAll(async () => {
  reader = await openDuckDbReader();
});
afterAll(() => reader.close());

type Span = readonly [
  trace: string | null,
  parent: string | null,
  start: bigint,
  duration: bigint,
  status: number,
  service: string,
  name: string,
];
const spans = (rows: readonly Span[]) =>
  batchOf({
    trace_id: [new Utf8(), rows.map((r) => r[0])],
    parent_span_id: [new Utf8(), rows.map((r) => r[1])],
    start_time: [new Int64(), rows.map((r) => r[2])],
    duration_ns: [new Int64(), rows.map((r) => r[3])],
    status_code: [new Int32(), rows.map((r) => r[4])],
    service_name: [new Utf8(), rows.map((r) => r[5])],
    name: [new Utf8(), rows.map((r) => r[6])],
  });

const t0 = 1_763_700_000_000_000_000n;
const encodeSpans = (rows: readonly Span[], rowGroupRowsMax = 1000) =>
  encode([spans(rows)], { order: 'trace', traceSidecars: true, rowGroupRowsMax })[0]!;

describe('the trace index', () => {
  it('has a row a trace: times, root, counts', async () => {
    const { traceIndex } = encodeSpans([
      ['bb', 'x', t0 + 5n, 100n, 2, 'cart', 'child'],
      ['bb', null, t0, 50n, 0, 'shop', 'GET /'],
      ['aa', 'y', t0 + 3n, -9n, 2, 'mail', 'orphan'],
      ['aa', 'y', t0 + 7n, 0n, 2, 'mail', 'orphan'],
      [null, null, t0, 0n, 0, 'x', 'no trace'],
    ]);
    expect(await reader.query(traceIndex!)).toEqual([
      ['aa', String(t0 + 3n), String(t0 + 7n), null, null, 2, 2],
      ['bb', String(t0), String(t0 + 105n), 'shop', 'GET /', 2, 1],
    ]);
    expect((await reader.query(traceIndex!, 'describe from FILE')).map(([name]) => name)).toEqual([
      'trace_id',
      'first_time',
      'last_time',
      'root_service_name',
      'root_name',
      'span_count',
      'error_count',
    ]);
  });
});

describe('the trace-id filter', () => {
  const id = (i: number) => (i * 0x9e3779b1).toString(16).padStart(32, '0');
  const rows = Array.from(
    { length: 4000 },
    (_, i): Span => [id(Math.floor(i / 4)), null, t0 + BigInt(i) * 1_000_000n, 1n, 0, 's', 'n'],
  );

  it('finds every trace in its row groups and time, and hardly any other', () => {
    const { traceFilter } = encodeSpans(rows, 700);
    const filter = openTraceFilter(traceFilter!);
    for (let i = 0; i < 1000; i++) {
      const found = filter.lookup(id(i));
      expect(found.length).toBeGreaterThan(0);
      const first = t0 + BigInt(4 * i) * 1_000_000n;
      expect(found.some((m) => m.minTime <= first && first - m.minTime < 70_000_000n)).toBe(true);
      expect(found.some((m) => m.maxTime >= first + 3_000_000n && m.maxTime - first < 70_000_000n)).toBe(true);
    }
    let wrong = 0;
    for (let i = 1000; i < 21_000; i++) wrong += filter.lookup(id(i)).length;
    expect(wrong).toBeLessThan(3);
    expect(filter.lookup(id(3).toUpperCase())).toEqual(filter.lookup(id(3)));
  });

  it('names all row groups that a trace lies in', () => {
    const big = Array.from({ length: 10 }, (_, i): Span => ['aa', null, t0 + BigInt(i), 1n, 0, 's', 'n']);
    const filter = openTraceFilter(encodeSpans(big, 4).traceFilter!);
    expect(filter.lookup('aa').map((m) => m.rowGroups)).toEqual([[0], [1], [2]]);
    expect(filter.lookup('ab')).toEqual([]);
  });

  it('of several files becomes that of the file put together from them', () => {
    const [one, two] = [rows.slice(0, 2000), rows.slice(2000)].map((part) => encodeSpans(part, 1000));
    const merged = openTraceFilter(
      mergeTraceFilters([
        { filter: one!.traceFilter!, firstRowGroup: 0 },
        { filter: two!.traceFilter!, firstRowGroup: 2 },
      ]),
    );
    for (let i = 0; i < 1000; i++) {
      const groups = (i < 500 ? openTraceFilter(one!.traceFilter!) : openTraceFilter(two!.traceFilter!))
        .lookup(id(i))
        .flatMap((m) => m.rowGroups);
      expect(merged.lookup(id(i)).flatMap((m) => m.rowGroups)).toEqual(groups.map((g) => g + (i < 500 ? 0 : 2)));
    }
  });

  it('works where it lies, at any offset', () => {
    const { traceFilter } = encodeSpans(rows.slice(0, 8));
    const moved = new Uint8Array(traceFilter!.length + 1);
    moved.set(traceFilter!, 1);
    expect(openTraceFilter(moved.subarray(1)).lookup(id(1))).toHaveLength(1);
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array, string]>([
    ['nothing', () => new Uint8Array(0), 'too short'],
    ['other bytes', (b) => b.map(() => 1), 'wrong magic'],
    ['another version', (b) => b.with(4, 9), 'of version 9'],
    ['a cut one', (b) => b.slice(0, -1), 'wrong length'],
    ['too many entries', (b) => b.with(10, 9), 'wrong length'],
  ])('is not %s', (_name, change, message) => {
    expect(() => openTraceFilter(change(encodeSpans(rows.slice(0, 8)).traceFilter!))).toThrow(message);
  });
});
