import { describe, expect, it } from '@jest/globals';
import { recordBatchOf } from '@signaldb/flight';
import {
  Binary,
  type DataType,
  Dictionary,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float32,
  Float64,
  Int8,
  Int32,
  Int64,
  LargeUtf8,
  List,
  Null,
  Schema,
  Struct,
  TimestampMicrosecond,
  TimestampMillisecond,
  Uint32,
  Utf8,
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
    ['fixed bytes', new FixedSizeBinary(2), [Uint8Array.of(1, 2)], new Binary(), [Uint8Array.of(1, 2)]],
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
});
