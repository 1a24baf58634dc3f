import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLocalStore } from './local-store.ts';
import type { ObjectStore } from './object-store.ts';
import { createS3Store } from './s3-store.ts';

/** A MinIO server, where one is installed: on the path, or named by MINIO. */
const minio = [
  process.env.MINIO,
  ...(process.env.PATH ?? '').split(':').map((dir) => join(dir, 'minio')),
  join(homedir(), '.cache/signaldb/bin/minio'),
].find((path) => path !== undefined && existsSync(path));

let dir: string;
let stopMinio = async () => {};
let endpoint = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'objects-'));
  if (minio === undefined) return;
  const port = await freePort();
  endpoint = `http://127.0.0.1:${port}`;
  const args = ['server', join(dir, 'minio'), '--address', `127.0.0.1:${port}`, '--quiet'];
  const env = { ...process.env, MINIO_ROOT_USER: 'admin', MINIO_ROOT_PASSWORD: 'password' };
  const server = spawn(minio, args, { stdio: 'ignore', env });
  stopMinio = async () => {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  };
  for (let tries = 0; tries < 200; tries++) {
    if (
      await fetch(`${endpoint}/minio/health/ready`).then(
        (r) => r.ok,
        () => false,
      )
    )
      return;
    await sleep(100);
  }
}, 30_000);
afterAll(async () => {
  await stopMinio();
  await rm(dir, { recursive: true, force: true });
});

const s3 = (options = {}) =>
  createS3Store({
    endpoint,
    bucket: 'test',
    accessKey: 'admin',
    secretKey: 'password',
    createBucket: true,
    ...options,
  });

const stores: [string, () => ObjectStore][] = [
  ['a local folder', () => createLocalStore({ dir: join(dir, 'local') })],
  ...(minio === undefined
    ? []
    : ([
        ['S3', () => s3()],
        ['S3 under a prefix', () => s3({ prefix: 'deep/er' })],
      ] as [string, () => ObjectStore][])),
];

