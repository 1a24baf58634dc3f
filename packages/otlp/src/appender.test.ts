import { describe, expect, it } from '@jest/globals';
import { TracesData } from '@signaldb/proto/opentelemetry/proto/trace/v1/trace';
import { type RecordBatch, Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import { RandomOtlp } from '../test/random-otlp.ts';
import { createSignalAppender, encodeTraces, OtlpDecodeError, signalTables } from './index.ts';

interface SpanJson {
  readonly [name: string]: unknown;
}

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

function request(spans: SpanJson[], resource: Record<string, unknown> = {}, scope = {}): Uint8Array {
  const withIds = spans.map((span, i) => ({
    traceId: TRACE_ID,
    spanId: (i + 1).toString(16).padStart(16, '0'),
    ...span,
  }));
  return Buffer.from(JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: withIds }] }] }));
}

function attributes(values: Record<string, object>): object[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }));
}

function batchOf(bodies: Uint8Array[], attributeColumnsMax = 200): RecordBatch {
  const appender = createSignalAppender({ signal: 'traces', columns: { attributeColumnsMax } });
  bodies.forEach((body, i) => {
    appender.append(body, 'json');
    appender.commit(i + 1);
  });
  return appender.seal()[0]!.batch;
}

/** The batch's attribute columns and overflow, row by row, as plain values. */
function rowsOf(batch: RecordBatch): Record<string, unknown>[] {
  const text = JSON.stringify(
    batch.toArray().map((row) => row?.toJSON()),
    (_, value) => (typeof value === 'bigint' ? `${value}n` : value),
  );
  return JSON.parse(text);
}

function attributeColumns(batch: RecordBatch): string[] {
  return batch.schema.fields
    .slice(signalTables.traces.baseSchema.fields.length)
    .map((field) => `${field.name} ${field.type}`);
}

