import { describe, expect, it } from '@jest/globals';
import { Status } from '@signaldb/grpc';
import { QueryLine } from './query-line.ts';

const line = (options: Partial<ConstructorParameters<typeof QueryLine>[0]> = {}) =>
  new QueryLine({ runningMax: 4, waitingMax: 10, waitMs: 60_000, ...options });
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('QueryLine', () => {
  it('gives one tenant half of the places, and leaves the rest to others', async () => {
    const queries = line();
    await queries.enter('a');
    const leave = await queries.enter('a');
    const third = queries.enter('a');
    await settled();
    expect([queries.running, queries.waiting]).toEqual([2, 1]);
    await queries.enter('b');
    expect(queries.running).toBe(3);
    leave();
    leave();
    await third;
    expect([queries.running, queries.waiting]).toEqual([3, 0]);
  });

  it('lets in by the order of coming', async () => {
    const queries = line({ runningMax: 2 });
    const leaves = [await queries.enter('a'), await queries.enter('b')];
    const order: string[] = [];
    const waiting = ['c', 'd', 'e'].map(async (tenant) => {
      const leave = await queries.enter(tenant);
      order.push(tenant);
      leave();
    });
    await settled();
    expect(order).toEqual([]);
    for (const leave of leaves) leave();
    await Promise.all(waiting);
    expect(order).toEqual(['c', 'd', 'e']);
  });

  it('always has a place for one', async () => {
    const queries = line({ runningMax: 1 });
    (await queries.enter('a'))();
    expect(queries.running).toBe(0);
  });

  it('refuses when too many wait, and after too long, naming the settings', async () => {
    const full = line({ runningMax: 1, waitingMax: 0 });
    await full.enter('a');
    await expect(full.enter('b')).rejects.toMatchObject({
      code: Status.RESOURCE_EXHAUSTED,
      details: expect.stringMatching(/querier\.sqlConcurrentMax.*querier\.sqlWaitingMax.*try again/),
    });
    const slow = line({ runningMax: 1, waitMs: 1 });
    await slow.enter('a');
    await expect(slow.enter('b')).rejects.toMatchObject({
      code: Status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining('querier.sqlWaitMs'),
    });
    expect(slow.waiting).toBe(0);
  });

  it('is left by who goes away', async () => {
    const queries = line({ runningMax: 1 });
    const leave = await queries.enter('a');
    const abort = new AbortController();
    const waiting = queries.enter('b', abort.signal);
    abort.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    leave();
    await queries.enter('c');
    await expect(queries.enter('d', abort.signal)).rejects.toThrow('gone');
  });
});
