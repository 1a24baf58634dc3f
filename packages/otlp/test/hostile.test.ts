import { describe, expect, it } from '@jest/globals';
import { LogsData } from '@signaldb/proto/opentelemetry/proto/logs/v1/logs';
import { MetricsData } from '@signaldb/proto/opentelemetry/proto/metrics/v1/metrics';
import { TracesData } from '@signaldb/proto/opentelemetry/proto/trace/v1/trace';
import { type AppendResult, createSignalAppender, encodeTraces, OtlpDecodeError, type Signal } from '../src/index.ts';
import { WireWriter } from '../src/wire/writer.ts';
import { RandomOtlp } from './random-otlp.ts';

const signals: readonly Signal[] = ['traces', 'logs', 'metrics'];

function make(signal: Signal, random: RandomOtlp): Uint8Array {
  if (signal === 'traces') return TracesData.encode(random.traces()).finish();
  if (signal === 'logs') return LogsData.encode(random.logs()).finish();
  return MetricsData.encode(random.metrics()).finish();
}

const REQUEST_BYTES_MAX = 2 ** 28;
const appenders = {
  traces: createSignalAppender({ signal: 'traces', requestBytesMax: REQUEST_BYTES_MAX }),
  logs: createSignalAppender({ signal: 'logs', requestBytesMax: REQUEST_BYTES_MAX }),
  metrics: createSignalAppender({ signal: 'metrics', requestBytesMax: REQUEST_BYTES_MAX }),
};

/** What becomes of a body: rows, or why it was refused. Any error but OtlpDecodeError fails the test. */
function attempt(
  body: Uint8Array,
  signal: Signal = 'traces',
  requestBytesMax = REQUEST_BYTES_MAX,
): AppendResult | string {
  const appender =
    requestBytesMax === REQUEST_BYTES_MAX ? appenders[signal] : createSignalAppender({ signal, requestBytesMax });
  try {
    const result = appender.append(body, 'protobuf');
    appender.commit(1);
    appender.seal();
    return result;
  } catch (error) {
    if (!(error instanceof OtlpDecodeError)) throw error;
    expect([appender.rows, appender.bytes]).toEqual([0, 0]);
    return `${error.code} ${error.message}`;
  }
}

function message(field: number, ...parts: (Uint8Array | string)[]): Uint8Array {
  const out = new WireWriter();
  out.bytes(field, Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part))));
  return out.finish();
}

const IDS = `0a10${'11'.repeat(16)}1208${'22'.repeat(8)}`;

/** A request of one span: its ids and what else is given, in hexadecimal or bytes. */
function spanWith(...parts: (Uint8Array | string)[]): Uint8Array {
  return message(1, message(2, message(2, IDS, ...parts)));
}

function text(field: number, value: string): Uint8Array {
  return message(field, Buffer.from(value));
}

function nested(levels: number, wrap: (inner: Uint8Array) => Uint8Array): Uint8Array {
  let value: Uint8Array = text(1, 'deep');
  for (let i = 1; i < levels; i++) value = wrap(value);
  return message(9, text(1, 'key'), message(2, value));
}