describe('attribute columns', () => {
  it('have the type of what came first', () => {
    const batch = batchOf([
      request([
        {
          attributes: attributes({
            s: { stringValue: 'x' },
            i: { intValue: '5' },
            d: { doubleValue: 0.5 },
            b: { boolValue: false },
            list: { arrayValue: { values: [{ intValue: 1 }, { intValue: 2 }] } },
          }),
        },
        { attributes: attributes({ s: { intValue: 1 }, list: { arrayValue: { values: [{ stringValue: 'x' }] } } }) },
      ]),
    ]);
    expect(attributeColumns(batch)).toEqual([
      'span.s Utf8',
      'span.i Int64',
      'span.d Float64',
      'span.b Bool',
      'span.list List<Int64>',
    ]);
    const [first, second] = rowsOf(batch);
    expect(first).toMatchObject({
      'span.s': 'x',
      'span.i': '5n',
      'span.d': 0.5,
      'span.b': false,
      'span.list': ['1n', '2n'],
    });
    expect(second).toMatchObject({
      'span.s': null,
      'span.list': null,
      span_overflow: [
        { key: 's', value: '{"intValue":"1"}' },
        { key: 'list', value: '{"arrayValue":{"values":[{"stringValue":"x"}]}}' },
      ],
    });
  });

  const overflowing: [string, Record<string, object>, string][] = [
    ['an empty key', { '': { stringValue: 'x' } }, '{"stringValue":"x"}'],
    ['a key of more than 256 bytes', { ['k'.repeat(257)]: { intValue: 1 } }, '{"intValue":"1"}'],
    ['a key with a NUL', { 'a\0b': { boolValue: true } }, '{"boolValue":true}'],
    ['an empty value', { a: {} }, '{}'],
    ['bytes', { a: { bytesValue: 'aGk=' } }, '{"bytesValue":"aGk="}'],
    ['an empty array', { a: { arrayValue: {} } }, '{"arrayValue":{"values":[]}}'],
    [
      'a mixed array',
      { a: { arrayValue: { values: [{ intValue: 1 }, { boolValue: true }] } } },
      '{"arrayValue":{"values":[{"intValue":"1"},{"boolValue":true}]}}',
    ],
    [
      'a nested array',
      { a: { arrayValue: { values: [{ arrayValue: { values: [{}] } }] } } },
      '{"arrayValue":{"values":[{"arrayValue":{"values":[{}]}}]}}',
    ],
    [
      'key-value lists',
      { a: { kvlistValue: { values: attributes({ b: { doubleValue: 'NaN' }, c: { stringValue: 'q"\n\u0001' } }) } } },
      '{"kvlistValue":{"values":[{"key":"b","value":{"doubleValue":"NaN"}},{"key":"c","value":{"stringValue":"q\\"\\n\\u0001"}}]}}',
    ],
  ];
  it.each(overflowing)('are not made for %s', (_, values, json) => {
    const batch = batchOf([request([{ attributes: attributes(values) }])]);
    expect(attributeColumns(batch)).toEqual([]);
    expect(rowsOf(batch)[0]!.span_overflow).toEqual([{ key: Object.keys(values)[0], value: json }]);
  });

  it('are made for keys up to 256 bytes, in any script', () => {
    const batch = batchOf([
      request([{ attributes: attributes({ ['k'.repeat(256)]: { intValue: 1 }, 日本: { intValue: 2 } }) }]),
    ]);
    expect(attributeColumns(batch)).toEqual([`span.${'k'.repeat(256)} Int64`, 'span.日本 Int64']);
  });

  it('go to the first of names that differ in case, and to the first of duplicates', () => {
    const duplicate = { key: 'http.route', value: { stringValue: 'again' } };
    const both = attributes({ 'http.route': { stringValue: '/a' }, 'HTTP.Route': { stringValue: '/b' } });
    const batch = batchOf([request([{ attributes: [...both, duplicate] }])]);
    expect(attributeColumns(batch)).toEqual(['span.http.route Utf8']);
    expect(rowsOf(batch)[0]).toMatchObject({
      'span.http.route': '/a',
      span_overflow: [
        { key: 'HTTP.Route', value: '{"stringValue":"/b"}' },
        { key: 'http.route', value: '{"stringValue":"again"}' },
      ],
    });
  });

  it('are bounded over all scopes, and a resource comes before its spans', () => {
    const spans = [{ attributes: attributes({ a: { intValue: 1 }, b: { intValue: 2 } }) }];
    const batch = batchOf([request(spans, { attributes: attributes({ r: { stringValue: 'x' } }) })], 2);
    expect(attributeColumns(batch)).toEqual(['resource.r Utf8', 'span.a Int64']);
    expect(rowsOf(batch)[0]!.span_overflow).toEqual([{ key: 'b', value: '{"intValue":"2"}' }]);
  });

  it('depend on the rows of their own batch alone', () => {
    const appender = createSignalAppender({ signal: 'traces', columns: { attributeColumnsMax: 1 } });
    const names = [
      { a: { intValue: 1 } },
      { b: { intValue: 1 } },
      { a: { stringValue: 'now text' } },
      { A: { stringValue: 'other case' } },
    ];
    const columns = names.map((values) => {
      appender.append(request([{ attributes: attributes(values) }]), 'json');
      appender.commit(1);
      return attributeColumns(appender.seal()[0]!.batch);
    });
    expect(columns).toEqual([['span.a Int64'], ['span.b Int64'], ['span.a Utf8'], ['span.A Utf8']]);
  });

  it('hold service.name in service_name when it is a text', () => {
    const text = batchOf([request([{}], { attributes: attributes({ 'service.name': { stringValue: 'shop' } }) })]);
    const number = batchOf([request([{}], { attributes: attributes({ 'service.name': { intValue: 7 } }) })]);
    expect([attributeColumns(text), rowsOf(text)[0]!.service_name]).toEqual([[], 'shop']);
    expect(rowsOf(number)[0]).toMatchObject({
      service_name: null,
      resource_overflow: [{ key: 'service.name', value: '{"intValue":"7"}' }],
    });
  });
});

