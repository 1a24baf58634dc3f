import { describe, expect, it } from '@jest/globals';
import { appendFiles } from './append-files.ts';
import type { DataFile, NewDataFile } from './data-file.ts';
import { deletesFor, indexDeletes } from './delete-files.ts';
import { createManifestReader, type ResolvedEntry } from './manifest-cache.ts';
import { planFiles } from './plan-files.ts';
import type { ColumnRange } from './pruning.ts';
import { serializeValue, type Value } from './single-value.ts';
import { createTestTable, dataFile, type TestCatalog } from './testing/fixtures.ts';

const table = { ns: 'default', table: 'traces' };
const ids = { hour: 1, trace_id: 2, start_time: 3, value: 4 };
const types: Record<keyof typeof ids, string> = {
  hour: 'timestamptz',
  trace_id: 'string',
  start_time: 'long',
  value: 'double',
};

type Range = readonly [min: Value, max: Value];

/** A file with bounds for some columns. */
function bounded(
  name: string,
  hour: number,
  ranges: Partial<Record<keyof typeof ids, Range>>,
  more: Partial<NewDataFile> = {},
): NewDataFile {
  const bounds = (side: 0 | 1) =>
    new Map(
      Object.entries(ranges).map(([column, range]) => [
        ids[column as keyof typeof ids],
        serializeValue(types[column as keyof typeof ids], range[side]),
      ]),
    );
  return { ...dataFile(name, 10, hour), 'lower-bounds': bounds(0), 'upper-bounds': bounds(1), ...more };
}

const nameOf = (path: string) => /([^/]+)\.parquet$/.exec(path)![1]!;

async function planned(test: TestCatalog, where: ColumnRange[]): Promise<string> {
  const { metadata } = await test.catalog.loadTable('default', 'traces');
  const { files } = await planFiles({ metadata, store: test.store, where });
  return files
    .map(({ file }) => nameOf(file['file-path']))
    .sort()
    .join(' ');
}

describe('planFiles', () => {
  it('gives an empty plan for a table without snapshots', async () => {
    const { catalog, store } = await createTestTable();
    const { metadata } = await catalog.loadTable('default', 'traces');
    expect(await planFiles({ metadata, store })).toMatchObject({ snapshot: undefined, files: [], unsupported: [] });
  });

  it('refuses a snapshot that is not there', async () => {
    const { catalog, store } = await createTestTable();
    const { metadata } = await catalog.loadTable('default', 'traces');
    await expect(planFiles({ metadata, store, snapshotId: 5 })).rejects.toMatchObject({ code: 'ValidationException' });
  });

  const files = [
    bounded(
      'a',
      10,
      { start_time: [100n, 199n], trace_id: ['aa', 'bb'], value: [1, 2] },
      { 'nan-value-counts': new Map([[4, 0]]) },
    ),
    bounded('b', 11, { start_time: [200n, 299n], trace_id: ['bc', 'dd'], value: [5, 9] }),
    bounded('none', 12, {}),
    bounded(
      'null',
      13,
      { start_time: [0n, 1n] },
      { 'value-counts': new Map([[4, 10]]), 'null-value-counts': new Map([[4, 10]]) },
    ),
  ];
  it.each([
    ['everything', [], 'a b none null'],
    ['a range over one file', [{ column: 'start_time', min: 150n, max: 160n }], 'a none'],
    ['both ends included', [{ column: 'start_time', min: 199n, max: 200n }], 'a b none'],
    ['numbers for longs', [{ column: 'start_time', min: 150, max: 160 }], 'a none'],
    ['an open end', [{ column: 'start_time', min: 200n }], 'b none'],
    ['an open begin', [{ column: 'start_time', max: 150n }], 'a none null'],
    ['text', [{ column: 'trace_id', min: 'bbb', max: 'bbc' }], 'none null'],
    [
      'several columns',
      [
        { column: 'trace_id', min: 'aa', max: 'ab' },
        { column: 'start_time', min: 200n },
      ],
      'none',
    ],
    ['a column that is all null', [{ column: 'value', max: 100 }], 'a b none'],
    ['what NaN could match', [{ column: 'value', min: 50 }], 'b none'],
    ['a column that the table lacks', [{ column: 'nothing', min: 1 }], 'a b none null'],
    ['an hour', [{ column: 'hour', min: 11n * 3_600_000_000n, max: 11n * 3_600_000_000n }], 'b'],
    [
      'a time within hours',
      [{ column: 'hour', min: 11n * 3_600_000_000n + 5n, max: 12n * 3_600_000_000n + 5n }],
      'b none',
    ],
  ] as [string, ColumnRange[], string][])('prunes by %s', async (_what, where, expected) => {
    const test = await createTestTable();
    await appendFiles({ ...test, ...table, files });
    expect(await planned(test, where)).toBe(expected);
  });

  it('reads only the manifests that can match, and each of them once', async () => {
    const test = await createTestTable();
    for (let hour = 0; hour < 6; hour++)
      await appendFiles({ ...test, ...table, files: [dataFile(`f${hour}`, 10, hour)] });
    const { metadata } = await test.catalog.loadTable('default', 'traces');
    const reader = createManifestReader(test);
    const plan = await planFiles({ metadata, ...test, reader, hourRange: { min: 2, max: 3 } });
    expect(plan.files).toHaveLength(2);
    expect(plan.counts).toEqual({ manifests: 6, manifestsSkipped: 4, filesSkipped: 0 });
    expect(reader.fetches).toBe(3);
    await planFiles({ metadata, ...test, reader, hourRange: { min: 2, max: 4 } });
    expect(reader.fetches).toBe(4);
  });

  it('fetches a manifest again after it was forgotten, or could not be read', async () => {
    const test = await createTestTable();
    await appendFiles({ ...test, ...table, files: [dataFile('a')] });
    const { metadata } = await test.catalog.loadTable('default', 'traces');
    const reader = createManifestReader({ ...test, cacheBytesMax: 1 });
    await planFiles({ metadata, ...test, reader });
    await planFiles({ metadata, ...test, reader });
    expect(reader.fetches).toBe(4);
    const { get } = test.store;
    test.store.get = async () => {
      throw new Error('away');
    };
    await expect(planFiles({ metadata, ...test, reader })).rejects.toThrow('away');
    test.store.get = get;
    expect((await planFiles({ metadata, ...test, reader })).files).toHaveLength(1);
  });

  it('says what it can not read', async () => {
    const test = await createTestTable();
    await appendFiles({ ...test, ...table, files: [{ ...dataFile('a'), 'file-format': 'ORC' }] });
    const { metadata } = await test.catalog.loadTable('default', 'traces');
    expect((await planFiles({ metadata, ...test })).unsupported).toEqual(['data file of format ORC']);
  });
});

