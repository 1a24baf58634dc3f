import { describe, expect, it } from '@jest/globals';
import {
  Binary,
  BinaryView,
  Bool,
  type DataType,
  DateDay,
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
  Int16,
  Int32,
  Int64,
  IntervalDayTime,
  IntervalMonthDayNano,
  IntervalYearMonth,
  LargeBinary,
  LargeList,
  LargeUtf8,
  List,
  Map_,
  Null,
  Schema,
  SparseUnion,
  Struct,
  TimeMicrosecond,
  TimeMillisecond,
  TimeNanosecond,
  TimeSecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  TimeUnit,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
  Utf8View,
} from 'apache-arrow';
import { newTableMetadata } from './create-table.ts';
import { currentSchema } from './table-metadata.ts';
import { sqlTypesOf, sqlTypesProperty, storeColumns, userColumns } from './user-columns.ts';

const item = (type: DataType) => new Field('item', type, false);
const mapOf = (key: DataType, value: DataType) =>
  new Map_(
    new Field(
      'entries',
      new Struct<{ key: DataType; value: DataType }>([new Field('key', key, false), new Field('value', value, true)]),
      false,
    ),
  );
const uuid = new Map([['ARROW:extension:name', 'arrow.uuid']]);

/** A column's Iceberg type, SQL type, and the Arrow types in which it is stored and shown. */
function stored(type: DataType, metadata?: Map<string, string>) {
  const made = storeColumns(new Schema([new Field('c', type, true, metadata)]));
  const columns = userColumns(made.schema, made.sqlTypes);
  return {
    iceberg: made.schema.fields[0]!.type,
    sqlTypes: made.sqlTypes,
    stored: String(columns.stored.fields[0]!.type),
    shown: String(columns.shown.fields[0]!.type),
  };
}

/** `shown`: the type itself, where it isn't said. */
const plainTypes: readonly [DataType, iceberg: string, sqlType?: string | undefined, shown?: DataType][] = [
  [new Int8(), 'int', 'TINYINT'],
  [new Int16(), 'int', 'SMALLINT'],
  [new Int32(), 'int'],
  [new Int64(), 'long'],
  [new Uint8(), 'int', 'UTINYINT'],
  [new Uint16(), 'int', 'USMALLINT'],
  [new Uint32(), 'long', 'UINTEGER'],
  [new Uint64(), 'decimal(20, 0)', 'UBIGINT'],
  [new Float16(), 'float', undefined, new Float32()],
  [new Float32(), 'float'],
  [new Float64(), 'double'],
  [new Decimal(3, 30, 128), 'decimal(30, 3)'],
  [new Decimal(3, 30, 256), 'decimal(30, 3)', undefined, new Decimal(3, 30, 128)],
  [new Bool(), 'boolean'],
  [new Utf8(), 'string'],
  [new LargeUtf8(), 'string', undefined, new Utf8()],
  [new Utf8View(), 'string', undefined, new Utf8()],
  [new Binary(), 'binary'],
  [new LargeBinary(), 'binary', undefined, new Binary()],
  [new BinaryView(), 'binary', undefined, new Binary()],
  [new FixedSizeBinary(5), 'fixed[5]'],
  [new DateDay(), 'date'],
  [new DateMillisecond(), 'date', undefined, new DateDay()],
  [new TimeSecond(), 'time', undefined, new TimeMicrosecond()],
  [new TimeMillisecond(), 'time', undefined, new TimeMicrosecond()],
  [new TimeMicrosecond(), 'time'],
  [new TimeNanosecond(), 'long', 'TIME_NS'],
  [new TimestampSecond(), 'timestamp', 'TIMESTAMP_S'],
  [new TimestampMillisecond(), 'timestamp', 'TIMESTAMP_MS'],
  [new TimestampMicrosecond(), 'timestamp'],
  [new TimestampNanosecond(), 'long', 'TIMESTAMP_NS'],
  [new TimestampSecond('Europe/Berlin'), 'timestamptz', undefined, new TimestampMicrosecond('UTC')],
  [new TimestampNanosecond('UTC'), 'timestamptz', undefined, new TimestampMicrosecond('UTC')],
  [new Duration(TimeUnit.SECOND), 'long', 'DURATION', new Duration(TimeUnit.MICROSECOND)],
  [new Duration(TimeUnit.NANOSECOND), 'long', 'DURATION', new Duration(TimeUnit.MICROSECOND)],
  [new Dictionary(new Utf8(), new Int8()), 'string', undefined, new Utf8()],
  [new Dictionary(new Utf8View(), new Int8()), 'string', undefined, new Utf8()],
  [new Dictionary(new Uint16(), new Int8()), 'int', 'USMALLINT', new Uint16()],
];

