import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import {
  Binary,
  BinaryView,
  Bool,
  type DataType,
  DenseUnion,
  Dictionary,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Int8,
  Int32,
  LargeUtf8,
  List,
  Null,
  Schema,
  Struct,
  Utf8,
  Utf8View,
} from 'apache-arrow';
import { layoutBody } from './body.ts';
import { type Compression, CompressionCodec, decompress } from './compression.ts';
import { IpcDecoder } from './ipc-decoder.ts';
import { IpcError } from './ipc-error.ts';
import { decodeIpcStream } from './ipc-stream.ts';
import type { IpcLimits } from './limits.ts';
import { type BatchHeader, writeBatchHeader } from './write-batch-header.ts';
import { writeSchema } from './write-schema.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const words = (...values: number[]) => new Uint8Array(Int32Array.from(values).buffer);
const longs = (...values: bigint[]) => new Uint8Array(BigInt64Array.from(values).buffer);
const none = bytes();

/** Decodes one column made of these nodes and buffers. */
interface Column {
  readonly type: DataType;
  readonly rows?: number;
  readonly nodes: readonly number[];
  readonly buffers?: readonly Uint8Array[];
  readonly header?: Partial<BatchHeader>;
  readonly compression?: Compression;
  readonly limits?: Partial<IpcLimits>;
  readonly dictionary?: { readonly id: number; readonly nodes: number[]; readonly buffers: Uint8Array[] };
}

function decode({ type, rows = 2, nodes, buffers = [], header, compression, limits, dictionary }: Column) {
  const decoder = new IpcDecoder(limits);
  decoder.decode(writeSchema(new Schema([new Field('c', type, true)])), none);
  const send = (extra: Partial<BatchHeader>, parts: readonly Uint8Array[]) => {
    const body = layoutBody(parts, undefined);
    const base = { nodes: [], variadicCounts: [], bodyLength: body.length, regions: body.regions, rows, compression };
    return decoder.decode(
      writeBatchHeader({ ...base, ...extra }),
      Buffer.concat(body.parts.flatMap((part) => [part, new Uint8Array(-part.length & 7)])),
    );
  };
  if (dictionary)
    send({ nodes: dictionary.nodes, dictionary: { id: dictionary.id, isDelta: false } }, dictionary.buffers);
  return send({ nodes, ...header }, buffers);
}

const union = new DenseUnion([3, 5], [new Field('a', new Int32(), true), new Field('b', new Utf8(), true)]);
const dictionary = new Dictionary(new Utf8(), new Int8(), 0);
const goodDictionary = { id: 0, nodes: [2, 0], buffers: [none, words(0, 1, 2), bytes(97, 98)] };
const view = (length: number, buffer: number, offset: number) => [...words(length, 0, buffer, offset)];
const unionChildren = [2, 0, 1, 0, 1, 0];