describe('delete files', () => {
  const entry = (
    content: DataFile['content'],
    sequenceNumber: number,
    partition: Value[],
    more: Partial<DataFile> = {},
  ): ResolvedEntry => ({
    status: 'added',
    snapshotId: 1,
    sequenceNumber,
    fileSequenceNumber: sequenceNumber,
    file: {
      content,
      'file-path': 'p',
      'file-format': 'PARQUET',
      'spec-id': partition.length,
      partition,
      'record-count': 1,
      'file-size-in-bytes': 1,
      ...more,
    },
  });
  const bounds = (path: string) => new Map([[2_147_483_546, Buffer.from(path)]]);
  const data = entry('data', 5, [490_000], { 'file-path': 'data/m.parquet' });

  it.each([
    ['by position, of the same commit', entry('position-deletes', 5, [490_000]), true],
    ['by position, of before', entry('position-deletes', 4, [490_000]), false],
    ['by position, of another partition', entry('position-deletes', 6, [490_001]), false],
    [
      'by position, for this file',
      entry('position-deletes', 6, [490_000], { 'referenced-data-file': 'data/m.parquet' }),
      true,
    ],
    [
      'by position, for another file',
      entry('position-deletes', 6, [490_000], { 'referenced-data-file': 'data/n.parquet' }),
      false,
    ],
    [
      'by position, with bounds around it',
      entry('position-deletes', 6, [490_000], { 'lower-bounds': bounds('data/a'), 'upper-bounds': bounds('data/z') }),
      true,
    ],
    [
      'by position, with a shortened bound',
      entry('position-deletes', 6, [490_000], { 'upper-bounds': bounds('data/m') }),
      true,
    ],
    [
      'by position, with bounds above it',
      entry('position-deletes', 6, [490_000], { 'lower-bounds': bounds('data/n') }),
      false,
    ],
    [
      'by position, with bounds below it',
      entry('position-deletes', 6, [490_000], { 'upper-bounds': bounds('data/l') }),
      false,
    ],
    ['by equality, of later', entry('equality-deletes', 6, [490_000]), true],
    ['by equality, of the same commit', entry('equality-deletes', 5, [490_000]), false],
    ['by equality, of another partition', entry('equality-deletes', 6, [490_001]), false],
    ['by equality, everywhere', entry('equality-deletes', 6, []), true],
    ['by position, of no partition', entry('position-deletes', 6, []), false],
  ])('%s', (_what, deletion, applies) => {
    expect(deletesFor(data, indexDeletes([deletion]))).toEqual(applies ? [deletion.file] : []);
  });
});
