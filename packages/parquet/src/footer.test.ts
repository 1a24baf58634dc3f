import { describe, expect, it } from '@jest/globals';
import { Int64, Utf8 } from 'apache-arrow';
import { type ByteReader, type FileMetaData, readFooter, writeFooter } from './index.ts';
import { batchOf, encode } from './testing/batches.ts';

const file = encode([batchOf({ a: [new Utf8(), ['x', null]], b: [new Int64(), [1n, 2n]] })])[0]!.bytes;
const tail = (bytes: Uint8Array) => {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 8, true);
  return bytes.subarray(bytes.length - 8 - length);
};

describe('a footer', () => {
  it('is read and written the same', async () => {
    expect(Buffer.compare(writeFooter(await readFooter(file)), tail(file))).toBe(0);
  });

  it('holds numbers beyond 32 bits and more than 15 columns', async () => {
    const schema = [
      { name: 'schema', num_children: 20 },
      ...Array.from({ length: 20 }, (_, i) => ({ name: `c${i}`, type: 2, repetition_type: 1, field_id: i })),
    ];
    const footer: FileMetaData = {
      version: 2,
      schema,
      num_rows: 2 ** 40 + 1,
      row_groups: [],
      created_by: 'x',
      key_value_metadata: [{ key: 'k', value: 'v' }, { key: 'n' }],
    };
    expect(await readFooter(Buffer.concat([Buffer.from('PAR1'), writeFooter(footer)]))).toEqual(footer);
  });

  it('takes one read where it is small, and a second where it is not', async () => {
    const reads: [number, number][] = [];
    const counting = (bytes: Uint8Array): ByteReader => ({
      size: bytes.length,
      read: async (start, end) => {
        reads.push([start, end]);
        return bytes.subarray(start, end);
      },
    });
    await readFooter(counting(file));
    expect(reads).toHaveLength(1);
    const wide = encode([
      batchOf(
        Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`column ${i}`, [new Utf8(), ['x']] as const])),
      ),
    ])[0]!.bytes;
    expect((await readFooter(counting(wide))).row_groups[0]!.columns).toHaveLength(2000);
    expect(reads).toHaveLength(3);
  });
});

describe('what is no footer is refused', () => {
  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'not a Parquet file'],
    ['other bytes', Buffer.alloc(100, 7), 'does not end in PAR1'],
    [
      'a length beyond the file',
      Buffer.concat([Buffer.from('PAR1'), Buffer.from([255, 255, 255, 0]), Buffer.from('PAR1')]),
      'longer than the file',
    ],
    [
      'an empty struct',
      Buffer.from([...Buffer.from('PAR1'), 0, 1, 0, 0, 0, ...Buffer.from('PAR1')]),
      'lacks its schema',
    ],
  ])('%s', async (_name, bytes, message) => {
    await expect(readFooter(bytes)).rejects.toThrow(message);
  });

  it('cut or changed anywhere, an error of its own kind or a footer, never anything else', async () => {
    const footer = Uint8Array.from(tail(file).subarray(0, -8));
    const whole = (metadata: Uint8Array) => {
      const end = new Uint8Array(8);
      new DataView(end.buffer).setUint32(0, metadata.length, true);
      end.set(Buffer.from('PAR1'), 4);
      return Buffer.concat([Buffer.from('PAR1'), metadata, end]);
    };
    for (let i = 0; i < footer.length; i++) {
      await expect(readFooter(whole(footer.subarray(0, i)))).rejects.toThrow('broken footer');
      for (const value of [0, 0x19, 0x7f, 0xff]) {
        const changed = footer.slice();
        changed[i] = value;
        await readFooter(whole(changed)).catch((error: Error) => expect(error.name).toBe('ParquetError'));
      }
    }
  });
});
