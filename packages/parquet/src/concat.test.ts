import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DataType, Field, Float32, Int32, Int64, List, type RecordBatch, Struct, Utf8 } from 'apache-arrow';
import {
  bytesReader,
  type ConcatenatedFile,
  columnsOfIceberg,
  concatFiles,
  dataFileMetrics,
  type IcebergFieldJson,
  readFooter,
} from './index.ts';
import { batchOf, encode } from './testing/batches.ts';
import { type DuckDbReader, openDuckDbReader } from './testing/duckdb-reader.ts';

let reader: DuckDbReader;
beforeAll(async () => {
  reader = await openDuckDbReader();
});
afterAll(() => reader.close());

const partOf = async (bytes: Uint8Array) => ({ reader: bytesReader(bytes), footer: await readFooter(bytes) });
const fileOf = (batch: RecordBatch, rowGroupRowsMax = 1000) => encode([batch], { rowGroupRowsMax })[0]!.bytes;

async function concat(
  files: readonly Uint8Array[],
  fields: readonly IcebergFieldJson[],
): Promise<{ bytes: Uint8Array; plan: ConcatenatedFile }> {
  const plan = concatFiles(await Promise.all(files.map(partOf)), columnsOfIceberg(fields));
  const chunks: Uint8Array[] = [];
  for await (const chunk of plan.bytes()) chunks.push(chunk);
  return { bytes: Buffer.concat(chunks), plan };
}

const element = (type: DataType) => new Field('element', type, true);
const events = new List(element(new Struct([new Field('name', new Utf8(), true), new Field('n', new Int64(), true)])));
const eventsField: IcebergFieldJson = {
  id: 3,
  name: 'events',
  type: {
    type: 'list',
    'element-id': 4,
    element: {
      type: 'struct',
      fields: [
        { id: 5, name: 'name', type: 'string' },
        { id: 6, name: 'n', type: 'long' },
      ],
    },
  },
};
const fields: IcebergFieldJson[] = [
  { id: 1, name: 'a', type: 'string' },
  { id: 2, name: 'span.n', type: 'long' },
  eventsField,
];

