import { describe, expect, it } from '@jest/globals';
import { recordBatchOf } from '@signaldb/flight';
import { storeColumns, userColumns } from '@signaldb/iceberg';
import {
  Binary,
  Data,
  DataType,
  DateMillisecond,
  Decimal,
  Dictionary,
  Duration,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int8,
  Int32,
  Int64,
  IntervalDayTime,
  IntervalMonthDayNano,
  LargeUtf8,
  List,
  Null,
  Schema,
  Struct,
  TimeNanosecond,
  TimeSecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  TimeUnit,
  Uint32,
  Uint64,
  Utf8,
  Utf8View,
  Vector,
  vectorFromArray,
} from 'apache-arrow';
import { fitBatch } from './fit-batch.ts';

/** A table that stores its columns as they are. */
const plain = (...fields: Field[]) => ({ stored: new Schema(fields), shown: new Schema(fields) });

function one(type: DataType, values: unknown[]) {
  const vector = vectorFromArray(values, type);
  return recordBatchOf(new Schema([new Field('c', type, true)]), [vector.data[0]!], values.length);
}

const list = (type: DataType) => new List(new Field('element', type, true));

describe('fitBatch', () => {
  it.each<[string, DataType, unknown[], DataType, unknown[]]>([
    ['integers widened', new Int8(), [1, -2, null], new Int32(), [1, -2, null]],
    ['integers to 64 bits', new Int32(), [1, null], new Int64(), [1n, null]],
    ['unsigned to a wider signed', new Uint32(), [4_000_000_000], new Int64(), [4_000_000_000n]],
    ['integers to doubles', new Int32(), [5], new Float64(), [5]],
    ['floats to doubles', new Float32(), [1.5, null], new Float64(), [1.5, null]],
    ['large text', new LargeUtf8(), ['ä', null], new Utf8(), ['ä', null]],
    ['a dictionary', new Dictionary(new Utf8(), new Int8()), ['a', 'b', 'a', null], new Utf8(), ['a', 'b', 'a', null]],
    [
      'a dictionary of views',
      new Dictionary(new Utf8View(), new Int8()),
      ['a', 'text of more than twelve bytes', 'a', null],
      new Utf8(),
      ['a', 'text of more than twelve bytes', 'a', null],
    ],
    ['fixed bytes', new FixedSizeBinary(2), [Uint8Array.of(1, 2)], new Binary(), [Uint8Array.of(1, 2)]],
    [
      'bytes of one length',
      new Binary(),
      [Uint8Array.of(1, 2), null],
      new FixedSizeBinary(2),
      [Uint8Array.of(1, 2), null],
    ],
    ['nothing but nulls', new Null(), [null, null], new Int64(), [null, null]],
    ['milliseconds', new TimestampMillisecond(), [1_700_000_000_123], new TimestampMicrosecond(), [1_700_000_000_123]],
    ['elements', list(new Int32()), [[1, 2], [], null], list(new Int64()), [[1n, 2n], [], null]],
    [
      'lists of one length',
      new FixedSizeList(2, new Field('item', new Int32())),
      [[1, 2]],
      list(new Int32()),
      [[1, 2]],
    ],
    [
      'lists that call their element otherwise',
      new List(new Field('item', new Utf8())),
      [['a']],
      list(new Utf8()),
      [['a']],
    ],
  ])('takes %s', (_name, from, values, to, expected) => {
    const fitted = fitBatch(one(from, values), plain(new Field('c', to, true)));
    expect(String(fitted.schema.fields[0]!.type)).toBe(String(to));
    const read = Array.from(new Vector([fitted.data.children[0]!]), (value) =>
      value instanceof Vector ? [...value] : value,
    );
    expect(read).toEqual(expected);
  });

  it.each<[string, DataType, unknown[], DataType]>([
    ['a narrower integer', new Int64(), [1n], new Int32()],
    ['signed for unsigned', new Int32(), [1], new Uint32()],
    ['a float for an integer', new Float64(), [1], new Int64()],
    ['64-bit integers for doubles', new Int64(), [1n], new Float64()],
    ['text for a number', new Utf8(), ['1'], new Int64()],
    ['a zone where there is none', new TimestampMillisecond('UTC'), [1], new TimestampMicrosecond()],
    ['a list for a value', list(new Int32()), [[1]], new Int32()],
    [
      'another struct',
      new Struct([new Field('x', new Int32())]),
      [{ x: 1 }],
      new Struct([new Field('y', new Int32())]),
    ],
  ])('refuses %s', (_name, from, values, to) => {
    expect(() => fitBatch(one(from, values), plain(new Field('c', to, true)))).toThrow(
      /^column "c" is .*, the table has/,
    );
  });

  it('passes columns on as they are, in the table’s order', () => {
    const [a, b] = [vectorFromArray([1, 2], new Int32()).data[0]!, vectorFromArray(['x', 'y'], new Utf8()).data[0]!];
    const batch = recordBatchOf(
      new Schema([new Field('b', new Utf8(), true), new Field('a', new Int32(), true)]),
      [b, a],
      2,
    );
    const table = plain(
      new Field('a', new Int32(), true),
      new Field('b', new Utf8(), true),
      new Field('c', new Utf8(), true),
    );
    const fitted = fitBatch(batch, table);
    expect(fitted.schema).toBe(table.stored);
    expect(fitted.data.children[0]).toBe(a);
    expect(fitted.data.children[1]).toBe(b);
    expect([...new Vector([fitted.data.children[2]!])]).toEqual([null, null]);
  });

  it('refuses names that are there twice', () => {
    const data = vectorFromArray([1], new Int32()).data[0]!;
    const fields = [new Field('a', new Int32(), true), new Field('a', new Int32(), true)];
    expect(() => fitBatch(recordBatchOf(new Schema(fields), [data, data], 1), plain(fields[0]!))).toThrow(
      /two columns of the batch are named "a"/,
    );
  });

  it('finds columns in another case, as SQL does', () => {
    const fitted = fitBatch(one(new Int32(), [1]), plain(new Field('C', new Int32(), true)));
    expect(fitted.schema.fields[0]!.name).toBe('C');
  });
});