const cases: [what: string, message: string | RegExp, column: Column][] = [
  ['a negative row count', 'the row count is negative: -1', { type: new Int32(), rows: -1, nodes: [2, 0] }],
  [
    'more rows than allowed',
    'over the limit of 10',
    { type: new Int32(), rows: 11, nodes: [11, 0], limits: { rowsMax: 10 } },
  ],
  ['rows beyond safe integers', 'the row count is out of range', { type: new Int32(), rows: 2 ** 60, nodes: [2, 0] }],
  [
    'a column of another length',
    'column "c": 3 values in a batch of 2 rows',
    { type: new Int32(), nodes: [3, 0], buffers: [none, words(1, 2, 3)] },
  ],
  [
    'a negative length',
    'column "c": length -2 is out of range',
    { type: new Int32(), nodes: [-2, 0], buffers: [none, none] },
  ],
  [
    'more nulls than values',
    'column "c": 3 nulls in 2 values',
    { type: new Int32(), nodes: [2, 3], buffers: [bytes(0), words(1, 2)] },
  ],
  [
    'a negative null count',
    'column "c": -2 nulls in 2 values',
    { type: new Int32(), nodes: [2, -2], buffers: [none, words(1, 2)] },
  ],
  ['no node', 'column "c": the batch has no more field nodes', { type: new Int32(), nodes: [] }],
  ['no buffer', 'column "c": the batch has no more buffers', { type: new Int32(), nodes: [2, 0] }],
  [
    'a node too many',
    'the batch has 1 nodes and 0 buffers more',
    { type: new Int32(), nodes: [2, 0, 2, 0], buffers: [none, words(1, 2)] },
  ],
  [
    'a buffer too many',
    'the batch has 0 nodes and 1 buffers more',
    { type: new Int32(), nodes: [2, 0], buffers: [none, words(1, 2), none] },
  ],
  [
    'a short data buffer',
    'column "c": the data buffer has 4 bytes, 2 values need 8',
    { type: new Int32(), nodes: [2, 0], buffers: [none, words(1)] },
  ],
  [
    'a short validity buffer',
    '1 nulls, but the validity buffer has 1 bytes',
    { type: new Int32(), rows: 9, nodes: [9, 1], buffers: [bytes(1), words(1, 2, 3, 4, 5, 6, 7, 8, 9)] },
  ],
  [
    'no validity buffer',
    '1 nulls, but the validity buffer has 0 bytes',
    { type: new Int32(), nodes: [2, 1], buffers: [none, words(1, 2)] },
  ],
  [
    'a short bitmap of booleans',
    'the data buffer has 1 bytes, 9 values need 2',
    { type: new Bool(), rows: 9, nodes: [9, 0], buffers: [none, bytes(1)] },
  ],
  [
    'a buffer beyond the body',
    /data buffer \(8 bytes at 8\) lies outside the body of 8 bytes/,
    {
      type: new Int32(),
      nodes: [2, 0],
      buffers: [words(1, 2)],
      header: {
        regions: [
          { offset: 0, length: 0 },
          { offset: 8, length: 8 },
        ],
      },
    },
  ],
  [
    'a buffer at a negative offset',
    'lies outside the body',
    {
      type: new Int32(),
      nodes: [2, 0],
      buffers: [words(1, 2)],
      header: {
        regions: [
          { offset: 0, length: 0 },
          { offset: -8, length: 8 },
        ],
      },
    },
  ],
  [
    'a buffer of negative length',
    'lies outside the body',
    {
      type: new Int32(),
      nodes: [2, 0],
      buffers: [words(1, 2)],
      header: {
        regions: [
          { offset: 0, length: 0 },
          { offset: 0, length: -8 },
        ],
      },
    },
  ],
  [
    'a body shorter than announced',
    'announces a body of 80 bytes, it has 8',
    { type: new Int32(), nodes: [2, 0], buffers: [none, words(1, 2)], header: { bodyLength: 80 } },
  ],
  [
    'a negative body length',
    'the body length is negative',
    { type: new Int32(), nodes: [2, 0], buffers: [none, words(1, 2)], header: { bodyLength: -8 } },
  ],
  [
    'offsets that go back',
    'offset 2 goes back from 3 to 1',
    { type: new Utf8(), nodes: [2, 0], buffers: [none, words(0, 3, 1), bytes(97, 98, 99)] },
  ],
  [
    'a negative first offset',
    'the first offset is negative: -1',
    { type: new Utf8(), nodes: [2, 0], buffers: [none, words(-1, 0, 1), bytes(97)] },
  ],
  [
    'offsets beyond the values',
    'the offsets go to 4, there are only 3',
    { type: new Binary(), nodes: [2, 0], buffers: [none, words(0, 1, 4), bytes(97, 98, 99)] },
  ],
  [
    'too few offsets',
    'the offset buffer has 8 bytes, 2 values need 12',
    { type: new Utf8(), nodes: [2, 0], buffers: [none, words(0, 1), bytes(97)] },
  ],
  [
    'large offsets that go back',
    'offset 2 goes back from 3 to 1',
    { type: new LargeUtf8(), nodes: [2, 0], buffers: [none, longs(0n, 3n, 1n), bytes(97, 98, 99)] },
  ],
  [
    'large offsets beyond the values',
    'the offsets go to',
    { type: new LargeUtf8(), nodes: [2, 0], buffers: [none, longs(0n, 1n, 1n << 60n), bytes(97)] },
  ],
  [
    'a negative large offset',
    'goes back',
    { type: new LargeUtf8(), nodes: [2, 0], buffers: [none, longs(-1n, 0n, 1n), bytes(97)] },
  ],
  [
    'text that is no UTF-8',
    'column "c": value 1 is not UTF-8',
    { type: new Utf8(), nodes: [2, 0], buffers: [none, words(0, 1, 2), bytes(97, 0xff)] },
  ],
  [
    'text cut inside a character',
    'column "c": value 0 is not UTF-8',
    { type: new Utf8(), nodes: [2, 0], buffers: [none, words(0, 1, 2), bytes(0xc3, 0xa9)] },
  ],
  [
    'list offsets beyond the child',
    'the offsets go to 3, there are only 2',
    {
      type: new List(new Field('item', new Int32(), true)),
      nodes: [2, 0, 2, 0],
      buffers: [none, words(0, 1, 3), none, words(1, 2)],
    },
  ],
  [
    'a short child of a struct',
    'column "c"."x": 1 values, its parent needs 2',
    { type: new Struct([new Field('x', new Int32(), true)]), nodes: [2, 0, 1, 0], buffers: [none, none, words(1)] },
  ],
  [
    'a short child of a fixed-size list',
    'column "c"."item": 5 values, its parent needs 6',
    {
      type: new FixedSizeList(3, new Field('item', new Int8(), true)),
      nodes: [2, 0, 5, 0],
      buffers: [none, none, bytes(1, 2, 3, 4, 5)],
    },
  ],
  [
    'a short fixed-size binary',
    'the data buffer has 5 bytes, 2 values need 6',
    { type: new FixedSizeBinary(3), nodes: [2, 0], buffers: [none, bytes(1, 2, 3, 4, 5)] },
  ],
  [
    'an unknown type id of a union',
    "value 1 is of type id 4, which the union doesn't have",
    {
      type: union,
      nodes: unionChildren,
      buffers: [bytes(3, 4), words(0, 0), none, words(1), none, words(0, 1), bytes(97)],
    },
  ],
  [
    "an offset beyond a union's child",
    'value 1 is at 1 of a child with 1 values',
    {
      type: union,
      nodes: unionChildren,
      buffers: [bytes(3, 5), words(0, 1), none, words(1), none, words(0, 1), bytes(97)],
    },
  ],
  [
    'a dictionary that was not sent',
    'value 0 is entry 0 of a dictionary with 0 entries',
    { type: dictionary, nodes: [2, 0], buffers: [none, bytes(0, 1)] },
  ],
  [
    'an index beyond the dictionary',
    'value 1 is entry 2 of a dictionary with 2 entries',
    { type: dictionary, nodes: [2, 0], buffers: [none, bytes(0, 2)], dictionary: goodDictionary },
  ],
  [
    'a negative index',
    'value 1 is entry -1 of a dictionary',
    { type: dictionary, nodes: [2, 0], buffers: [none, bytes(0, 255)], dictionary: goodDictionary },
  ],
  [
    'a dictionary of an unknown id',
    'dictionary 7 is not in the schema',
    { type: dictionary, nodes: [2, 0], buffers: [none, bytes(0, 0)], dictionary: { ...goodDictionary, id: 7 } },
  ],
  [
    'a dictionary of another length',
    'dictionary 0: 1 values, the message says 2',
    { type: dictionary, nodes: [2, 0], buffers: [none, bytes(0, 0)], dictionary: { ...goodDictionary, nodes: [1, 0] } },
  ],
  [
    'too large a dictionary',
    'the dictionaries are over 10 bytes',
    {
      type: dictionary,
      nodes: [2, 0],
      buffers: [none, bytes(0, 0)],
      dictionary: goodDictionary,
      limits: { dictionaryBytesMax: 10 },
    },
  ],
  [
    'a view outside its buffer',
    "value 1 (13 bytes at 1 of buffer 0) isn't there",
    {
      type: new BinaryView(),
      nodes: [2, 0],
      buffers: [none, bytes(...view(1, 0, 0), ...view(13, 0, 1)), bytes(...Array(13).fill(97))],
      header: { variadicCounts: [1] },
    },
  ],
  [
    'a view of a buffer that is not there',
    "of buffer 1) isn't there",
    {
      type: new BinaryView(),
      nodes: [2, 0],
      buffers: [none, bytes(...view(1, 0, 0), ...view(13, 1, 0)), none],
      header: { variadicCounts: [1] },
    },
  ],
  [
    'a view of negative length',
    '(-1 bytes',
    {
      type: new BinaryView(),
      nodes: [2, 0],
      buffers: [none, bytes(...view(1, 0, 0), ...view(-1, 0, 0))],
      header: { variadicCounts: [0] },
    },
  ],
  [
    "no count of a view's buffers",
    "doesn't say how many data buffers",
    { type: new BinaryView(), nodes: [2, 0], buffers: [none, bytes(...view(1, 0, 0), ...view(1, 0, 0))] },
  ],
  [
    'a count of more buffers than there are',
    '9 data buffers are announced',
    {
      type: new BinaryView(),
      nodes: [2, 0],
      buffers: [none, bytes(...view(1, 0, 0), ...view(1, 0, 0))],
      header: { variadicCounts: [9] },
    },
  ],
  [
    'a compressed buffer without its length',
    'the compressed data buffer has only 4 bytes',
    { type: new Int32(), nodes: [2, 0], buffers: [none, words(1)], compression: 'zstd' },
  ],
  [
    'a compressed length below -1',
    'is negative',
    { type: new Int32(), nodes: [2, 0], buffers: [none, longs(-2n)], compression: 'zstd' },
  ],
  [
    'a compressed length over the limit',
    'grows beyond 1000 bytes when it is decompressed',
    {
      type: new Int32(),
      nodes: [2, 0],
      buffers: [none, longs(1001n)],
      compression: 'lz4',
      limits: { decompressedBytesMax: 1000 },
    },
  ],
  [
    "a compressed length that LZ4 can't reach",
    "LZ4 can't hold 1000000 bytes",
    { type: new Int32(), nodes: [2, 0], buffers: [none, longs(1_000_000n, 0x40_60_18_4d_22_04n)], compression: 'lz4' },
  ],
  [
    'columns that share their bytes',
    'the buffers overlap, together they are more than the body of 1000000 bytes',
    {
      type: new Struct(Array.from({ length: 9 }, (_, i) => new Field(`x${i}`, new Int8(), true))),
      rows: 1_000_000,
      nodes: Array(10).fill([1_000_000, 0]).flat(),
      buffers: [new Uint8Array(1_000_000)],
      header: {
        regions: Array.from({ length: 19 }, (_, i) => ({ offset: 0, length: i > 0 && i % 2 === 0 ? 1_000_000 : 0 })),
      },
    },
  ],
  [
    'many rows of nothing',
    '2000000000 values without bytes for them are over the limit of 16777216',
    { type: new Null(), rows: 2_000_000_000, nodes: [2_000_000_000, 2_000_000_000] },
  ],
  [
    'many items of nothing',
    '2000000000 values without bytes for them',
    {
      type: new List(new Field('item', new Null(), true)),
      nodes: [2, 0, 2_000_000_000, 2_000_000_000],
      buffers: [none, words(0, 1, 2_000_000_000)],
    },
  ],
  [
    'views that share text that is none',
    'too many values share bytes that are not UTF-8 as a whole',
    {
      type: new Utf8View(),
      rows: 1000,
      nodes: [1000, 0],
      buffers: [
        none,
        bytes(...Array.from({ length: 1000 }, () => view(100_000, 0, 0)).flat()),
        new Uint8Array(100_001).fill(97).fill(255, 100_000),
      ],
      header: { variadicCounts: [1] },
    },
  ],
  [
    'a view cut inside a character',
    'value 1 is not UTF-8',
    {
      type: new Utf8View(),
      nodes: [2, 0],
      buffers: [none, bytes(...view(14, 0, 0), ...view(13, 0, 0)), new Uint8Array(Buffer.from('twelve bytes\u00e9'))],
      header: { variadicCounts: [1] },
    },
  ],
  [
    'garbage for LZ4',
    'is no LZ4 frame',
    { type: new Int32(), nodes: [2, 0], buffers: [none, longs(8n, 1n)], compression: 'lz4' },
  ],
  [
    'garbage for ZSTD',
    "can't be decompressed",
    { type: new Int32(), nodes: [2, 0], buffers: [none, longs(8n, 1n)], compression: 'zstd' },
  ],
];