describe.each(stores)('an object store: %s', (_name, create) => {
  let store: ObjectStore;
  beforeAll(async () => {
    store = create();
    await store.ready();
  });
  afterAll(() => store.close());
  const text = async (key: string) => Buffer.from(await store.get(key)).toString();
  const keys = async (prefix: string) => {
    const found: string[] = [];
    for await (const { key } of store.list(prefix)) found.push(key);
    return found;
  };

  it('gives back what was put, and the newest of it', async () => {
    await store.put('a/b/c.txt', Buffer.from('one'));
    await store.put('a/b/c.txt', Buffer.from('second'));
    expect(await text('a/b/c.txt')).toBe('second');
    const { key, size, modified } = await store.stat('a/b/c.txt');
    expect([key, size]).toEqual(['a/b/c.txt', 6]);
    expect(Math.abs(modified.getTime() - Date.now())).toBeLessThan(60_000);
  });

  it('takes nothing at all, odd names, and a file', async () => {
    await store.put('empty', new Uint8Array(0));
    expect((await store.get('empty')).length).toBe(0);
    for (const key of ['with space', 'ünïcödé/日本', 'a+b=c&d%20e', 'quote\'"<>*', 'x'.repeat(255)]) {
      await store.put(key, Buffer.from(key));
      expect(await text(key)).toBe(key);
      expect(store.keyOf(store.uri(key))).toBe(key);
    }
    await writeFile(join(dir, 'file'), 'from a file');
    await store.put('file', { path: join(dir, 'file') });
    expect(await text('file')).toBe('from a file');
  });

  it('keeps a part of a larger buffer to itself', async () => {
    await store.put('part', Buffer.from('xxpartxx').subarray(2, 6));
    expect(await text('part')).toBe('part');
  });

  it('reads ranges', async () => {
    await store.put('digits', Buffer.from('0123456789'));
    const range = async (offset: number, length: number) =>
      Buffer.from(await store.get('digits', { range: { offset, length } })).toString();
    expect([await range(0, 4), await range(4, 2), await range(8, 100), await range(9, 1)]).toEqual([
      '0123',
      '45',
      '89',
      '9',
    ]);
    for (const bad of [
      { offset: 10, length: 1 },
      { offset: -1, length: 1 },
      { offset: 0, length: 0 },
    ]) {
      await expect(store.get('digits', { range: bad })).rejects.toMatchObject({ code: 'INVALID_RANGE' });
    }
  });

  it('downloads into a file, whole or not at all', async () => {
    const folder = await mkdtemp(join(dir, 'download-'));
    await store.put('big', Buffer.alloc(3_000_000, 'abc'));
    await store.download('big', join(folder, 'big'));
    expect((await readFile(join(folder, 'big'))).equals(Buffer.alloc(3_000_000, 'abc'))).toBe(true);
    await expect(store.download('missing', join(folder, 'missing'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await readdir(folder)).toEqual(['big']);
  });

  it('lets one of many be first', async () => {
    const writers = Array.from({ length: 20 }, (_, i) => store.putIfAbsent('claims/x', Buffer.from(`${i}`)));
    const won = (await Promise.all(writers)).flatMap((first, i) => (first ? [i] : []));
    expect(won).toHaveLength(1);
    expect(await text('claims/x')).toBe(String(won[0]));
    expect(await store.putIfAbsent('claims/x', Buffer.from('late'))).toBe(false);
  });

  it('lists by any prefix, in the order of bytes', async () => {
    for (const key of ['l/b', 'l/a/2', 'l/a/1', 'l/a-b', 'l/a.b', 'l/B', 'm/x']) await store.put(key, Buffer.from(key));
    expect(await keys('l/')).toEqual(['l/B', 'l/a-b', 'l/a.b', 'l/a/1', 'l/a/2', 'l/b']);
    expect(await keys('l/a')).toEqual(['l/a-b', 'l/a.b', 'l/a/1', 'l/a/2']);
    expect(await keys('l/a/')).toEqual(['l/a/1', 'l/a/2']);
    expect(await keys('nothing/')).toEqual([]);
    expect(await keys('')).toContain('m/x');
  });

  it('deletes, also what is not there', async () => {
    await store.put('gone/1', Buffer.from('1'));
    await store.put('gone/2', Buffer.from('2'));
    await store.delete(['gone/1', 'gone/2', 'gone/3']);
    await store.delete([]);
    expect(await keys('gone/')).toEqual([]);
    await expect(store.get('gone/1')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(store.stat('gone/1')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('gone/1'),
    });
  });

  it.each([
    '',
    '/a',
    'a/',
    'a//b',
    'a/../b',
    '..',
    '.',
    '.tmp/x',
    'a\\b',
    'a\nb',
    'x'.repeat(256),
    `${'x/'.repeat(600)}x`,
  ])('refuses the key %j', async (key) => {
    for (const call of [() => store.put(key, Buffer.alloc(0)), () => store.get(key), () => store.stat(key)]) {
      await expect(async () => call()).rejects.toMatchObject({ code: 'INVALID_KEY' });
    }
  });

  it.each(['../x', '/etc', 'a/../b', '.tmp'])('refuses to list %j', async (prefix) => {
    await expect(keys(prefix)).rejects.toMatchObject({ code: 'INVALID_KEY' });
  });

  it('knows its own URIs alone', () => {
    for (const uri of ['file:///etc/passwd', 's3://other/a', 'a/b', `${store.uri('x')}/../../y`]) {
      expect(() => store.keyOf(uri)).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }));
    }
  });

  it('does nothing for a caller that has gone', async () => {
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(store.put('never', Buffer.from('x'), { signal: gone })).rejects.toThrow('gone');
    await expect(store.get('digits', { signal: gone })).rejects.toThrow('gone');
    await expect(store.stat('never')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

(minio === undefined ? describe.skip : describe)('S3 alone', () => {
  it('sends a file in parts', async () => {
    const store = s3({ partBytesMax: 5 * 2 ** 20 });
    await store.ready();
    const bytes = Buffer.alloc(12 * 2 ** 20, 'parts');
    await writeFile(join(dir, 'large'), bytes);
    await store.put('large', { path: join(dir, 'large') });
    expect(Buffer.from(await store.get('large')).equals(bytes)).toBe(true);
    await store.close();
  });

  it.each([
    [{ secretKey: 'wrong' }, 'ACCESS_DENIED'],
    [{ accessKey: 'nobody' }, 'ACCESS_DENIED'],
    [{ bucket: 'missing', createBucket: false }, 'NOT_FOUND'],
  ])('is not ready with %o', async (options, code) => {
    const store = s3(options);
    await expect(store.ready()).rejects.toMatchObject({ code });
    await store.close();
  });
});

describe('a local folder alone', () => {
  it('leaves no temporary files, and shows none', async () => {
    const store = createLocalStore({ dir: join(dir, 'clean') });
    await store.put('a', Buffer.from('a'));
    await store.putIfAbsent('a', Buffer.from('b'));
    await expect(store.put('b', { path: join(dir, 'no such file') })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await readdir(join(dir, 'clean', '.tmp'))).toEqual([]);
    const found = [];
    for await (const { key } of store.list('')) found.push(key);
    expect(found).toEqual(['a']);
  });

  it('is not ready where a file stands in its way', async () => {
    await mkdir(join(dir, 'blocked'));
    await writeFile(join(dir, 'blocked', 'x'), '');
    await expect(createLocalStore({ dir: join(dir, 'blocked', 'x') }).ready()).rejects.toMatchObject({
      name: 'ObjectStoreError',
    });
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
