import { describe, expect, it } from '@jest/globals';
import { Data, Dictionary, Field, Int8, List, Schema, Utf8, Vector, vectorFromArray } from 'apache-arrow';
import { FlightDataDecoder } from '../stream/decode.ts';
import { FlightDataEncoder } from '../stream/encode.ts';
import { randomFrom } from '../testing/mutate.ts';
import { plainColumns, plainValues } from '../testing/plain-values.ts';
import { RandomData } from '../testing/random-data.ts';
import { leafTypes, randomSchema } from '../testing/random-types.ts';
import { decodeIpcStream, encodeIpcStream } from './ipc-stream.ts';
import { recordBatchOf } from './record-batch.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000);
const allNulls = ['none', 'some', 'all'] as const;

it(`random schemas and values, whole and sliced, come back as they went (SEED=${seed})`, () => {
  const random = randomFrom(seed);
  for (let round = 0; round < 400; round++) {
    const schema = randomSchema(random);
    const compression = ([undefined, 'lz4', 'zstd'] as const)[random(3)];
    const encoder = new FlightDataEncoder({ compression });
    const decoder = new FlightDataDecoder();
    const data = new RandomData(random, allNulls[random(3)]!);
    for (let batches = 1 + random(4); batches > 0; batches--) {
      const sent = data.batch(schema, 20);
      const messages = encoder.encode({ batch: sent }).map((parts) => decoder.decode(Buffer.concat(parts)));
      const received = messages.findLast((message) => message?.batch)!.batch!;
      try {
        expect(String(received.schema)).toBe(String(schema));
        expect(received.numRows).toBe(sent.numRows);
        expect(received.metadata).toEqual(sent.metadata);
        expect(plainColumns(schema.fields.length, [received])).toEqual(plainColumns(schema.fields.length, [sent]));
      } catch (error) {
        throw new Error(`round ${round} of SEED=${seed}: ${schema}`, { cause: error });
      }
    }
  }
});

describe('a column of type', () => {
  it.each(leafTypes.map((type) => [String(type), type] as const))('%s', (_, type) => {
    const random = randomFrom(seed);
    for (const nulls of allNulls) {
      const schema = new Schema([new Field('c', type, true)]);
      const batch = new RandomData(random, nulls).batch(schema, 40);
      const { batches, ...received } = decodeIpcStream(Buffer.concat(encodeIpcStream({ schema, batches: [batch] })));
      expect(String(received.schema)).toBe(String(schema));
      expect(plainValues(batches[0]!.data.children[0]!)).toEqual(plainValues(batch.data.children[0]!));
    }
  });
});

it('a dictionary within a dictionary grows with it', () => {
  const words = (...texts: string[]) => vectorFromArray(texts, new Utf8()).data[0]!;
  const inner = new Dictionary(new Utf8(), new Int8(), 1);
  const list = new List(new Field('item', inner, true));
  const outer = new Dictionary(list, new Int8(), 0);
  const schema = new Schema([new Field('c', outer, true)]);
  const none = new Uint8Array(0);
  const indices = (type: Dictionary, values: number[], dictionary: Vector) =>
    new Data(type, 0, values.length, 0, [undefined, Int8Array.from(values), none] as never, [], dictionary);
  const entry = (values: number[], dictionary: Vector) =>
    new Data(list, 0, 1, 0, [Int32Array.of(0, values.length), undefined, none] as never, [
      indices(inner, values, dictionary),
    ]);
  const few = new Vector([words('a', 'b')]);
  const more = new Vector([...few.data, words('c')]);
  const entries = new Vector([entry([0, 1], few)]);
  const moreEntries = new Vector([...entries.data, entry([2, 0], more)]);
  const batches = [
    recordBatchOf(schema, [indices(outer, [0, 0], entries)], 2),
    recordBatchOf(schema, [indices(outer, [1, 0], moreEntries)], 2),
  ];
  const values = [
    ['a', 'b'],
    ['a', 'b'],
    ['c', 'a'],
    ['a', 'b'],
  ];
  const once = decodeIpcStream(Buffer.concat(encodeIpcStream({ schema, batches })));
  expect(plainColumns(1, once.batches)).toEqual([values]);
  const twice = decodeIpcStream(Buffer.concat(encodeIpcStream(once)));
  expect(plainColumns(1, twice.batches)).toEqual([values]);
});