describe('row groups of several files in one', () => {
  it('are all there, with nulls where a part lacks a column', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => `value ${i % 1700}`);
    const files = [
      fileOf(batchOf({ a: [new Utf8(), many] })),
      fileOf(
        batchOf({
          events: [events, [[{ name: 'x', n: 1n }, null], [], null]],
          'span.n': [new Int64(), [1n, null, 3n]],
        }),
      ),
      fileOf(
        batchOf({
          'span.n': [new Int64(), [9n]],
          events: [events, [[{ name: null, n: 2n }]]],
          a: [new Utf8(), ['last']],
        }),
      ),
    ];
    const { bytes, plan } = await concat(files, fields);
    expect(bytes.length).toBe(plan.size);
    expect(plan.firstRowGroups).toEqual([0, 3, 4]);
    const rows = await reader.query(bytes);
    expect(rows.slice(0, 3000)).toEqual(many.map((a) => [a, null, null]));
    expect(rows.slice(3000)).toEqual([
      [null, '1', [{ name: 'x', n: '1' }, null]],
      [null, null, []],
      [null, '3', null],
      ['last', '9', [{ name: null, n: '2' }]],
    ]);
  });

  it('carry field ids at every depth', async () => {
    const { bytes } = await concat([fileOf(batchOf({ a: [new Utf8(), ['x']] }))], fields);
    expect(
      await reader.query(bytes, 'select name, field_id from parquet_schema(FILE) where field_id is not null'),
    ).toEqual([
      ['a', '1'],
      ['span.n', '2'],
      ['events', '3'],
      ['element', '4'],
      ['name', '5'],
      ['n', '6'],
    ]);
  });

  it('can be put together again and again', async () => {
    let file = fileOf(batchOf({ a: [new Utf8(), ['x']] }));
    for (let i = 0; i < 5; i++)
      file = (await concat([file, fileOf(batchOf({ 'span.n': [new Int64(), [BigInt(i)]] }))], fields)).bytes;
    expect(await reader.query(file, 'select a, "span.n" from FILE')).toEqual([
      ['x', null],
      ...['0', '1', '2', '3', '4'].map((n) => [null, n]),
    ]);
    expect((await readFooter(file)).row_groups.map((group) => group.ordinal)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('keep a type that the table widened since', async () => {
    const { bytes, plan } = await concat(
      [fileOf(batchOf({ 'span.n': [new Int32(), [-5, 7]] }))],
      [{ id: 2, name: 'span.n', type: 'long' }],
    );
    expect(await reader.query(bytes)).toEqual([[-5], [7]]);
    expect([...dataFileMetrics(plan.footer)['lower-bounds'].values()]).toEqual([Uint8Array.of(0xfb, 0xff, 0xff, 0xff)]);
  });

  it.each<[string, RecordBatch[], IcebergFieldJson[], string]>([
    [
      'a column that the table lacks',
      [batchOf({ b: [new Utf8(), ['x']] })],
      fields,
      'column b of a file is not in the table',
    ],
    [
      'another type than the table’s',
      [batchOf({ a: [new Int64(), [1n]] })],
      fields,
      'column a is stored in another type',
    ],
    [
      'a narrowed type',
      [batchOf({ 'span.n': [new Int64(), [1n]] })],
      [{ id: 2, name: 'span.n', type: 'int' }],
      'stored in another type',
    ],
    [
      'int as double',
      [batchOf({ 'span.n': [new Int32(), [1]] })],
      [{ id: 2, name: 'span.n', type: 'double' }],
      'stored in another type',
    ],
    [
      'two types of a widened column',
      [batchOf({ f: [new Int32(), [1]] }), batchOf({ f: [new Int64(), [1n]] })],
      [{ id: 2, name: 'f', type: 'long' }],
      'column f has two types',
    ],
    [
      'a list where the table has none',
      [batchOf({ a: [new List(element(new Utf8())), [['x']]] })],
      fields,
      'is not in the table',
    ],
    [
      'a nested field missing',
      [batchOf({ events: [new List(element(new Struct([new Field('n', new Int64(), true)]))), [[{ n: 1n }]]] })],
      fields,
      'lacks a field within column events',
    ],
  ])('are refused for %s', async (_name, batches, table, message) => {
    await expect(
      concat(
        batches.map((batch) => fileOf(batch)),
        table,
      ),
    ).rejects.toThrow(message);
  });
});

describe('metrics for a manifest', () => {
  const text = (bytes: Uint8Array | undefined) => (bytes ? Buffer.from(bytes).toString() : undefined);
  it('count values and nulls and give bounds in Iceberg’s form', async () => {
    const long = 'abcdefghijklmnop-and-more';
    const file = batchOf({
      a: [new Utf8(), ['b', null, long, 'zz\u{10FFFF}'.padEnd(20, 'x')]],
      'span.n': [new Int64(), [-1n, 5n, null, null]],
      events: [
        events,
        [
          [
            { name: 'x', n: 1n },
            { name: 'y', n: 2n },
          ],
          [],
          null,
          null,
        ],
      ],
    });
    const { plan } = await concat([fileOf(file, 2), fileOf(batchOf({ a: [new Utf8(), ['c']] }))], fields);
    const metrics = dataFileMetrics(plan.footer);
    expect(metrics['record-count']).toBe(5);
    expect([...metrics['value-counts']]).toEqual([
      [1, 5],
      [2, 5],
      [5, 6],
      [6, 6],
    ]);
    expect([...metrics['null-value-counts']]).toEqual([
      [1, 1],
      [2, 3],
      [5, 4],
      [6, 4],
    ]);
    expect(text(metrics['lower-bounds'].get(1))).toBe('abcdefghijklmnop');
    expect(text(metrics['upper-bounds'].get(1))).toBe(`zz\u{10FFFF}${'x'.repeat(12)}y`);
    expect(metrics['lower-bounds'].get(2)).toEqual(Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255));
    expect(metrics['upper-bounds'].get(2)).toEqual(Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0));
    expect(metrics['lower-bounds'].has(5)).toBe(false);
    expect(metrics['split-offsets']).toHaveLength(3);
    expect(metrics['split-offsets'][0]).toBe(4);
    expect(metrics['column-sizes'].get(1)).toBeGreaterThan(0);
  });

  it('leave an upper bound out where nothing is greater', async () => {
    const { plan } = await concat([fileOf(batchOf({ a: [new Utf8(), ['\u{10FFFF}'.repeat(17)]] }))], fields);
    expect(dataFileMetrics(plan.footer)['upper-bounds'].has(1)).toBe(false);
    expect(dataFileMetrics(plan.footer)['lower-bounds'].has(1)).toBe(true);
  });

  it('have bounds of a float without regard to NaN, and of nothing but nulls none', async () => {
    const table: IcebergFieldJson[] = [
      { id: 1, name: 'f', type: 'float' },
      { id: 2, name: 'a', type: 'string' },
    ];
    const { plan } = await concat(
      [fileOf(batchOf({ f: [new Float32(), [Number.NaN, 1.5, 0]], a: [new Utf8(), [null, null, null]] }))],
      table,
    );
    const metrics = dataFileMetrics(plan.footer);
    expect(metrics['lower-bounds'].get(1)).toEqual(new Uint8Array(Float32Array.of(-0).buffer));
    expect(metrics['upper-bounds'].get(1)).toEqual(new Uint8Array(Float32Array.of(1.5).buffer));
    expect(metrics['lower-bounds'].has(2)).toBe(false);
    expect(metrics['null-value-counts'].get(2)).toBe(3);
  });
});
