import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createFaultyStore, type FaultyStore } from './faulty-store.ts';
import { createLocalStore } from './local-store.ts';

let dir: string;
let store: FaultyStore;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faulty-'));
  store = createFaultyStore(createLocalStore({ dir, fsync: false }));
});
afterEach(() => rm(dir, { recursive: true }));

const body = Buffer.from('x');

describe('a faulty store', () => {
  it('does as it is told, and counts', async () => {
    await store.put('a', body);
    store.fail('refuse');
    await expect(store.put('b', body)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    store.heal();
    expect(Buffer.from(await store.get('a')).toString()).toBe('x');
    await expect(store.stat('b')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(store.calls).toMatchObject({ put: 2, get: 2, stat: 1 });
  });

  it('fails some operations, some keys, some times', async () => {
    store.fail('refuse', { operations: ['put'], matching: /metadata/, times: 1 });
    await store.put('data/1', body);
    await expect(store.put('metadata/1', body)).rejects.toThrow('refused');
    await store.put('metadata/1', body);
  });

  it('loses answers', async () => {
    store.fail('lose', { times: 1 });
    await expect(store.putIfAbsent('a', body)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await store.putIfAbsent('a', body)).toBe(false);
  });

  it('runs full', async () => {
    store.fail('full');
    await expect(store.put('a', body)).rejects.toMatchObject({ code: 'NO_SPACE' });
    await store.ready();
  });

  it('hangs until it is healed, its time is up, or the caller gives up', async () => {
    store.fail('hang');
    const healed = store.put('a', body);
    await Promise.resolve();
    expect(store.hanging).toBe(1);
    store.heal();
    await expect(healed).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    store.fail('hang', { hangMs: 10 });
    await expect(store.put('a', body)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    store.fail('hang');
    await expect(store.put('a', body, { signal: AbortSignal.timeout(10) })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    expect(store.hanging).toBe(0);
  });
});
