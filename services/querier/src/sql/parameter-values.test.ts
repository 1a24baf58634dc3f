import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeIpcStream } from '@signaldb/flight';
import { Status } from '@signaldb/grpc';
import {
  type DataType,
  Decimal,
  Dictionary,
  DurationMillisecond,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  Int32,
  Int64,
  IntervalDayTime,
  IntervalMonthDayNano,
  IntervalYearMonth,
  List,
  Map_,
  makeData,
  makeVector,
  Null,
  type RecordBatch,
  SparseUnion,
  Struct,
  Table,
  TimestampMicrosecond,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import { TestQuerier } from '../testing/test-querier.ts';
import { TestWorld } from '../testing/test-world.ts';

let world: TestWorld;
let querier: TestQuerier;
beforeAll(async () => {
  world = await TestWorld.open();
  querier = new TestQuerier(world);
});
afterAll(async () => {
  await querier.close();
  await world.close();
});

const bound = (vector: Vector): string => {
  const [batch] = new Table({ a: vector }).batches as [RecordBatch];
  return Buffer.concat(encodeIpcStream({ schema: batch.schema, batches: [batch] })).toString('base64');
};
const of = (type: DataType, value: unknown): Vector => vectorFromArray([value as never], type);
const raw = (type: DataType, data: ArrayBufferView): Vector => makeVector(makeData({ type, length: 1, data } as never));
const optional = (name: string, type: DataType): Field => new Field(name, type, true);
const words = (value: bigint): Uint32Array =>
  Uint32Array.from({ length: 4 }, (_, i) => Number(BigInt.asUintN(32, value >> BigInt(32 * i))));

describe('a bound value of an Arrow type', () => {
  it.each<[string, Vector, string]>([
    ['float64', of(new Float64(), 5), '5.0 DOUBLE'],
    ['float32', of(new Float32(), 0.5), '0.5 DOUBLE'],
    ['decimal', raw(new Decimal(2, 4, 128), words(1230n)), '12.30 DECIMAL(4,2)'],
    ['negative decimal', raw(new Decimal(2, 4, 128), words(-5n)), '-0.05 DECIMAL(4,2)'],
    ['dictionary', of(new Dictionary(new Utf8(), new Int32()), 'red'), 'red VARCHAR'],
    ['list', of(new List(optional('item', new Int64())), [1n, null, 3n]), '[1, NULL, 3] BIGINT[]'],
    ['list of doubles', of(new List(optional('item', new Float64())), [1, 2.5]), '[1.0, 2.5] DOUBLE[]'],
    ['list of lists', of(new List(optional('item', new List(optional('item', new Utf8())))), [['a'], ['b', 'c']]), '[[a], [b, c]] VARCHAR[][]'],
    ['fixed-size list', of(new FixedSizeList(2, optional('item', new Float64())), [1, 2]), '[1.0, 2.0] DOUBLE[]'],
    ['struct', of(new Struct([optional('a', new Int32()), optional('b', new Utf8())]), { a: 1, b: 'x' }), "{'a': 1, 'b': x} STRUCT(a BIGINT, b VARCHAR)"],
    ['map', of(new Map_(new Field('entries', new Struct<{ key: Utf8; value: Int32 }>([new Field('key', new Utf8(), false), new Field('value', new Int32(), true)]), false)), new Map([['k', 1]])), '{k=1} MAP(VARCHAR, BIGINT)'],
    ['duration', raw(new DurationMillisecond(), BigInt64Array.of(1500n)), '00:00:01.5 INTERVAL'],
    ['months', raw(new IntervalYearMonth(), Int32Array.of(14)), '1 year 2 months INTERVAL'],
    ['days and milliseconds', raw(new IntervalDayTime(), Int32Array.of(3, 1500)), '3 days 00:00:01.5 INTERVAL'],
    ['months, days and nanoseconds', raw(new IntervalMonthDayNano(), Int32Array.of(1, 2, 2_000_000, 0)), '1 month 2 days 00:00:00.002 INTERVAL'],
    ['list of timestamps', of(new List(optional('item', new TimestampMicrosecond())), [1]), "['1970-01-01 00:00:00.001'] TIMESTAMP[]"],
  ])('%s', async (_, vector, text) => {
    const { rows } = await querier.sql("SELECT $1::VARCHAR || ' ' || typeof($1) AS t", { parameters: bound(vector) });
    expect(rows).toEqual([{ t: text }]);
  }); // biome-ignore format: a table

  it('may be of the type that only null has', async () => {
    const parameters = bound(makeVector(makeData({ type: new Null(), length: 1 })));
    expect((await querier.sql('SELECT ? IS NULL AS n', { parameters })).rows).toEqual([{ n: true }]);
  });

  it('is refused by its type’s name where DuckDB has none', async () => {
    const union = new SparseUnion([0], [optional('a', new Int32())]);
    const parameters = bound(makeVector(makeData({ type: union, length: 1, children: [of(new Int32(), 1).data[0]!], typeIds: Int8Array.of(0) } as never))); // biome-ignore format: one value
    await expect(querier.sql('SELECT ?', { parameters })).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: expect.stringMatching(/parameter a is of type .*Union/),
    });
  });
});