describe('bytes that are no OTLP', () => {
  it.each(signals)('are refused wherever a request of %s is cut', (signal) => {
    for (let seed = 0; seed < 2; seed++) {
      const body = make(signal, new RandomOtlp(seed));
      for (let cut = 0; cut < body.length; cut++) attempt(body.subarray(0, cut), signal);
    }
  });

  it.each(signals)('are refused or taken, but break nothing, when bytes of %s change', (signal) => {
    for (let seed = 0; seed < 100; seed++) {
      const random = new RandomOtlp(seed);
      const body = Uint8Array.from(make(signal, random));
      for (let change = 0; change < 3 && body.length > 0; change++) {
        body[Math.floor(random.next() * body.length)] = random.pick([
          0,
          1,
          0x7f,
          0x80,
          0xff,
          Math.floor(random.next() * 256),
        ]);
        attempt(body, signal);
      }
    }
  });

  it.each(signals)('are refused when they are noise (%s)', (signal) => {
    for (let seed = 0; seed < 300; seed++) attempt(new RandomOtlp(seed).id(1 + (seed % 60)), signal);
  });

  const span = 'resourceSpans[0].scopeSpans[0].spans[0]';
  const cases: [string, Uint8Array, string][] = [
    [
      'a length past the end',
      Buffer.from('0a05ff', 'hex'),
      'the request: a length of 5 bytes runs past the 1 that are left (byte 1)',
    ],
    [
      'a length of 2^63 - 1',
      Buffer.from('0affffffffffffffff7f', 'hex'),
      'the request: a length of 9223372036854775807 bytes runs past the 0 that are left (byte 1)',
    ],
    [
      'a length of 2^32',
      Buffer.from('0a808080801000', 'hex'),
      'the request: a length of 4294967296 bytes runs past the 1 that are left (byte 1)',
    ],
    [
      'a number of eleven bytes',
      Buffer.from(`78${'80'.repeat(10)}01`, 'hex'),
      'the request: a number of more than ten bytes (byte 1)',
    ],
    ['field number 0', Buffer.from('0200', 'hex'), 'the request: field number 0 is not allowed (byte 0)'],
    [
      'a field number of more than 29 bits',
      Buffer.from('828080808001', 'hex'),
      'the request: the field number is out of range (byte 0)',
    ],
    ['wire type 6', spanWith('0e'), `${span}.traceId: wire type 6 does not exist (byte 35)`],
    ['wire type 7', spanWith('0f'), `${span}.traceId: wire type 7 does not exist (byte 35)`],
    [
      'another wire type than the field has',
      spanWith('2801'),
      `${span}.name: field 5 has wire type 0, which is not its own (byte 35)`,
    ],
    [
      'a resource that is a number',
      message(1, '0801'),
      'resourceSpans[0].resource: field 1 has wire type 0, which is not its own (byte 3)',
    ],
    ['an end of a group that never began', spanWith('9c07'), `${span}: a group ends that never began (byte 36)`],
    ['a group that another ends', spanWith('9b079c0f'), `${span}: a group ends that never began (byte 38)`],
    ['a group that never ends', spanWith('9b070801'), `${span}: the message ends within a group (byte 38)`],
    ['groups nested too deeply', spanWith('9b07'.repeat(65)), `${span}: groups nested deeper than 64 (byte 167)`],
    [
      'a time cut short',
      spanWith('39010203'),
      `${span}.startTimeUnixNano: the message ends within a 64-bit number (byte 35)`,
    ],
    ['a name that is not UTF-8', spanWith('2a02c328'), `${span}.name: the text is not UTF-8 (byte 36)`],
    ['an overlong form', spanWith('2a02c080'), `${span}.name: the text is not UTF-8 (byte 36)`],
    ['a surrogate', spanWith('2a03eda080'), `${span}.name: the text is not UTF-8 (byte 36)`],
    ['a code point above U+10FFFF', spanWith('2a04f4908080'), `${span}.name: the text is not UTF-8 (byte 36)`],
    [
      'a long text that is not UTF-8',
      spanWith(message(5, 'ff'.repeat(300))),
      `${span}.name: the text is not UTF-8 (byte 40)`,
    ],
    [
      'a key that is not UTF-8',
      spanWith(message(9, '0a01ff', message(2, text(1, 'x')))),
      `${span}.attributes[0].key: the text is not UTF-8 (byte 38)`,
    ],
    [
      'a value that is not UTF-8',
      spanWith(message(9, text(1, 'k'), message(2, '0a01ff'))),
      `${span}.attributes[0].value.stringValue: the text is not UTF-8 (byte 43)`,
    ],
    [
      'a text in an event that is not UTF-8',
      spanWith(message(11, message(3, text(1, 'k'), message(2, '0a01ff')))),
      `${span}.events[0].attributes[0].value.stringValue: the text is not UTF-8 (byte 45)`,
    ],
    [
      'a text in an array that is not UTF-8',
      spanWith(message(9, text(1, 'k'), message(2, message(5, message(1, '0a01ff'))))),
      `${span}.attributes[0].value.arrayValue.values[0].stringValue: the text is not UTF-8 (byte 47)`,
    ],
  ];
  it.each(cases)('are refused with the place of %s', (_, body, fault) => {
    expect(attempt(body)).toBe(`INVALID ${fault}`);
  });
});

describe('values nested in values', () => {
  const wraps: [string, (inner: Uint8Array) => Uint8Array][] = [
    ['arrays', (inner) => message(5, message(1, inner))],
    ['key-value lists', (inner) => message(6, message(1, text(1, 'k'), message(2, inner)))],
  ];
  it.each(wraps)('are taken as %s to 64 levels', (_, wrap) => {
    expect(attempt(spanWith(nested(64, wrap)))).toMatchObject({ rows: 1 });
  });

  it.each(wraps)('are refused as %s beyond', (_, wrap) => {
    expect(attempt(spanWith(nested(65, wrap)))).toMatch(/^INVALID .*: values nested deeper than 64 levels/);
    expect(attempt(spanWith(nested(2000, wrap)))).toMatch(/^INVALID .*: values nested deeper than 64 levels/);
  });
});