/** A table as one is made of columns of these types. */
function tableOf(type: DataType, metadata?: Map<string, string>) {
  const { schema, sqlTypes } = storeColumns(new Schema([new Field('c', type, true, metadata)]));
  return userColumns(schema, sqlTypes);
}

/** The stored values of a column of a type that Iceberg may not have. */
function storedValues(type: DataType, data: Data, columns = tableOf(type)): unknown[] {
  const batch = recordBatchOf(new Schema([new Field('c', type, true)]), [data], data.length);
  const fitted = fitBatch(batch, columns);
  expect(String(fitted.data.children[0]!.type)).toBe(String(columns.stored.fields[0]!.type));
  return JSON.parse(
    JSON.stringify([...new Vector([fitted.data.children[0]!])], (_key, value) =>
      typeof value === 'bigint'
        ? `${value}n`
        : value instanceof Uint8Array
          ? Buffer.from(value).toString('hex')
          : value,
    ),
  );
}

/** A column of values as they lie in memory; the second one is null, with rubbish in its place. */
const raw = (type: DataType, values: ArrayLike<number | bigint>, rows = 3): Data =>
  new Data(type, 0, rows, 1, [undefined, values, Uint8Array.of(0b101)] as never);
const longs = (...values: bigint[]) => BigInt64Array.from(values);