describe('a batch with', () => {
  it.each(cases)('%s is refused', (_, message, column) => {
    expect(() => decode(column)).toThrow(IpcError);
    expect(() => decode(column)).toThrow(message);
  });

  it('garbage under its nulls is taken', () => {
    const { batch } = decode({ type: new Utf8(), nodes: [2, 1], buffers: [bytes(2), words(0, 1, 2), bytes(0xff, 97)] });
    expect([...batch!.getChildAt(0)!]).toEqual([null, 'a']);
    const indices = decode({
      type: dictionary,
      nodes: [2, 1],
      buffers: [bytes(2), bytes(99, 1)],
      dictionary: goodDictionary,
    });
    expect([...indices.batch!.getChildAt(0)!]).toEqual([null, 'b']);
  });

  it('a dictionary that nothing refers to needs none', () => {
    const { batch } = decode({ type: dictionary, nodes: [2, 2], buffers: [bytes(0), bytes(0, 0)] });
    expect([...batch!.getChildAt(0)!]).toEqual([null, null]);
  });
});

/** A schema message whose endianness field says big. */
function bigEndianSchema(): Uint8Array {
  const message = new Uint8Array(64);
  const view = new DataView(message.buffer);
  view.setUint32(0, 16, true);
  new Uint16Array(message.buffer, 4, 6).set([12, 20, 16, 18, 4, 8]);
  view.setInt32(16, 12, true);
  view.setUint32(20, 28, true); // the header, at 48
  view.setInt16(32, 4, true);
  view.setUint8(34, 1);
  new Uint16Array(message.buffer, 40, 3).set([6, 8, 4]);
  view.setInt32(48, 8, true);
  view.setInt16(52, 1, true);
  return message;
}