describe('rows', () => {
  it.each([
    ['1767225599999999999', '2025-12-31T23:00:00.000Z'],
    ['1767225600000000000', '2026-01-01T00:00:00.000Z'],
    ['946684800000000000', '2000-01-01T00:00:00.000Z'],
    ['946684799999999999', '1970-01-01T00:00:00.000Z'],
    ['4102444800000000000', '1970-01-01T00:00:00.000Z'],
    ['0', '1970-01-01T00:00:00.000Z'],
    ['18446744073709551615', '1970-01-01T00:00:00.000Z'],
  ])('that begin at %s lie in the hour %s', (startTimeUnixNano, hour) => {
    const batch = batchOf([request([{ startTimeUnixNano }])]);
    expect(new Date(batch.getChild('hour')!.get(0)).toISOString()).toBe(hour);
  });

  it.each([
    ['1000', '3500', 2500n],
    ['3500', '1000', -2500n],
    ['0', '18446744073709551615', -1n],
    ['18446744073709551615', '0', 1n],
    ['4294967295', '4294967296', 1n],
  ])('from %s to %s last %d ns, wrapping', (startTimeUnixNano, endTimeUnixNano, duration) => {
    const batch = batchOf([request([{ startTimeUnixNano, endTimeUnixNano }])]);
    expect(batch.getChild('duration_ns')!.get(0)).toBe(duration);
    const [span] = JSON.parse(JSON.stringify(encodeTraces([batch], 'json-otlp'))).resourceSpans[0].scopeSpans[0].spans;
    expect(span.endTimeUnixNano ?? '0').toBe(endTimeUnixNano);
  });

  it.each([
    [{ traceId: '' }, 'traceId: has 0 bytes, not 16'],
    [{ traceId: '0102' }, 'traceId: has 2 bytes, not 16'],
    [{ traceId: '0'.repeat(32) }, 'traceId: is all zero'],
    [{ spanId: '' }, 'spanId: has 0 bytes, not 8'],
    [{ spanId: '0'.repeat(16) }, 'spanId: is all zero'],
    [{ parentSpanId: '0102' }, 'parentSpanId: has 2 bytes, not 8'],
  ])('with %j are left out for themselves alone', (ids, fault) => {
    const appender = createSignalAppender({ signal: 'traces' });
    const bad = { ...ids, attributes: attributes({ only: { intValue: 1 }, both: { intValue: 1 } }) };
    const good = { attributes: attributes({ both: { intValue: 2 } }) };
    const resource = { attributes: attributes({ r: { stringValue: 'x' } }) };
    expect(appender.append(request([bad, good, bad], resource, { name: 'lib' }), 'json')).toEqual({
      rows: 1,
      tables: [{ table: 'traces', rows: 1 }],
      rejected: { count: 2, reason: `resourceSpans[0].scopeSpans[0].spans[0].${fault}` },
    });
    appender.commit(1);
    const { batch } = appender.seal()[0]!;
    expect(attributeColumns(batch)).toEqual(['resource.r Utf8', 'span.both Int64']);
    expect(rowsOf(batch)).toMatchObject([{ 'span.both': '2n', 'resource.r': 'x', scope_name: 'lib' }]);
  });

  it('leave nothing of a request that had only bad spans', () => {
    const appender = createSignalAppender({ signal: 'traces' });
    const result = appender.append(
      request([{ traceId: '' }], { attributes: attributes({ r: { intValue: 1 } }) }),
      'json',
    );
    expect(result).toMatchObject({ rows: 0, tables: [], rejected: { count: 1 } });
    appender.commit(1);
    expect(appender.seal()).toEqual([]);
  });

  it('take a parent of zeros for none', () => {
    expect(rowsOf(batchOf([request([{ parentSpanId: '0'.repeat(16) }])]))[0]!.parent_span_id).toBeNull();
  });
});

