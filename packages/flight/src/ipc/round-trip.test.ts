import { expect, it } from '@jest/globals';
import {
  Binary,
  Bool,
  type Data,
  type DataType,
  DateDay,
  Decimal,
  Dictionary,
  DurationNanosecond,
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
  Map_,
  MapRow,
  Schema,
  Struct,
  StructRow,
  TimestampMicrosecond,
  Uint16,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow';
import { FlightDataDecoder } from '../stream/decode.ts';
import { FlightDataEncoder } from '../stream/encode.ts';
import { type Random, randomFrom } from '../testing/mutate.ts';
import type { Compression } from './compression.ts';
import { recordBatchOf } from './record-batch.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000);

interface Kind {
  readonly type: DataType;
  value(random: Random): unknown;
}

const letters = ['', 'a', 'zé', '☃', '😀', 'longer than twelve bytes, and so on'];
const bytesOf = (random: Random, length: number) => Uint8Array.from({ length }, () => random(256));
const some = <T>(random: Random, make: () => T) => Array.from({ length: random(4) }, make);

const leaves: readonly (() => Kind)[] = [
  () => ({ type: new Bool(), value: (random) => random(2) === 1 }),
  () => ({ type: new Int8(), value: (random) => random(256) - 128 }),
  () => ({ type: new Uint16(), value: (random) => random(65_536) }),
  () => ({ type: new Int32(), value: (random) => random(2 ** 32) - 2 ** 31 }),
  () => ({ type: new Int64(), value: (random) => BigInt(random(2 ** 32)) * BigInt(random(2 ** 31)) - 5n }),
  () => ({ type: new Float32(), value: (random) => random(1000) / 8 }),
  () => ({ type: new Float64(), value: (random) => random(1e9) / 7 }),
  () => ({ type: new Utf8(), value: (random) => letters[random(letters.length)] }),
  () => ({ type: new LargeUtf8(), value: (random) => letters[random(letters.length)] }),
  () => ({ type: new Binary(), value: (random) => bytesOf(random, random(5)) }),
  () => ({ type: new FixedSizeBinary(3), value: (random) => bytesOf(random, 3) }),
  () => ({ type: new DateDay(), value: (random) => new Date(random(20_000) * 86_400_000) }),
  () => ({ type: new TimestampMicrosecond('UTC'), value: (random) => random(2 ** 31) }),
  () => ({ type: new DurationNanosecond(), value: (random) => BigInt(random(2 ** 31)) }),
  () => ({ type: new Decimal(2, 38, 128), value: (random) => Uint32Array.of(random(2 ** 32), random(9), 0, 0) }),
  () => ({ type: new Dictionary(new Utf8(), new Int8()), value: (random) => letters[random(letters.length)] }),
];

const maybe = (random: Random, kind: Kind) => (random(4) === 0 ? null : kind.value(random));

function randomKind(random: Random, depth: number): Kind {
  const choice = depth > 0 ? random(leaves.length + 5) : random(leaves.length);
  if (choice < leaves.length) return leaves[choice]!();
  const item = randomKind(random, depth - 1);
  const field = new Field('item', item.type, true);
  switch (choice - leaves.length) {
    case 0:
      return { type: new List(field), value: (again) => some(again, () => maybe(again, item)) };
    case 1:
      return { type: new FixedSizeList(2, field), value: (again) => [maybe(again, item), maybe(again, item)] };
    case 2: {
      const entries = new Struct([new Field('key', new Utf8(), false), new Field('value', item.type, true)]);
      const type = new Map_(new Field('entries', entries, false) as never);
      return { type, value: (again) => new Map(some(again, () => [`k${again(9)}`, maybe(again, item)] as const)) };
    }
    default: {
      const other = randomKind(random, depth - 1);
      const type = new Struct([new Field('x', item.type, true), new Field('y', other.type, true)]);
      return { type, value: (again) => ({ x: maybe(again, item), y: maybe(again, other) }) };
    }
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
  if (value instanceof Vector) return [...value].map(plain);
  if (value instanceof StructRow || value instanceof MapRow) return [...value].map(([key, item]) => [key, plain(item)]);
  return value;
}

const valuesOf = (data: Data) => [...new Vector([data])].map(plain);

it(`random schemas and values, whole and sliced, come back as they went (SEED=${seed})`, () => {
  const random = randomFrom(seed);
  for (let round = 0; round < 300; round++) {
    const kinds = Array.from({ length: 1 + random(4) }, () => randomKind(random, 3));
    // Columns may share a name.
    const schema = new Schema(kinds.map(({ type }, i) => new Field(`c${i >> 1}`, type, true)));
    const compression = ([undefined, 'lz4', 'zstd'] as const)[random(3)] as Compression | undefined;
    const encoder = new FlightDataEncoder({ compression });
    const decoder = new FlightDataDecoder();
    for (let batches = 1 + random(3); batches > 0; batches--) {
      const rows = random(20);
      const first = random(rows + 1);
      const length = random(rows - first + 1);
      const nulls = random(3);
      const columns = kinds.map((kind) => {
        const make = () => (nulls === 0 ? kind.value(random) : nulls === 1 ? null : maybe(random, kind));
        const values = Array.from({ length: rows }, make);
        return vectorFromArray(values, kind.type).data[0]!.slice(first, length);
      });
      const expected = columns.map(valuesOf);
      const sent = encoder.encode({ batch: recordBatchOf(schema, columns, length) });
      const messages = sent.map((parts) => decoder.decode(Buffer.concat(parts)));
      const received = messages.findLast((message) => message?.batch)!.batch!;
      try {
        expect(received.numRows).toBe(length);
        expect(received.data.children.map(valuesOf)).toEqual(expected);
      } catch (error) {
        throw new Error(`round ${round} of SEED=${seed}: ${schema}`, { cause: error });
      }
    }
  }
});