describe('a column as it is stored', () => {
  it.each<[string, DataType, Data, unknown[]]>([
    [
      'UBIGINT',
      new Uint64(),
      raw(new Uint64(), BigUint64Array.of(2n ** 64n - 1n, 9n, 0n)),
      [`${2n ** 64n - 1n}n`, null, '0n'],
    ],
    ['TINYINT', new Int8(), raw(new Int8(), Int8Array.of(-128, 9, 1)), [-128, null, 1]],
    ['UINTEGER', new Uint32(), raw(new Uint32(), Uint32Array.of(2 ** 32 - 1, 9, 0)), [`${2 ** 32 - 1}n`, null, '0n']],
    ['half floats', new Float16(), raw(new Float16(), Uint16Array.of(0x3e00, 9, 0xfc00)), [1.5, null, null]],
    [
      'days in milliseconds',
      new DateMillisecond(),
      raw(new DateMillisecond(), longs(-86_400_000n, 9n, 0n)),
      [-86_400_000, null, 0],
    ],
    [
      'seconds of the day',
      new TimeSecond(),
      raw(new TimeSecond(), Int32Array.of(86_399, 9, 0)),
      ['86399000000n', null, '0n'],
    ],
    ['nanoseconds of the day', new TimeNanosecond(), raw(new TimeNanosecond(), longs(5n, 9n, 0n)), ['5n', null, '0n']],
    ['nanoseconds', new TimestampNanosecond(), raw(new TimestampNanosecond(), longs(-1n, 9n, 5n)), ['-1n', null, '5n']],
    [
      'durations',
      new Duration(TimeUnit.SECOND),
      raw(new Duration(TimeUnit.SECOND), longs(-2n, 2n ** 62n, 0n)),
      ['-2000000n', null, '0n'],
    ],
    [
      'durations of nanoseconds',
      new Duration(TimeUnit.NANOSECOND),
      raw(new Duration(TimeUnit.NANOSECOND), longs(-2000n, 9n, 0n)),
      ['-2n', null, '0n'],
    ],
    [
      'intervals',
      new IntervalMonthDayNano(),
      raw(new IntervalMonthDayNano(), Int32Array.of(1, 2, -3000, -1, 9, 9, 9, 9, 0, 0, 0, 0)),
      [{ months: 1, days: 2, microseconds: '-3n' }, null, { months: 0, days: 0, microseconds: '0n' }],
    ],
    [
      'intervals of days and milliseconds',
      new IntervalDayTime(),
      raw(new IntervalDayTime(), Int32Array.of(-1, 5, 9, 9, 0, 0)),
      [{ months: 0, days: -1, microseconds: '5000n' }, null, { months: 0, days: 0, microseconds: '0n' }],
    ],
    [
      'instants of nanoseconds',
      new TimestampNanosecond('UTC'),
      raw(new TimestampNanosecond('UTC'), longs(5_000_000n, 9n, 0n)),
      [5, null, 0],
    ],
    [
      'wide decimals',
      new Decimal(1, 20, 256),
      raw(
        new Decimal(1, 20, 256),
        Uint32Array.from({ length: 24 }, (_, i) => (i < 8 ? 0xffffffff : i === 16 ? 7 : 0)),
      ),
      ['-1n', null, '7n'],
    ],
  ])('%s', (_name, type, data, expected) => {
    const decimals = DataType.isDecimal(tableOf(type).stored.fields[0]!.type);
    const found = storedValues(type, data);
    expect(decimals ? storedDecimals(type, data) : found).toEqual(expected);
  });

  function storedDecimals(type: DataType, data: Data): unknown[] {
    const batch = recordBatchOf(new Schema([new Field('c', type, true)]), [data], data.length);
    const { values, nullBitmap } = fitBatch(batch, tableOf(type)).data.children[0]!;
    const words = new BigInt64Array(values.slice(0, data.length * 4).buffer);
    return Array.from({ length: data.length }, (_, i) =>
      (nullBitmap![0]! >> i) & 1 ? `${(words[2 * i + 1]! << 64n) | BigInt.asUintN(64, words[2 * i]!)}n` : null,
    );
  }

  it('of UUIDs takes text', () => {
    const columns = tableOf(new FixedSizeBinary(16), new Map([['ARROW:extension:name', 'arrow.uuid']]));
    const text = vectorFromArray(['00010203-0405-0607-0809-0a0b0c0d0e0f', null], new Utf8()).data[0]!;
    expect(storedValues(new Utf8(), text, columns)).toEqual(['000102030405060708090a0b0c0d0e0f', null]);
    const wrong = vectorFromArray(['0001'], new Utf8()).data[0]!;
    expect(() => storedValues(new Utf8(), wrong, columns)).toThrow('column "c": "0001" in row 0 is no UUID');
  });

  it('is nested as deep as the type is', () => {
    const type = new List(
      new Field(
        'item',
        new Struct([new Field('n', new Uint64(), true), new Field('d', new Dictionary(new Utf8(), new Int8()), true)]),
        true,
      ),
    );
    const data = vectorFromArray([[{ n: 5n, d: 'x' }, null], null, []], type).data[0]!;
    const columns = tableOf(type);
    const batch = recordBatchOf(new Schema([new Field('c', type, true)]), [data], 3);
    const [fitted] = fitBatch(batch, columns).data.children;
    expect(String(fitted!.type)).toBe('List<Struct<{n:Decimal[20e0], d:Utf8}>>');
    const texts = fitted!.children[0]!.children[1]!;
    expect([...new Vector([texts])][0]).toBe('x');
    expect([fitted!.nullCount, fitted!.children[0]!.nullCount]).toEqual([1, 1]);
  });

  it.each<[string, DataType, Data, DataType, RegExp]>([
    [
      'nanoseconds of an instant',
      new TimestampNanosecond('UTC'),
      raw(new TimestampNanosecond('UTC'), longs(1000n, 1n, 1n)),
      new TimestampNanosecond('UTC'),
      /^column "c": the value 1 in row 2 has a part of nanoseconds, the column has whole microseconds/,
    ],
    [
      'a time on a day',
      new DateMillisecond(),
      raw(new DateMillisecond(), longs(0n, 1n, 1n)),
      new DateMillisecond(),
      /row 2 is no whole day/,
    ],
    [
      'times that are too far',
      new TimestampSecond(),
      raw(new TimestampSecond(), longs(0n, 2n ** 62n, 2n ** 62n)),
      new TimestampSecond(),
      /row 2 is beyond/,
    ],
    [
      'nanoseconds of a duration',
      new Duration(TimeUnit.NANOSECOND),
      raw(new Duration(TimeUnit.NANOSECOND), longs(0n, 1n, 1n)),
      new Duration(TimeUnit.NANOSECOND),
      /row 2 has a part of nanoseconds/,
    ],
    [
      'nanoseconds of an interval',
      new IntervalMonthDayNano(),
      raw(new IntervalMonthDayNano(), Int32Array.of(0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0)),
      new IntervalMonthDayNano(),
      /interval in row 2 has a part of nanoseconds/,
    ],
    [
      'a number for a time',
      new Int64(),
      raw(new Int64(), longs(0n, 0n, 0n)),
      new TimestampNanosecond(),
      /^column "c" is Int64, the table has Timestamp<NANOSECOND>: cast it/,
    ],
    [
      'bytes of another length',
      new Binary(),
      vectorFromArray([Uint8Array.of(1)], new Binary()).data[0]!,
      new FixedSizeBinary(2),
      /row 0 has 1 bytes, not 2/,
    ],
    [
      'lists of another length',
      new FixedSizeList(2, new Field('item', new Int32())),
      new Data(new FixedSizeList(2, new Field('item', new Int32())), 0, 0, 0, [] as never, [
        vectorFromArray([], new Int32()).data[0]!,
      ]),
      new FixedSizeList(3, new Field('item', new Int32())),
      /the table has FixedSizeList\[3\]/,
    ],
  ])('refuses %s, and no rubbish behind nulls', (_name, type, data, table, message) => {
    expect(() => storedValues(type, data, tableOf(table))).toThrow(message);
  });
});
