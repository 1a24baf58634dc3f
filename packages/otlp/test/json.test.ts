import { describe, expect, it } from '@jest/globals';
import {
  createSignalAppender,
  encodeLogs,
  encodeMetrics,
  encodeTraces,
  OtlpDecodeError,
  type Signal,
} from '../src/index.ts';

const IDS = { traceId: '5B8EFFF798038103D269B633813FC60C', spanId: 'EEE19B7EC3C1B174' };

/** The request after a way through the columns, as OTLP's JSON again; or why it was refused. */
function through(signal: Signal, body: unknown): unknown {
  const appender = createSignalAppender({ signal });
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  try {
    appender.append(bytes, 'json');
  } catch (error) {
    if (!(error instanceof OtlpDecodeError)) throw error;
    expect(error.code).toBe('INVALID');
    return error.message;
  }
  appender.commit(1);
  const sealed = appender.seal();
  const batches = sealed.map(({ batch }) => batch);
  if (signal === 'traces') return encodeTraces(batches, 'json-otlp');
  return signal === 'logs' ? encodeLogs(batches, 'json-otlp') : encodeMetrics(sealed, 'json-otlp');
}

function spans(...list: object[]): object {
  return { resourceSpans: [{ scopeSpans: [{ spans: list }] }] };
}

function firstSpan(span: object | string): Record<string, unknown> {
  const body =
    typeof span === 'string' ? `{"resourceSpans":[{"scopeSpans":[{"spans":[${span}]}]}]}` : spans({ ...IDS, ...span });
  const back = through('traces', body) as { resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[] };
  if (typeof back === 'string') throw new Error(back);
  return back.resourceSpans[0]!.scopeSpans[0]!.spans[0]!;
}

