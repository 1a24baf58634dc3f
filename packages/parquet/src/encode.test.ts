import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  DateMillisecond,
  Decimal,
  Dictionary,
  DurationNanosecond,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  LargeUtf8,
  List,
  Map_,
  Schema,
  Struct,
  TimeMillisecond,
  TimeNanosecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { createEncoder, encodePacked, packBatches } from './index.ts';
import { batchOf, batchWithHours, encode } from './testing/batches.ts';
import { type DuckDbReader, openDuckDbReader } from './testing/duckdb-reader.ts';

let reader: DuckDbReader;
beforeAll(async () => {
  reader = await openDuckDbReader();
});
afterAll(() => reader.close());

const element = (type: DataType) => new Field('element', type, true);
const keyValue = new Struct([new Field('key', new Utf8(), true), new Field('value', new Utf8(), true)]);

describe('a value of every type comes back from DuckDB', () => {
  const cases: [name: string, type: DataType, values: unknown[], expected: unknown[]][] = [
    ['bool', new Bool(), [true, null, false, true], [true, null, false, true]],
    ['int8', new Int8(), [-128, null, 127], [-128, null, 127]],
    ['int16', new Int16(), [-32768, 5, 32767], [-32768, 5, 32767]],
    ['int32', new Int32(), [-2147483648, null, 2147483647, 0], [-2147483648, null, 2147483647, 0]],
    [
      'int64',
      new Int64(),
      [-(2n ** 63n), null, 2n ** 63n - 1n, 7n],
      ['-9223372036854775808', null, '9223372036854775807', '7'],
    ],
    ['uint8', new Uint8(), [0, 255, null], [0, 255, null]],
    ['uint16', new Uint16(), [0, 65535], [0, 65535]],
    ['uint32', new Uint32(), [0, 4294967295, null], ['0', '4294967295', null]],
    ['uint64', new Uint64(), [0n, 2n ** 64n - 1n, null], ['0', '18446744073709551615', null]],
    ['float16', new Float16(), [1.5, -0.25, null], [1.5, -0.25, null]],
    ['float32', new Float32(), [1.5, null, -3], [1.5, null, -3]],
    ['float64', new Float64(), [Math.PI, null, Number.NaN, -0], [Math.PI, null, 'NaN', -0]],
    ['utf8', new Utf8(), ['', 'a', null, 'żółć', 'x'.repeat(5000)], ['', 'a', null, 'żółć', 'x'.repeat(5000)]],
    ['largeutf8', new LargeUtf8(), ['a', null, 'bc'], ['a', null, 'bc']],
    ['dictionary', new Dictionary(new Utf8(), new Int32()), ['a', null, 'b', 'a'], ['a', null, 'b', 'a']],
    ['binary', new Binary(), [Uint8Array.of(1, 2), null, Uint8Array.of(0x41)], ['\\x01\\x02', null, 'A']],
    ['fixed', new FixedSizeBinary(2), [Uint8Array.of(0x41, 0x42), null], ['AB', null]],
    ['date', new DateDay(), [new Date('2024-02-29'), null], ['2024-02-29', null]],
    ['date64', new DateMillisecond(), [new Date('1969-12-31')], ['1969-12-31']],
    ['time32', new TimeMillisecond(), [1500, null], ['00:00:01.5', null]],
    ['time64 ns', new TimeNanosecond(), [1_500_000_000n], ['00:00:01.5']],
    ['timestamp s', new TimestampSecond(), [1000, null], ['1970-01-01 00:00:01', null]],
    ['timestamp ms', new TimestampMillisecond(), [1500], ['1970-01-01 00:00:01.5']],
    ['timestamp us', new TimestampMicrosecond(), [1.5], ['1970-01-01 00:00:00.0015']],
    ['timestamp ns', new TimestampNanosecond(), [0.000001], ['1970-01-01 00:00:00.000000001']],
    ['duration', new DurationNanosecond(), [5n, null], ['5', null]],
    ['decimal(5,2)', new Decimal(2, 5, 128), [Uint32Array.of(12345, 0, 0, 0), null], ['123.45', null]],
    [
      'decimal(18,3)',
      new Decimal(3, 18, 128),
      [Uint32Array.of(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff)],
      ['-0.001'],
    ],
    ['decimal(38,0)', new Decimal(0, 38, 128), [Uint32Array.of(0, 0, 1, 0), null], ['18446744073709551616', null]],
    ['list', new List(element(new Int32())), [[1, 2], null, [], [null, 3]], [[1, 2], null, [], [null, 3]]],
    [
      'list of lists',
      new List(element(new List(element(new Utf8())))),
      [[['a'], [], null], [], null],
      [[['a'], [], null], [], null],
    ],
    ['fixed list', new FixedSizeList(2, element(new Int32())), [[1, 2], null, [3, null]], [[1, 2], null, [3, null]]],
    ['struct', keyValue, [{ key: 'a', value: null }, null], [{ key: 'a', value: null }, null]],
    [
      'list of structs',
      new List(element(keyValue)),
      [[{ key: 'a', value: 'b' }, null], [], null],
      [[{ key: 'a', value: 'b' }, null], [], null],
    ],
    [
      'map',
      new Map_(
        new Field(
          'entries',
          new Struct([new Field('key', new Utf8(), false), new Field('value', new Int32(), true)] as never) as never,
          false,
        ),
      ),
      [new Map([['a', 1]]), null, new Map()],
      [[{ key: 'a', value: 1 }], null, []],
    ],
  ];
  it.each(cases)('%s', async (_name, type, values, expected) => {
    const [file] = encode([batchOf({ c: [type, values] })]);
    expect((await reader.query(file!.bytes)).flat()).toEqual(expected);
  });
});

