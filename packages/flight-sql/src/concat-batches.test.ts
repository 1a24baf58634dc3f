import { describe, expect, it } from '@jest/globals';
import { recordBatchOf } from '@signaldb/flight';
import {
  Binary,
  Bool,
  type DataType,
  Decimal,
  Field,
  FixedSizeList,
  Float64,
  Int64,
  List,
  Null,
  type RecordBatch,
  Schema,
  Struct,
  TimestampNanosecond,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { concatBatches } from './concat-batches.ts';

const item = (type: DataType) => new Field('item', type, true);

function batchOf(type: DataType, values: readonly unknown[]): RecordBatch {
  return recordBatchOf(
    new Schema([new Field('v', type, true)]),
    [vectorFromArray(values as unknown[], type).data[0]!],
    values.length,
  );
}

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ?? 'null');
const valuesOf = (batch: RecordBatch) => plain([...batch.getChildAt(0)!]);

const cases: [string, DataType, readonly unknown[]][] = [
  ['numbers', new Int64(), [1n, null, 3n, 4n, null, 6n]],
  ['floats without nulls', new Float64(), [1, 2, 3, 4.5, 5, 6]],
  ['booleans', new Bool(), [true, null, false, true, true, null]],
  ['texts', new Utf8(), ['a', null, '', 'dd', 'ü☃', null]],
  ['bytes', new Binary(), [Buffer.from([1]), null, Buffer.alloc(0), Buffer.from([2, 3]), null, Buffer.from([4])]],
  ['times', new TimestampNanosecond(), [1, null, 3, 4, 5, null]],
  ['decimals', new Decimal(2, 10), [new Uint32Array([1, 0, 0, 0]), null, ...Array(4).fill(new Uint32Array(4))]],
  ['nulls', new Null(), [null, null, null, null, null, null]],
  ['lists', new List(item(new Int64())), [[1n], null, [], [2n, null], [3n], [4n, 5n]]],
  ['lists of one size', new FixedSizeList(2, item(new Float64())), [[1, 2], [3, null], [5, 6], null, [7, 8], [9, 10]]],
  [
    'structs',
    new Struct([item(new Utf8())]),
    [{ item: 'a' }, null, { item: null }, { item: 'd' }, { item: 'e' }, null],
  ],
];

describe('concatBatches', () => {
  it.each(cases)('joins %s, whole and sliced', (_, type, values) => {
    const whole = batchOf(type, values);
    expect(concatBatches([whole])).toBe(whole);
    const schema = whole.schema;
    for (let cut = 0; cut <= values.length; cut++) {
      const made = [batchOf(type, values.slice(0, cut)), batchOf(type, values.slice(cut))] as const;
      expect(valuesOf(concatBatches(made))).toEqual(plain(valuesOf(whole)));
      const column = whole.data.children[0]!;
      const sliced = [
        recordBatchOf(schema, [column.slice(0, cut)], cut),
        recordBatchOf(schema, [column.slice(cut, values.length - cut)], values.length - cut),
      ] as const;
      expect(valuesOf(concatBatches(sliced))).toEqual(plain(valuesOf(whole)));
    }
  });

  it('refuses what it can’t join, by its type', () => {
    const dictionary = vectorFromArray(['a', 'b']);
    const other = vectorFromArray(['c']);
    const schema = new Schema([new Field('v', dictionary.type, true)]);
    const batches = [dictionary, other].map(({ data, length }) => recordBatchOf(schema, [data[0]!], length));
    expect(() => concatBatches(batches as [RecordBatch, RecordBatch])).toThrow('have to come in one batch');
    expect(concatBatches([batches[0]!, batches[0]!]).numRows).toBe(4);
  });
});
