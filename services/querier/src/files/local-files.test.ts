import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FlightClient } from '@signaldb/flight';
import { createFaultyStore, createLocalStore, type ObjectStore } from '@signaldb/object-store';
import type { FileOrigins } from './fetch-file.ts';
import { LocalFiles } from './local-files.ts';
import type { FileSource } from './table-file.ts';

let dir: string;
let store: ObjectStore;
let origins: FileOrigins;
let downloads: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'local-files-'));
  store = createLocalStore({ dir: join(dir, 'store') });
  downloads = [];
  // A store elsewhere: its URIs don't name files of this machine.
  const remote: ObjectStore = {
    ...store,
    uri: (key) => `s3://bucket/${key}`,
    keyOf: (uri) => uri.slice('s3://bucket/'.length),
    download: (key, path, options) => {
      downloads.push(key);
      return store.download(key, path, options);
    },
  };
  const client = {
    location: 'grpc://elsewhere',
    async *doAction({ body }: { body: Uint8Array }) {
      const { name } = JSON.parse(Buffer.from(body).toString());
      yield Buffer.from('part 1 of ');
      yield Buffer.from(name);
    },
  } as unknown as FlightClient;
  origins = { store: remote, clients: { get: () => client } };
});
afterEach(() => rmSync(dir, { recursive: true }));

const open = (bytesMax = 1000): LocalFiles => new LocalFiles({ dir: join(dir, 'cache'), origins, bytesMax });
const object = (key: string): FileSource => ({ kind: 'object', uri: `s3://bucket/${key}` });
const put = (key: string, bytes = 100): Promise<void> => store.put(key, Buffer.alloc(bytes, key));

describe('LocalFiles', () => {
  it('fetches a file once, however many ask, into the folder of the tenant', async () => {
    await put('t/a');
    const files = open();
    const pins = await Promise.all([1, 2, 3].map(() => files.pin('t1', object('t/a'), 100)));
    expect(downloads).toEqual(['t/a']);
    expect(new Set(pins.map(({ path }) => path)).size).toBe(1);
    expect(pins[0]!.path.startsWith(`${files.folderOf('t1')}/`)).toBe(true);
    expect(readFileSync(pins[0]!.path)).toHaveLength(100);
    await files.pin('t2', object('t/a'), 100);
    expect([files.bytes, files.count, files.hits, files.fetches]).toEqual([200, 2, 2, 2]);
  });

  it('drops the least recently used, but nothing in use', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await put(key);
    const files = open(300);
    const a = await files.pin('t', object('a'), 100);
    (await files.pin('t', object('b'), 100)).release();
    (await files.pin('t', object('c'), 100)).release();
    (await files.pin('t', object('b'), 100)).release();
    await files.pin('t', object('d'), 100);
    downloads.length = 0;
    await files.pin('t', object('a'), 100);
    await files.pin('t', object('b'), 100);
    expect(downloads).toEqual([]);
    a.release();
    a.release();
    await expect(files.pin('t', object('c'), 100)).rejects.toMatchObject({
      details: expect.stringContaining('querier.cacheBytesMax'),
    });
  });

  it('takes over the files of an earlier process, and clears what it left half', async () => {
    await put('a');
    const before = open();
    (await before.pin('t', object('a'), 100)).release();
    const folder = before.folderOf('t');
    writeFileSync(join(folder, 'c-x.parquet.part'), 'half');
    writeFileSync(join(folder, 'h-1.parquet'), 'hot');
    mkdirSync(join(dir, 'cache', 'empty'));
    const after = open();
    expect([after.bytes, after.count]).toEqual([100, 1]);
    expect(readdirSync(folder)).toHaveLength(1);
    await after.pin('t', object('a'), 100);
    expect(downloads).toEqual(['a']);
    expect(open(50).count).toBe(0);
  });

  it('links what lies on the same machine, so that it outlives its owner’s deletion', async () => {
    const path = join(dir, '1.parquet');
    writeFileSync(path, 'hot rows');
    const source: FileSource = { kind: 'hot', name: '1.parquet', path, location: 'grpc://elsewhere' };
    const pinned = await open().pin('t', source, 8);
    rmSync(path);
    expect(readFileSync(pinned.path, 'utf8')).toBe('hot rows');
  });

  it('fetches hot files of other machines from their writer', async () => {
    const source: FileSource = {
      kind: 'hot',
      name: '2.parquet',
      path: '/not/here/2.parquet',
      location: 'grpc://elsewhere',
    };
    expect(readFileSync((await open().pin('t', source, 8)).path, 'utf8')).toBe('part 1 of 2.parquet');
  });

  it('forgets a fetch that failed', async () => {
    const files = open();
    await expect(files.pin('t', object('later'), 100)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect([files.bytes, files.count]).toEqual([0, 0]);
    await put('later');
    expect(existsSync((await files.pin('t', object('later'), 100)).path)).toBe(true);
  });

  it('passes failures of the store on', async () => {
    await put('a');
    const faulty = createFaultyStore(origins.store);
    faulty.fail('refuse', { operations: ['download'] });
    const files = new LocalFiles({ dir: join(dir, 'cache'), origins: { ...origins, store: faulty }, bytesMax: 1000 });
    await expect(files.pin('t', object('a'), 100)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    faulty.heal();
    await expect(files.pin('t', object('a'), 100)).resolves.toBeDefined();
  });
});
