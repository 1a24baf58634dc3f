import { describe, expect, it } from '@jest/globals';
import { appendFiles } from './append-files.ts';
import type { Catalog } from './catalog.ts';
import { CatalogError } from './catalog-error.ts';
import { marksOf } from './marks.ts';
import { planFiles } from './plan-files.ts';
import { createTestTable, dataFile, type TestCatalog } from './testing/fixtures.ts';

const table = { ns: 'default', table: 'traces' };

async function filesOf({ catalog, store }: TestCatalog): Promise<string[]> {
  const { metadata } = await catalog.loadTable('default', 'traces');
  const plan = await planFiles({ metadata, store });
  expect(plan.unsupported).toEqual([]);
  return plan.files.map(({ file }) => /([^/]+)\.parquet$/.exec(file['file-path'])![1]!).sort();
}

const avroFiles = ({ store }: TestCatalog) => [...store.objects.keys()].filter((key) => key.endsWith('.avro')).length;

describe('appendFiles', () => {
  it('adds files and moves marks in one commit', async () => {
    const test = await createTestTable();
    const first = await appendFiles({
      ...test,
      ...table,
      files: [dataFile('a')],
      marks: { log1: { epoch: 1, lsn: 5 } },
    });
    expect(marksOf(first.metadata)).toEqual({ log1: { epoch: 1, lsn: 5 } });
    const second = await appendFiles({
      ...test,
      ...table,
      files: [dataFile('b'), dataFile('c')],
      marks: { log1: { epoch: 1, lsn: 9 } },
      expectedMarks: { log1: { epoch: 1, lsn: 5 } },
      summary: { 'signaldb.rows': '20' },
    });
    expect(await filesOf(test)).toEqual(['a', 'b', 'c']);
    const snapshot = second.metadata.snapshots.at(-1)!;
    expect(snapshot.summary).toMatchObject({
      operation: 'append',
      'added-data-files': '2',
      'total-records': '30',
      'signaldb.rows': '20',
      'signaldb.log.log1': '{"lsn":9,"epoch":1}',
    });
    expect(second.snapshotId).toBe(snapshot['snapshot-id']);
  });

  it('refuses when a mark moved, and leaves nothing behind', async () => {
    const test = await createTestTable();
    await appendFiles({ ...test, ...table, files: [dataFile('a')], marks: { log1: { epoch: 2, lsn: 7 } } });
    const before = avroFiles(test);
    const stale = appendFiles({ ...test, ...table, files: [dataFile('b')], marks: { log1: { epoch: 1, lsn: 6 } } });
    await expect(stale).rejects.toMatchObject({ code: 'MARK_MOVED', marks: { log1: { epoch: 2, lsn: 7 } } });
    expect(await filesOf(test)).toEqual(['a']);
    expect(avroFiles(test)).toBe(before);
  });

  it('moves marks alone with a snapshot that adds nothing', async () => {
    const test = await createTestTable();
    const { metadata } = await appendFiles({ ...test, ...table, files: [], marks: { l: { epoch: 1, lsn: 3 } } });
    expect(marksOf(metadata)).toEqual({ l: { epoch: 1, lsn: 3 } });
    expect(metadata.snapshots).toHaveLength(1);
    expect(await filesOf(test)).toEqual([]);
  });

  it('holds every file once when many commit at once', async () => {
    const test = await createTestTable({ 'commit.manifest.min-count-to-merge': '5' });
    const writers = Array.from({ length: 8 }, async (_, w) => {
      for (let i = 0; i < 5; i++) {
        const expected = i === 0 ? {} : { expectedMarks: { [`log${w}`]: { epoch: 1, lsn: i } } };
        const marks = { [`log${w}`]: { epoch: 1, lsn: i + 1 } };
        await appendFiles({
          ...test,
          ...table,
          files: [dataFile(`${w}-${i}`)],
          marks,
          ...expected,
          retry: { attemptsMax: 100, pauseMs: 1 },
        });
      }
    });
    await Promise.all(writers);
    const files = await filesOf(test);
    expect(new Set(files).size).toBe(40);
    expect(files).toHaveLength(40);
    const { metadata } = await test.catalog.loadTable('default', 'traces');
    expect(Object.values(marksOf(metadata)).map(({ lsn }) => lsn)).toEqual(Array(8).fill(5));
    expect(metadata.snapshots.at(-1)!.summary['total-records']).toBe('400');
    expect(metadata.snapshots.at(-1)!['sequence-number']).toBe(40);
  }, 60_000);

  it.each(['before', 'after'] as const)('resolves an outcome lost %s the commit took effect', async (when) => {
    const test = await createTestTable();
    let failures = 3;
    const flaky: Catalog = {
      ...test.catalog,
      async commitTable(...args) {
        if (failures-- <= 0) return test.catalog.commitTable(...args);
        if (when === 'after') await test.catalog.commitTable(...args);
        throw new CatalogError('CommitStateUnknownException', 'connection lost');
      },
    };
    const marks = { log1: { epoch: 1, lsn: 5 } };
    const result = await appendFiles({
      ...test,
      catalog: flaky,
      ...table,
      files: [dataFile('a')],
      marks,
      retry: { pauseMs: 1 },
    });
    expect(await filesOf(test)).toEqual(['a']);
    expect(result.metadata.snapshots).toHaveLength(1);
    expect(failures).toBe(when === 'after' ? 2 : -1);
  });
});