describe('a stream', () => {
  const oneDictionary = new Schema([new Field('c', dictionary, true)]);
  const dictionaryMessage = (body: ReturnType<typeof layoutBody>, rows: number, isDelta: boolean) =>
    writeBatchHeader({
      rows,
      nodes: [rows, 0],
      regions: body.regions,
      variadicCounts: [],
      bodyLength: body.length,
      compression: undefined,
      dictionary: { id: 0, isDelta },
    });

  it('of deltas is bounded, however little they hold; those without values cost nothing', () => {
    const decoder = new IpcDecoder({ dictionaryBytesMax: 100_000 });
    decoder.decode(writeSchema(oneDictionary), none);
    const nothing = dictionaryMessage(layoutBody([none, none, none], undefined), 0, true);
    for (let i = 0; i < 1000; i++) decoder.decode(nothing, none);
    const body = layoutBody([none, words(0, 1), bytes(97)], undefined);
    const letter = dictionaryMessage(body, 1, true);
    expect(() => {
      for (let i = 0; i < 1000; i++) decoder.decode(letter, Buffer.concat([words(0, 1), bytes(97), new Uint8Array(7)]));
    }).toThrow('the dictionaries are over 100000 bytes');
  });

  it("doesn't keep large messages alive for their small dictionaries", () => {
    const decoder = new IpcDecoder();
    decoder.decode(writeSchema(oneDictionary), none);
    const body = layoutBody([none, words(0, 1), bytes(97)], undefined);
    const large = new Uint8Array(10_000_000);
    large.set(Buffer.concat([words(0, 1), bytes(97)]));
    decoder.decode(dictionaryMessage(body, 1, false), large.subarray(0, 16));
    const batch = layoutBody([none, bytes(0)], undefined);
    const { batch: decoded } = decoder.decode(
      writeBatchHeader({
        rows: 1,
        nodes: [1, 0],
        regions: batch.regions,
        variadicCounts: [],
        bodyLength: batch.length,
        compression: undefined,
      }),
      new Uint8Array(8),
    );
    const values = decoded!.data.children[0]!.dictionary!.data[0]!.values as Uint8Array;
    expect(Buffer.from(values).toString()).toBe('a');
    expect(values.buffer.byteLength).toBeLessThan(100);
  });

  it('pays nothing for a lie about its length', () => {
    const frame = new Uint8Array(zstdCompressSync(new Uint8Array(100)));
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decompress(CompressionCodec.zstd, frame, 2 ** 28)).toThrow(
      'holds 100 bytes, 268435456 were announced',
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
    const all = zstdCompressSync(new Uint8Array(2 ** 24).fill(7));
    const back = decompress(CompressionCodec.zstd, new Uint8Array(all), 2 ** 24);
    expect(back.length).toBe(2 ** 24);
    expect(back.every((byte) => byte === 7)).toBe(true);
  });

  it('that is a file says so', () => {
    expect(() => decodeIpcStream(Buffer.from('ARROW1\0\0 and so on'))).toThrow('this is an Arrow file, not a stream');
  });

  it('counts nulls itself, whatever the message says', () => {
    const { batch } = decode({ type: new Int32(), nodes: [2, 2], buffers: [bytes(2), words(1, 2)] });
    expect(batch!.data.children[0]!.nullCount).toBe(1);
  });
});