describe('many rows', () => {
  const n = 20_000;
  const rows = <T>(f: (i: number) => T) => Array.from({ length: n }, (_, i) => f(i));
  it.each<[string, DataType, unknown[], (v: unknown) => unknown]>([
    ['distinct text', new Utf8(), rows((i) => `value-${i}-${'y'.repeat(i % 40)}`), (v) => v],
    ['text in runs', new Utf8(), rows((i) => (i % 7 === 0 ? null : `run-${Math.floor(i / 1000)}`)), (v) => v],
    ['text that repeats', new Utf8(), rows((i) => `v${(i * 7919) % 300}`), (v) => v],
    ['sorted int64', new Int64(), rows((i) => 1_700_000_000_000_000_000n + BigInt(i) * 12_345n), String],
    ['int64 beyond 2^52 apart', new Int64(), rows((i) => BigInt.asIntN(64, BigInt(i) * 0x9e3779b97f4a7c15n)), String],
    [
      'int64 of widths 33 to 52',
      new Int64(),
      rows((i) => BigInt(Math.floor(Math.sin(i) * 2 ** (30 + (i % 22))))),
      String,
    ],
    ['int32 wrapping', new Int32(), rows((i) => Math.imul(i, 0x9e3779b1)), (v) => v],
    ['few numbers', new Int64(), rows((i) => (i % 3 ? BigInt(i % 5) : null)), (v) => (v === null ? null : String(v))],
    ['doubles', new Float64(), rows((i) => i / 3), (v) => v],
    ['bools', new Bool(), rows((i) => (i % 11 === 0 ? null : i % 3 === 0)), (v) => v],
    [
      'lists',
      new List(element(new Utf8())),
      rows((i) => (i % 4 === 0 ? null : Array.from({ length: i % 4 }, (_, k) => (k === 1 ? null : `e${i % 17}`)))),
      (v) => v,
    ],
  ])('%s', async (_name, type, values, text) => {
    const batches = [
      batchOf({ c: [type, values.slice(0, 7)] }),
      batchOf({ c: [type, values.slice(7, 12_345)] }),
      batchOf({ c: [type, values.slice(12_345)] }),
    ];
    const [file] = encode([batches[0]!, batches[1]!.slice(0, 5000), batches[1]!.slice(5000), batches[2]!], {
      rowGroupRowsMax: 8000,
    });
    expect(file!.rowGroups).toBe(3);
    expect((await reader.query(file!.bytes)).flat()).toEqual(values.map(text));
  });
});

describe('statistics', () => {
  it('let a reader skip row groups without losing rows', async () => {
    const values = Array.from({ length: 5000 }, (_, i) => `${'k'.repeat(70)}${String(i).padStart(5, '0')}`);
    const [file] = encode(
      [batchOf({ k: [new Utf8(), values], d: [new Float64(), values.map((_, i) => (i % 2 ? -i : Number.NaN))] })],
      { rowGroupRowsMax: 1000 },
    );
    expect(await reader.query(file!.bytes, `select count(*) from FILE where k = '${values[4321]}'`)).toEqual([['1']]);
    expect(await reader.query(file!.bytes, 'select count(*) from FILE where d < -4997')).toEqual([['1']]);
    const statistics =
      "select sum(stats_null_count), min(cast(stats_min_value as double)) from parquet_metadata(FILE) where path_in_schema = 'd'";
    expect(await reader.query(file!.bytes, statistics)).toEqual([['0', -4999]]);
  });
});

