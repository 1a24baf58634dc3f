import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { type Data, DataType, MapRow, type RecordBatch, StructRow, Vector } from 'apache-arrow';
import { IpcError } from './ipc-error.ts';
import { decodeIpcStream, encodeIpcStream } from './ipc-stream.ts';

interface Case {
  readonly name: string;
  /** What pyarrow wrote, in base64. */
  readonly stream: string;
  readonly values?: unknown[];
  /** Instead of values: how many texts of `longText`. */
  readonly texts?: number;
}

const longText = (_: unknown, i: number) => 'ab'.repeat(i % 50) + i;
const expected = ({ values, texts }: Case) => values ?? Array.from({ length: texts! }, longText);

const { golden, refused } = JSON.parse(
  readFileSync(new URL('../../testdata/golden.json', import.meta.url), 'utf8'),
) as { golden: Case[]; refused: Case[] };

/** A value as golden.json writes it: 64-bit integers and decimals as text, bytes in hex, times as what is stored. */
function plain(data: Data, index: number): unknown {
  if (!data.getValid(index) || DataType.isNull(data.type)) return null;
  const { type, values, stride } = data;
  if (DataType.isDecimal(type)) return decimal(values.subarray(index * stride, (index + 1) * stride));
  if (DataType.isInterval(type)) return [...values.subarray(index * stride, (index + 1) * stride)];
  if (DataType.isTimestamp(type) || DataType.isDuration(type) || DataType.isDate(type) || DataType.isTime(type)) {
    return typeof values[index] === 'bigint' ? String(values[index]) : values[index];
  }
  if (DataType.isUnion(type)) {
    const child = data.children[type.typeIdToChildIndex[data.typeIds[index]!]!]!;
    return plain(child, data.valueOffsets ? data.valueOffsets[index]! : index);
  }
  return value(new Vector([data]).get(index));
}

function decimal(words: Uint32Array): string {
  const bits = words.length * 32;
  const unsigned = words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
  return String(BigInt.asIntN(bits, unsigned));
}

function value(item: unknown): unknown {
  if (typeof item === 'bigint') return String(item);
  if (item instanceof Uint8Array) return Buffer.from(item).toString('hex');
  if (item instanceof Vector) return [...item].map(value);
  if (item instanceof StructRow || item instanceof MapRow) {
    return Object.fromEntries([...item].map(([key, field]) => [key, value(field)]));
  }
  return item;
}

function allValues(batches: readonly RecordBatch[]): unknown[] {
  return batches.flatMap((batch) => {
    const data = batch.data.children[0]!;
    return Array.from({ length: batch.numRows }, (_, i) => plain(data, i));
  });
}

/** A copy that begins at an odd address. */
function misaligned(bytes: Uint8Array, by: number): Uint8Array {
  const copy = new Uint8Array(bytes.length + by).subarray(by);
  copy.set(bytes);
  return copy;
}

describe('what pyarrow wrote', () => {
  it.each(golden)('$name', (golden) => {
    const { stream } = golden;
    const values = expected(golden);
    const bytes = new Uint8Array(Buffer.from(stream, 'base64'));
    const { schema, batches } = decodeIpcStream(misaligned(bytes, 0));
    expect(allValues(batches)).toEqual(values);
    expect(allValues(decodeIpcStream(misaligned(bytes, 3)).batches)).toEqual(values);
    const again = decodeIpcStream(Buffer.concat(encodeIpcStream({ schema, batches })));
    expect(String(again.schema)).toBe(String(schema));
    expect(allValues(again.batches)).toEqual(values);
  });

  it.each(refused)('of type $name is refused by that name', ({ name, stream }) => {
    const decode = () => decodeIpcStream(Buffer.from(stream, 'base64'));
    expect(decode).toThrow(IpcError);
    expect(decode).toThrow(`field "c": type ${name} is not supported`);
  });
});

describe('a stream cut at any byte', () => {
  it('ends with an error or with fewer batches, never with other values', () => {
    for (const { stream, values = [] } of golden.filter(({ name }) =>
      /^(utf8|struct|dictionary|dense_union), zstd$|^map$/.test(name),
    )) {
      const bytes = new Uint8Array(Buffer.from(stream, 'base64'));
      for (let length = 0; length < bytes.length; length++) {
        try {
          const seen = allValues(decodeIpcStream(bytes.subarray(0, length)).batches);
          expect(seen).toEqual(values.slice(0, seen.length));
        } catch (error) {
          expect(error).toBeInstanceOf(IpcError);
        }
      }
    }
  });
});