describe('OTLP in JSON', () => {
  it('takes ids of either case, enums by number or name, and 64-bit integers as strings or numbers', () => {
    const ids = { traceId: IDS.traceId.toLowerCase(), spanId: IDS.spanId.toLowerCase() };
    expect(firstSpan({ kind: 2, startTimeUnixNano: '1544712660000000000' })).toMatchObject({
      ...ids,
      kind: 2,
      startTimeUnixNano: '1544712660000000000',
    });
    expect(firstSpan({ kind: 'SPAN_KIND_CLIENT', status: { code: 'STATUS_CODE_ERROR' } })).toMatchObject({
      kind: 3,
      status: { code: 2 },
    });
    expect(firstSpan({ kind: '3' })).toMatchObject({ kind: 3 });
  });

  it('keeps integers exact that are written as numbers', () => {
    const span = `{"traceId":"${IDS.traceId}","spanId":"${IDS.spanId}","startTimeUnixNano":1544712660000000001,
      "attributes":[{"key":"a","value":{"intValue":-9223372036854775808}},{"key":"b","value":{"doubleValue":12345678901234567890}}]}`;
    expect(firstSpan(span)).toMatchObject({
      startTimeUnixNano: '1544712660000000001',
      attributes: [
        { key: 'a', value: { intValue: '-9223372036854775808' } },
        { key: 'b', value: { doubleValue: 12345678901234567000 } },
      ],
    });
  });

  it.each([
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['-Infinity', '-Infinity'],
    ['1.5e3', 1500],
    [0, 0],
    [-0.25, -0.25],
  ])('takes %j for a double', (doubleValue, back) => {
    expect(firstSpan({ attributes: [{ key: 'd', value: { doubleValue } }] }).attributes).toEqual([
      { key: 'd', value: { doubleValue: back } },
    ]);
  });

  it.each(['aGk=', 'aGk', '_-8=', '+/8='])('takes base64 of either alphabet, padded or not: %s', (bytesValue) => {
    expect(firstSpan({ attributes: [{ key: 'b', value: { bytesValue } }] }).attributes).toEqual([
      { key: 'b', value: { bytesValue: Buffer.from(bytesValue, 'base64').toString('base64') } },
    ]);
  });

  it('ignores unknown members and those that are null', () => {
    const span = { ...IDS, name: null, kind: 1, later: { much: [1, 2, { more: true }] }, resource_spans: 7 };
    expect(firstSpan(span)).toMatchObject({ kind: 1 });
    expect(through('traces', { unknown: 1 })).toEqual({ resourceSpans: [] });
  });

  const faults: [string, Signal, unknown, string | RegExp][] = [
    ['no JSON', 'traces', '{"resourceSpans":', /^the body is not JSON: /],
    ['no UTF-8', 'traces', '{"a":"', /^the body is not JSON: /],
    ['an array', 'traces', [], 'the request: an array is not an object'],
    ['null', 'traces', 'null', 'the request: an object is not an object'],
    ['an object for a list', 'traces', { resourceSpans: {} }, 'resourceSpans: an object is not an array'],
    ['a text for a message', 'traces', { resourceSpans: ['x'] }, 'resourceSpans[0]: "x" is not an object'],
    [
      'an id that is not hexadecimal',
      'traces',
      spans(IDS, { ...IDS, traceId: 'xyz!' }),
      'resourceSpans[0].scopeSpans[0].spans[1].traceId: "xyz!" is not hexadecimal',
    ],
    [
      'half a byte',
      'traces',
      spans({ traceId: 'abc' }),
      'resourceSpans[0].scopeSpans[0].spans[0].traceId: "abc" is not hexadecimal',
    ],
    [
      'a name that is a number',
      'traces',
      spans({ ...IDS, name: 5 }),
      'resourceSpans[0].scopeSpans[0].spans[0].name: 5 is not a string',
    ],
    [
      'an unpaired surrogate',
      'traces',
      `{"resourceSpans":[{"schemaUrl":"\\ud800"}]}`,
      'resourceSpans[0].schemaUrl: the text has an unpaired surrogate',
    ],
    [
      'an unknown kind',
      'traces',
      spans({ ...IDS, kind: 'SERVER' }),
      'resourceSpans[0].scopeSpans[0].spans[0].kind: "SERVER" is not one of its names',
    ],
    [
      'a time below 0',
      'traces',
      spans({ ...IDS, startTimeUnixNano: '-1' }),
      'resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano: -1 is not between 0 and 18446744073709551615',
    ],
    [
      'a time that is no integer',
      'traces',
      spans({ ...IDS, endTimeUnixNano: 1.5 }),
      'resourceSpans[0].scopeSpans[0].spans[0].endTimeUnixNano: 1.5 is not an integer',
    ],
    [
      'a count that is too large',
      'traces',
      spans({ ...IDS, droppedLinksCount: 2 ** 32 }),
      'resourceSpans[0].scopeSpans[0].spans[0].droppedLinksCount: 4294967296 is not between 0 and 4294967295',
    ],
    [
      'a boolean that is a text',
      'traces',
      spans({ ...IDS, attributes: [{ key: 'b', value: { boolValue: 'true' } }] }),
      'resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value.boolValue: "true" is not a boolean',
    ],
    [
      'a double that is none',
      'traces',
      spans({ ...IDS, attributes: [{ key: 'd', value: { doubleValue: 'much' } }] }),
      'resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value.doubleValue: "much" is not a number',
    ],
    [
      'bytes that are no base64',
      'logs',
      { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { bytesValue: '?' } }] }] }] },
      'resourceLogs[0].scopeLogs[0].logRecords[0].body.bytesValue: "?" is not base64',
    ],
    [
      'a bucket count that is none',
      'metrics',
      {
        resourceMetrics: [
          { scopeMetrics: [{ metrics: [{ histogram: { dataPoints: [{ bucketCounts: ['1', 'x'] }] } }] }] },
        ],
      },
      'resourceMetrics[0].scopeMetrics[0].metrics[0].histogram.dataPoints[0].bucketCounts[1]: "x" is not an integer',
    ],
  ];
  it.each(faults)('refuses %s, with its place', (_, signal, body, message) => {
    const fault = through(signal, body);
    if (message instanceof RegExp) expect(fault).toMatch(message);
    else expect(fault).toBe(message);
  });

  it('refuses a body that is not UTF-8', () => {
    const appender = createSignalAppender({ signal: 'traces' });
    expect(() => appender.append(Buffer.from([0x7b, 0xff, 0x7d]), 'json')).toThrow('the body is not UTF-8');
  });

  it.each([100, 10_000, 200_000])('refuses values nested %d deep', (levels) => {
    const value = `${'{"arrayValue":{"values":['.repeat(levels)}${']}}'.repeat(levels)}`;
    const body = `{"resourceSpans":[{"resource":{"attributes":[{"key":"k","value":${value}}]},"scopeSpans":[{"spans":[${JSON.stringify(IDS)}]}]}]}`;
    expect(through('traces', body)).toMatch(/nested deeper than|not JSON/);
  });
});