describe('a column that a user brings', () => {
  const cases = plainTypes.map(([type, iceberg, sqlType, shown = type]) => ({ type, iceberg, sqlType, shown }));
  it.each(cases)('$type', ({ type, iceberg, sqlType, shown }) => {
    const found = stored(type);
    expect(found.iceberg).toBe(iceberg);
    expect(found.sqlTypes).toEqual(sqlType === undefined ? {} : { 1: sqlType });
    expect(found.shown).toBe(String(shown));
  });

  it.each([new IntervalMonthDayNano(), new IntervalDayTime(), new IntervalYearMonth()])('%s', (type) => {
    expect(stored(type)).toMatchObject({
      sqlTypes: { 1: 'INTERVAL' },
      stored: 'Struct<{months:Int32, days:Int32, microseconds:Int64}>',
      shown: 'Interval<MONTH_DAY_NANO>',
    });
  });

  it('of UUIDs is one of Iceberg’s', () => {
    expect(stored(new FixedSizeBinary(16), uuid)).toMatchObject({ iceberg: 'uuid', shown: 'FixedSizeBinary[16]' });
    expect(stored(new FixedSizeBinary(16))).toMatchObject({ iceberg: 'fixed[16]' });
    expect(stored(new List(new Field('item', new FixedSizeBinary(16), true, uuid)))).toMatchObject({
      iceberg: { element: 'uuid' },
    });
  });

  it('keeps the types of its parts, which may all be null', () => {
    const parts = new Struct([
      new Field('a', new LargeList(item(new Uint64())), false),
      new Field('b.c', mapOf(new Utf8(), new FixedSizeList(3, item(new TimestampNanosecond()))), false),
      new Field('d', new IntervalMonthDayNano(), false),
    ]);
    expect(stored(parts)).toEqual({
      iceberg: expect.objectContaining({ type: 'struct' }),
      sqlTypes: { 4: 'INTERVAL', 5: 'UBIGINT', 7: 'ARRAY[3]', 8: 'TIMESTAMP_NS' },
      stored:
        'Struct<{a:List<Decimal[20e0]>, b.c:Map<{key:Utf8, value:List<Int64>}>, d:Struct<{months:Int32, days:Int32, microseconds:Int64}>}>',
      shown:
        'Struct<{a:List<Uint64>, b.c:Map<{key:Utf8, value:FixedSizeList[3]<Timestamp<NANOSECOND>>}>, d:Interval<MONTH_DAY_NANO>}>',
    });
  });

  it('has the field ids that the table has', () => {
    const fields = [
      new Field('s', new Struct([new Field('x', new Uint8(), true)]), true),
      new Field('l', new List(item(new Uint16())), true),
      new Field('n', new TimestampNanosecond(), true),
    ];
    const { schema, sqlTypes } = storeColumns(new Schema(fields));
    const properties = { [sqlTypesProperty]: JSON.stringify(sqlTypes) };
    const table = newTableMetadata({ name: 't', schema, properties }, { uuid: 'u', location: '/t', nowMs: 0 });
    expect(currentSchema(table).fields).toEqual(schema.fields);
    expect(sqlTypesOf(table.properties)).toEqual({ 3: 'TIMESTAMP_NS', 4: 'UTINYINT', 5: 'USMALLINT' });
  });

  it.each<[DataType, message: RegExp]>([
    [new Null(), /^column "c" is of type Null, which tables can't hold: cast it/],
    [new Decimal(0, 39, 256), /decimals have up to 38 digits/],
    [new Decimal(-1, 5, 128), /scale between 0 and the precision/],
    [new SparseUnion([0], [item(new Int8())]), /use a struct/],
    [new Struct([]), /give it a field/],
    [new Dictionary(new List(item(new Int8())), new Int8()), /send the values themselves/],
    [new List(item(new Null())), /^column "c.element" is of type Null/],
  ])('is refused by name: %s', (type, message) => {
    expect(() => stored(type)).toThrow(message);
  });

  it('is as it is stored where the property can’t be read', () => {
    expect(sqlTypesOf({ [sqlTypesProperty]: '{' })).toEqual({});
    expect(sqlTypesOf({})).toEqual({});
  });
});