describe('a schema', () => {
  it('with a header over the limit is refused', () => {
    const header = writeSchema(new Schema([new Field('x'.repeat(1000), new Int32(), true)]));
    expect(() => new IpcDecoder({ headerBytesMax: 1000 }).decode(header, none)).toThrow(
      /header of \d+ bytes is over 1000/,
    );
  });

  it('with a name that is no text is refused', () => {
    const header = writeSchema(new Schema([new Field('name', new Int32(), true)])).slice();
    header[Buffer.from(header).indexOf('name')] = 0xff;
    expect(() => new IpcDecoder().decode(header, none)).toThrow('is not UTF-8');
  });

  it('with endless names is refused in few words', () => {
    const name = 'endless'.repeat(100_000);
    const type = new DenseUnion([0, 0], [new Field('a', new Int32(), true), new Field('b', new Int32(), true)]);
    const header = writeSchema(new Schema([new Field(name, type, true)]));
    try {
      new IpcDecoder().decode(header, none);
      throw new Error('not refused');
    } catch (error) {
      expect((error as Error).message).toMatch(
        /^INVALID_ARGUMENT: field "endlessendless.*…": a union needs one type id/,
      );
      expect((error as Error).message.length).toBeLessThan(500);
    }
  });

  it('of big-endian data is refused', () => {
    expect(() => new IpcDecoder().decode(bigEndianSchema(), none)).toThrow('the data is big-endian');
  });

  it.each([0, 1, 2, 5, -1])('of metadata version %i is refused', (version) => {
    const message = bigEndianSchema();
    new DataView(message.buffer).setInt16(32, version, true);
    expect(() => new IpcDecoder().decode(message, none)).toThrow(/metadata version/);
  });

  it('of too many fields, or nested too deeply, is refused', () => {
    const wide = new Schema(Array.from({ length: 101 }, (_, i) => new Field(`f${i}`, new Int32(), true)));
    expect(() => new IpcDecoder({ fieldsMax: 100 }).decode(writeSchema(wide), none)).toThrow('more than 100 fields');
    let type: DataType = new Int32();
    for (let i = 0; i < 70; i++) type = new List(new Field('item', type, true));
    const deep = new Schema([new Field('deep', type, true)]);
    expect(() => new IpcDecoder().decode(writeSchema(deep), none)).toThrow('nested deeper than 64 levels');
  });

  it('is needed before a batch', () => {
    const header = writeBatchHeader({
      rows: 0,
      nodes: [],
      regions: [],
      variadicCounts: [],
      bodyLength: 0,
      compression: undefined,
    });
    expect(() => new IpcDecoder().decode(header, none)).toThrow('a record batch came before its schema');
  });

  it('that refers to one name again and again does not grow', () => {
    const name = 'x'.repeat(100_000);
    const header = writeSchema(new Schema([new Field(name, new Int32(), true)])).slice();
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    // The vector of fields: 1 becomes as many as fit into what follows, all of them bytes of the name.
    for (let at = 0; at + 4 < 400; at += 4) {
      const changed = view.getUint32(at, true);
      view.setUint32(at, 20_000, true);
      expect(() => {
        try {
          new IpcDecoder().decode(header, none);
        } catch (error) {
          if (!(error instanceof IpcError)) throw error;
        }
      }).not.toThrow();
      view.setUint32(at, changed, true);
    }
  });
});
