import { describe, expect, it } from '@jest/globals';
import { createLatest } from './latest.ts';

async function take<T>(iterable: AsyncIterable<T>, count: number): Promise<T[]> {
  const values: T[] = [];
  for await (const value of iterable) if (values.push(value) === count) break;
  return values;
}

describe('createLatest', () => {
  it('gives the value now, and after every change', async () => {
    const latest = createLatest(1);
    const taken = take(latest.follow(), 3);
    await Promise.resolve();
    setImmediate(() => {
      latest.set(2);
      setImmediate(() => latest.set(3));
    });
    expect(await taken).toEqual([1, 2, 3]);
  });

  it('lets a slow reader miss values, never the last', async () => {
    const latest = createLatest(0);
    const follower = latest.follow()[Symbol.asyncIterator]();
    expect((await follower.next()).value).toBe(0);
    for (let i = 1; i <= 100; i++) latest.set(i);
    expect((await follower.next()).value).toBe(100);
    const next = follower.next();
    latest.set(101);
    expect((await next).value).toBe(101);
  });

  it.each(['abort', 'close'])('ends without an error on %s', async (how) => {
    const latest = createLatest(1);
    const controller = new AbortController();
    const all = take(latest.follow(controller.signal), 10);
    setImmediate(() => (how === 'abort' ? controller.abort() : latest.close()));
    expect(await all).toEqual([1]);
  });

  it('gives nothing where it ended before', async () => {
    const latest = createLatest(1);
    expect(await take(latest.follow(AbortSignal.abort()), 1)).toEqual([]);
    latest.close();
    expect(await take(latest.follow(), 1)).toEqual([]);
  });
});
