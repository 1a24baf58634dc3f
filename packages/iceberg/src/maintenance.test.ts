import { describe, expect, it } from '@jest/globals';
import { appendFiles } from './append-files.ts';
import type { NewDataFile } from './data-file.ts';
import { expireSnapshots } from './expire-snapshots.ts';
import { createManifestReader } from './manifest-cache.ts';
import { orphanFiles } from './orphan-files.ts';
import { planFiles } from './plan-files.ts';
import { replaceFiles } from './replace-files.ts';
import { createSnapshotWriter } from './snapshot-writer.ts';
import { createTestTable, dataFile, type TestCatalog } from './testing/fixtures.ts';

const table = { ns: 'default', table: 'traces' };
const append = (test: TestCatalog, ...files: NewDataFile[]) => appendFiles({ ...test, ...table, files });

async function plan({ catalog, store }: TestCatalog) {
  const { metadata } = await catalog.loadTable('default', 'traces');
  return planFiles({ metadata, store });
}
const names = (paths: readonly string[]) => paths.map((path) => /([^/]+)\.parquet$/.exec(path)?.[1]).sort();
const planned = async (test: TestCatalog) => names((await plan(test)).files.map(({ file }) => file['file-path']));
const forever = { olderThanMs: Number.MAX_SAFE_INTEGER };

describe('replaceFiles', () => {
  it('changes files and keeps rows', async () => {
    const test = await createTestTable();
    for (const name of ['a', 'b', 'c']) await append(test, dataFile(name));
    const old = (await plan(test)).files
      .filter(({ file }) => !file['file-path'].includes('/c.'))
      .map(({ file }) => file);
    const { metadata } = await replaceFiles({ ...test, ...table, remove: old, add: [dataFile('ab', 20)] });
    expect(await planned(test)).toEqual(['ab', 'c']);
    expect(metadata.snapshots.at(-1)!.summary).toMatchObject({
      operation: 'replace',
      'total-records': '30',
      'total-data-files': '2',
    });
    const sequence = (await plan(test)).files.find(({ file }) => file['file-path'].includes('/ab.'))!.sequenceNumber;
    expect(sequence).toBe(2);
  });

  it('holds while others append', async () => {
    const test = await createTestTable();
    await append(test, dataFile('a'), dataFile('b'));
    const remove = (await plan(test)).files.map(({ file }) => file);
    const retry = { pauseMs: 1, attemptsMax: 100 };
    const appends = Array.from({ length: 6 }, (_, i) =>
      appendFiles({ ...test, ...table, files: [dataFile(`n${i}`)], retry }),
    );
    await Promise.all([replaceFiles({ ...test, ...table, remove, add: [dataFile('ab', 20)], retry }), ...appends]);
    expect(await planned(test)).toEqual(['ab', 'n0', 'n1', 'n2', 'n3', 'n4', 'n5']);
  });

  it('refuses when somebody else has replaced a file', async () => {
    const test = await createTestTable();
    await append(test, dataFile('a'), dataFile('b'));
    const remove = (await plan(test)).files.map(({ file }) => file);
    await replaceFiles({ ...test, ...table, remove, add: [dataFile('ab', 20)] });
    const objects = test.store.objects.size;
    const again = replaceFiles({ ...test, ...table, remove, add: [dataFile('ba', 20)] });
    await expect(again).rejects.toMatchObject({ code: 'FILES_CHANGED' });
    expect(test.store.objects.size).toBe(objects);
  });

  it('reads only the manifests that can list the files', async () => {
    const test = await createTestTable();
    for (let hour = 0; hour < 10; hour++) await append(test, dataFile(`h${hour}`, 10, hour));
    const old = (await plan(test)).files.filter(({ file }) => file.partition[0] === 3).map(({ file }) => file);
    const reader = createManifestReader(test);
    await replaceFiles({ ...test, ...table, reader, remove: old, add: [dataFile('x', 10, 3)] });
    expect(reader.fetches).toBe(2);
  });
});