describe('what is unusual but right', () => {
  it('skips unknown fields of every wire type, also groups', () => {
    const unknown = `c03e01${'c13e'}${'00'.repeat(8)}c23e03616263c33e08010a0161c43ec53e00000000`;
    const body = Buffer.concat([spanWith(unknown, text(5, 'known')), Buffer.from(unknown, 'hex')]);
    expect(attempt(body)).toMatchObject({ rows: 1 });
  });

  it('takes the last of a field that comes twice', () => {
    const appender = createSignalAppender({ signal: 'traces' });
    appender.append(
      spanWith(text(5, 'first'), '3001', text(5, 'second'), '3002', `0a10${'33'.repeat(16)}`),
      'protobuf',
    );
    appender.commit(1);
    const { resourceSpans } = encodeTraces([appender.seal()[0]!.batch], 'json-otlp');
    expect(JSON.parse(JSON.stringify(resourceSpans))[0].scopeSpans[0].spans[0]).toMatchObject({
      traceId: '33'.repeat(16),
      name: 'second',
      kind: 2,
    });
  });

  it('joins a resource and a scope that come in pieces, before and after their spans', () => {
    const attribute = (key: string) => message(1, message(1, text(1, key), message(2, text(1, key.toUpperCase()))));
    const scope = message(
      2,
      text(3, 'scope-url'),
      message(2, IDS),
      message(1, text(1, 'lib')),
      message(1, text(2, '1.0')),
    );
    const appender = createSignalAppender({ signal: 'traces' });
    appender.append(message(1, attribute('a'), scope, attribute('b'), text(3, 'url')), 'protobuf');
    appender.commit(1);
    expect(appender.seal()[0]!.batch.toArray()[0]!.toJSON()).toMatchObject({
      'resource.a': 'A',
      'resource.b': 'B',
      resource_schema_url: 'url',
      scope_name: 'lib',
      scope_version: '1.0',
      scope_schema_url: 'scope-url',
    });
  });

  it('takes packed numbers in pieces and one by one', () => {
    const counts = `3208${'0100000000000000'}31${'0200000000000000'}3210${'0300000000000000'}${'0400000000000000'}`;
    const metric = message(2, text(1, 'm'), message(9, message(1, counts)));
    const appender = createSignalAppender({ signal: 'metrics' });
    appender.append(message(1, message(2, metric)), 'protobuf');
    appender.commit(1);
    expect([...appender.seal()[0]!.batch.getChild('bucket_counts')!.get(0)]).toEqual([1n, 2n, 3n, 4n]);
  });
});

describe('much of something', () => {
  const attribute = (key: string) => message(9, text(1, key), message(2, text(1, 'value')));

  it.each([
    ['different keys', (i: number) => `key.${i}`],
    ['one key', () => 'key'],
    ['keys in changing case', (i: number) => (i % 2 === 0 ? 'key' : 'KEY')],
  ])('takes 100 000 attributes in one span: %s', (_, keyOf) => {
    const body = spanWith(Buffer.concat(Array.from({ length: 100_000 }, (_, i) => attribute(keyOf(i)))));
    const start = performance.now();
    const appender = createSignalAppender({ signal: 'traces' });
    appender.append(body, 'protobuf');
    appender.commit(1);
    const [row] = appender.seal()[0]!.batch.toArray();
    const columns = Object.entries(row!.toJSON()).filter(([name, value]) => name.startsWith('span.') && value !== null);
    expect(columns.length + row!.toJSON().span_overflow.length).toBe(100_000);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('takes a text of 10 MB', () => {
    const body = spanWith(message(9, text(1, 'big'), message(2, text(1, 'é'.repeat(5_000_000)))));
    expect(attempt(body)).toMatchObject({ rows: 1 });
  });

  it('refuses a resource that its spans would multiply beyond the limit', () => {
    const resource = message(1, message(1, text(1, 'big'), message(2, text(1, 'x'.repeat(1_000_000)))));
    const spans = Buffer.concat(Array.from({ length: 1000 }, () => message(2, IDS)));
    expect(attempt(message(1, resource, message(2, spans)))).toMatch(
      /^TOO_LARGE the request would take too much memory/,
    );
    expect(attempt(message(1, resource, message(2, message(2, IDS))))).toMatchObject({ rows: 1 });
  });

  it('refuses a metric whose name its points would multiply beyond the limit', () => {
    const gauge = message(5, Buffer.from('0a00'.repeat(1000), 'hex'));
    const metric = message(2, text(1, 'n'.repeat(1_000_000)), gauge);
    expect(attempt(message(1, message(2, metric)), 'metrics')).toMatch(/^TOO_LARGE/);
  });

  it('refuses more points than the limit has room for', () => {
    const metric = message(2, message(5, Buffer.from('0a00'.repeat(500_000), 'hex')));
    expect(attempt(message(1, message(2, metric)), 'metrics', 2 ** 24)).toMatch(/^TOO_LARGE/);
  });

  it('goes over a million empty resources', () => {
    expect(attempt(Buffer.from('0a00'.repeat(1_000_000), 'hex'))).toMatchObject({ rows: 0 });
  });
});