describe('requests', () => {
  it('join in one batch, which says whose rows are whose', () => {
    const appender = createSignalAppender({ signal: 'traces' });
    const bodies: [number, Uint8Array][] = [
      [4, request([{}, {}])],
      [5, request([])],
      [9, request([{}])],
    ];
    for (const [lsn, body] of bodies) {
      appender.append(body, 'json');
      appender.commit(lsn);
    }
    expect(appender.rows).toBe(3);
    expect(appender.bytes).toBeGreaterThan(0);
    const [sealed, ...rest] = appender.seal();
    expect(rest).toEqual([]);
    expect(sealed).toMatchObject({
      table: 'traces',
      firstLsn: 4,
      lastLsn: 9,
      runs: [
        [4, 2],
        [9, 1],
      ],
    });
    expect(sealed!.batch.numRows).toBe(3);
    expect([appender.rows, appender.bytes, appender.seal()]).toEqual([0, 0, []]);
  });

  it('can be rolled back, also when they brought columns', () => {
    const appender = createSignalAppender({ signal: 'traces' });
    appender.append(request([{ attributes: attributes({ a: { intValue: 1 } }) }]), 'json');
    appender.commit(1);
    appender.append(request([{ attributes: attributes({ a: { intValue: 2 }, b: { stringValue: 'x' } }) }]), 'json');
    appender.rollback();
    appender.append(request([{ attributes: attributes({ a: { intValue: 3 } }) }]), 'json');
    appender.commit(2);
    const { batch } = appender.seal()[0]!;
    expect(attributeColumns(batch)).toEqual(['span.a Int64']);
    expect(rowsOf(batch).map((row) => row['span.a'])).toEqual(['1n', '3n']);
  });

  it('must be settled one by one', () => {
    const appender = createSignalAppender({ signal: 'traces' });
    appender.append(request([{}]), 'json');
    expect(() => appender.append(request([{}]), 'json')).toThrow('neither committed nor rolled back');
    expect(() => appender.seal()).toThrow('neither committed nor rolled back');
    appender.commit(1);
    expect(() => appender.commit(2)).toThrow('no append');
    expect(() => appender.rollback()).toThrow('no append');
  });

  it('that fail leave what was there before as it was', () => {
    for (let seed = 0; seed < 8; seed++) {
      const random = new RandomOtlp(seed);
      const good = TracesData.encode(random.traces()).finish();
      const other = TracesData.encode(random.traces()).finish();
      const expected = createSignalAppender({ signal: 'traces' });
      const tried = createSignalAppender({ signal: 'traces' });
      for (const lsn of [1, 2]) {
        for (const appender of [expected, tried]) {
          appender.append(good, 'protobuf');
          appender.commit(lsn);
        }
        for (let cut = 1; cut < other.length; cut += 7) {
          try {
            tried.append(other.subarray(0, cut), 'protobuf');
            tried.rollback();
          } catch (error) {
            expect(error).toBeInstanceOf(OtlpDecodeError);
          }
        }
      }
      const bytes = [expected, tried].map((appender) =>
        appender.seal().map(({ batch }) => tableToIPC(new Table([batch]))),
      );
      expect(bytes[1]).toEqual(bytes[0]);
    }
  });

  it('give batches that Arrow can write and read, again and again', () => {
    const appender = createSignalAppender({ signal: 'traces' });
    for (let round = 0; round < 20; round++) {
      const random = new RandomOtlp(round);
      const data = { resourceSpans: [...random.traces().resourceSpans, ...random.traces().resourceSpans] };
      appender.append(TracesData.encode(data).finish(), 'protobuf');
      appender.commit(round);
      for (const { batch } of appender.seal()) {
        const read = tableFromIPC(tableToIPC(new Table([batch]), 'stream'));
        expect(read.numRows).toBe(batch.numRows);
        expect(encodeTraces(read.batches, 'protobuf')).toEqual(encodeTraces([batch], 'protobuf'));
      }
    }
  });

  it('of many sizes in turn are kept apart', () => {
    const appender = createSignalAppender({ signal: 'traces' });
    for (const count of [1, 300, 3, 2000, 2, 1, 0, 70, 5000, 1]) {
      const spans = Array.from({ length: count }, (_, i) => ({
        name: `span ${i}`,
        attributes: attributes({
          n: { intValue: i },
          ...(i % 3 === 0 && { third: { stringValue: 'ü'.repeat(i % 100) } }),
        }),
      }));
      appender.append(request(spans, { attributes: attributes({ 'service.name': { stringValue: 'many' } }) }), 'json');
      appender.commit(1);
      const batch = appender.seal()[0]?.batch;
      expect(batch?.numRows ?? 0).toBe(count);
      const back = batch ? rowsOf(batch) : [];
      expect(
        back.every((row, i) => row.name === `span ${i}` && row['span.n'] === `${i}n` && row.service_name === 'many'),
      ).toBe(true);
      expect(back.every((row, i) => (row['span.third'] ?? null) === (i % 3 === 0 ? 'ü'.repeat(i % 100) : null))).toBe(
        true,
      );
    }
  });
});