describe('orphanFiles', () => {
  it('are those that nothing refers to', async () => {
    const test = await createTestTable();
    const location = (await test.catalog.loadTable('default', 'traces')).metadata.location;
    const folder = test.store.keyOf(location);
    const put = async (name: string) => {
      await test.store.put(`${folder}/data/${name}`, new Uint8Array(1));
      return test.store.uri(`${folder}/data/${name}`);
    };
    const kept = await put('kept.parquet');
    for (const name of ['kept.parquet.index', 'lost.parquet', 'lost.parquet.index', 'other.txt']) await put(name);
    await append(test, { ...dataFile('x'), 'file-path': kept });
    await append(test, dataFile('elsewhere'));
    const abandoned = await createSnapshotWriter(test.store).manifest(
      (await test.catalog.loadTable('default', 'traces')).metadata,
      0,
      [],
    );
    const found = async (olderThanMs: number) => {
      const table = await test.catalog.loadTable('default', 'traces');
      const found: string[] = [];
      for await (const key of orphanFiles({ ...test, table, olderThanMs, sidecarSuffixes: ['.index'] })) {
        found.push(key.slice(folder.length + 1));
      }
      return found;
    };
    const manifest = test.store.keyOf(abandoned['manifest-path']).slice(folder.length + 1);
    expect(await found(1)).toEqual(['data/lost.parquet', 'data/lost.parquet.index', 'data/other.txt', manifest]);
    expect(await found(0)).toEqual([]);
  });
});

describe('expireSnapshots', () => {
  it('drops old snapshots and names the files that nobody needs', async () => {
    const test = await createTestTable({ 'commit.manifest.min-count-to-merge': '3' });
    for (const name of ['a', 'b', 'c', 'd', 'e']) await append(test, dataFile(name));
    const avro = () =>
      [...test.store.objects.keys()].filter((key) => key.endsWith('.avro')).map((key) => test.store.uri(key));
    const before = avro();
    const result = await expireSnapshots({ ...test, ...table, ...forever, retainLast: 2 });
    expect(result.expired).toHaveLength(3);
    expect(result.metadata.snapshots).toHaveLength(2);
    expect(result.metadata['snapshot-log']).toHaveLength(2);
    expect(result.filesToDelete.filter((file) => file.endsWith('.parquet'))).toEqual([]);
    await test.store.delete(result.filesToDelete.map((uri) => test.store.keyOf(uri)));
    expect(avro()).toHaveLength(before.length - result.filesToDelete.length);
    expect(await planned(test)).toEqual(['a', 'b', 'c', 'd', 'e']);
    const { metadata } = await test.catalog.loadTable('default', 'traces');
    const older = await planFiles({ metadata, store: test.store, snapshotId: metadata.snapshots[0]!['snapshot-id'] });
    expect(older.files).toHaveLength(4);
    // What is left in the store is just what the two snapshots need.
    const needed = new Set<string>();
    const reader = createManifestReader(test);
    for (const snapshot of metadata.snapshots) {
      needed.add(snapshot['manifest-list']);
      for (const manifest of await reader.list(snapshot['manifest-list'])) needed.add(manifest['manifest-path']);
    }
    expect(new Set(avro())).toEqual(needed);
  });

  it('names data files that were replaced', async () => {
    const test = await createTestTable();
    await append(test, dataFile('a'), dataFile('b'));
    await append(test, dataFile('c'));
    const remove = (await plan(test)).files
      .filter(({ file }) => !file['file-path'].includes('/c.'))
      .map(({ file }) => file);
    await replaceFiles({ ...test, ...table, remove, add: [dataFile('ab', 20)] });
    const { filesToDelete } = await expireSnapshots({ ...test, ...table, ...forever });
    expect(names(filesToDelete.filter((file) => file.endsWith('.parquet')))).toEqual(['a', 'b']);
    await test.store.delete(filesToDelete.map((uri) => test.store.keyOf(uri)));
    expect(await planned(test)).toEqual(['ab', 'c']);
  });

  it('keeps what tags and branches refer to', async () => {
    const test = await createTestTable();
    const { snapshotId } = await append(test, dataFile('a'));
    await test.catalog.commitTable('default', 'traces', {
      requirements: [],
      updates: [{ action: 'set-snapshot-ref', 'ref-name': 'v1', 'snapshot-id': snapshotId, type: 'tag' }],
    });
    for (const name of ['b', 'c']) await append(test, dataFile(name));
    const { metadata, expired } = await expireSnapshots({ ...test, ...table, ...forever });
    expect(expired).toHaveLength(1);
    expect(metadata.snapshots.map((snapshot) => snapshot['snapshot-id'])).toContain(snapshotId);
    const tagged = await planFiles({ metadata, store: test.store, snapshotId });
    expect(tagged.files).toHaveLength(1);
  });

  it.each([
    ['nothing has been committed', 0, forever],
    ['all is young', 3, { olderThanMs: 0 }],
    ['all is retained', 3, { ...forever, retainLast: 3 }],
  ])('commits nothing when %s', async (_what, count, options) => {
    const test = await createTestTable();
    for (let i = 0; i < count; i++) await append(test, dataFile(String(i)));
    const { 'metadata-location': location } = await test.catalog.loadTable('default', 'traces');
    const result = await expireSnapshots({ ...test, ...table, ...options });
    expect(result).toMatchObject({ 'metadata-location': location, expired: [], filesToDelete: [] });
  });
});