describe('files', () => {
  it('are one an hour, with their times', async () => {
    const encoder = createEncoder();
    const made = await encoder.encode([batchWithHours([5, 4, 5, 0], { time: [new Int64(), [50n, 40n, null, 1n]] })], {
      splitByHour: true,
      timeColumn: 'time',
    });
    await encoder.close();
    expect(made.map(({ hour, rows, minTime, maxTime }) => ({ hour, rows, minTime, maxTime }))).toEqual([
      { hour: 0, rows: 1, minTime: 1n, maxTime: 1n },
      { hour: 4, rows: 1, minTime: 40n, maxTime: 40n },
      { hour: 5, rows: 2, minTime: 50n, maxTime: 50n },
    ]);
    expect((await reader.query(made[2]!.bytes, 'select time from FILE')).flat()).toEqual(['50', null]);
  });

  it('hold traces together, by the second they began, then id, then start', async () => {
    const second = 1_000_000_000n;
    const spans: [trace: string, start: bigint][] = [
      ['ff', second + 5n],
      ['aa', 2n * second],
      ['ff', 9n * second],
      ['bb', second + 900n],
      ['aa', 2n * second - 1n],
      ['ff', 4n],
    ];
    const batch = batchOf({
      trace_id: [new Utf8(), spans.map(([t]) => t)],
      start_time: [new Int64(), spans.map(([, s]) => s)],
    });
    const [file] = encode([batch.slice(0, 2), batch.slice(2)], { order: 'trace' });
    expect(await reader.query(file!.bytes)).toEqual([
      ['ff', '4'],
      ['ff', '1000000005'],
      ['ff', '9000000000'],
      ['aa', '1999999999'],
      ['aa', '2000000000'],
      ['bb', '1000000900'],
    ]);
  });

  it('are sorted by columns, nulls first', async () => {
    const batch = batchOf({ s: [new Utf8(), ['b', null, 'a', 'b', 'ab']], t: [new Int64(), [2n, 5n, 1n, 1n, 0n]] });
    const [file] = encode([batch], { order: ['s', 't'] });
    expect(await reader.query(file!.bytes)).toEqual([
      [null, '5'],
      ['a', '1'],
      ['ab', '0'],
      ['b', '1'],
      ['b', '2'],
    ]);
  });

  it('take batches of different columns, in the order given by a schema', async () => {
    const encoder = createEncoder({ workers: 0 });
    const batches = [
      batchOf({ a: [new Utf8(), ['x']], b: [new List(element(new Int32())), [[1]]] }),
      batchOf({ c: [new Int32(), [7]], a: [new Utf8(), ['y']] }),
    ];
    const [file] = await encoder.encode(batches);
    expect(await reader.query(file!.bytes)).toEqual([
      ['x', [1], null],
      ['y', null, 7],
    ]);
    const [part] = await encoder.encode(batches, {
      schema: new Schema([new Field('c', new Int32()), new Field('z', new Utf8(), true)]),
    });
    expect(await reader.query(part!.bytes)).toEqual([
      [null, null],
      [7, null],
    ]);
  });

  it('are split by groups', async () => {
    const encoder = createEncoder();
    const made = await encoder.encode([batchOf({ a: [new Int32(), [1, 2, 3, 4]] })], {
      groups: Int32Array.of(1, 0, 1, 1),
    });
    await encoder.close();
    expect(made.map(({ group, rows }) => [group, rows])).toEqual([
      [0, 1],
      [1, 3],
    ]);
  });

  it('are none where there are no rows', () => {
    expect(encode([batchOf({ a: [new Int32(), []] })])).toEqual([]);
    expect(encodePacked(packBatches([], new Schema([])))).toEqual([]);
  });
});

describe('what can not be stored is refused by name', () => {
  it.each<[string, () => unknown, string]>([
    [
      'two types',
      () => encode([batchOf({ a: [new Int32(), [1]] }), batchOf({ a: [new Utf8(), ['x']] })]),
      'column a comes as Int32 and as Utf8',
    ],
    ['an empty struct', () => encode([batchOf({ a: [new Struct([]), [{}]] })]), 'a struct without fields'],
    [
      'a sort by nothing',
      () => encode([batchOf({ a: [new Int32(), [1]] })], { order: ['b'] }),
      'there is no such column',
    ],
    [
      'a sort by a list',
      () => encode([batchOf({ a: [new List(element(new Int32())), [[1]]] })], { order: ['a'] }),
      'it is nested',
    ],
    [
      'a wrong schema',
      () => encodePacked(packBatches([batchOf({ a: [new Int32(), [1]] })], new Schema([new Field('a', new Utf8())]))),
      'a batch has Int32, not Utf8',
    ],
  ])('%s', (_name, act, message) => {
    expect(act).toThrow(message);
  });

  it('also from the thread', async () => {
    const encoder = createEncoder();
    await expect(encoder.encode([batchOf({ a: [new Int32(), [1]] })], { order: ['b'] })).rejects.toThrow(
      'there is no such column',
    );
    await encoder.close();
    await encoder.close();
    await expect(encoder.encode([])).rejects.toThrow('closed');
  });
});
