import { describe, expect, it } from '@jest/globals';
import { createProgress, type DurabilityLevel } from '../forward/progress.ts';
import { createAckQueue } from './ack-queue.ts';

const text = (ack: { lsn: number; durability_level: DurabilityLevel }) => `${ack.lsn} ${ack.durability_level}`;

async function all(queue: AsyncIterable<{ lsn: number; durability_level: DurabilityLevel }>): Promise<string[]> {
  const texts: string[] = [];
  for await (const ack of queue) texts.push(text(ack));
  return texts;
}

describe('an ack queue', () => {
  it('tells each level when it has come true, and ends when all is said', async () => {
    const progress = createProgress(0);
    const queue = createAckQueue(progress);
    const disk = Promise.withResolvers<void>();
    queue.track(1, disk.promise, 'iceberg_committed');
    queue.track(2, disk.promise, 'object_storage');
    queue.end();
    const reading = all(queue);
    disk.resolve();
    await Promise.resolve();
    progress.raise('object_storage', 1);
    progress.raise('object_storage', 2);
    progress.raise('iceberg_committed', 2);
    expect(await reading).toEqual([
      '1 memory',
      '2 memory',
      '1 disk',
      '2 disk',
      '1 object_storage',
      '2 object_storage',
      '1 iceberg_committed',
    ]);
  });

  it('knows what was committed before', async () => {
    const queue = createAckQueue(createProgress(10));
    queue.track(7, Promise.resolve(), 'iceberg_committed');
    queue.end();
    expect(await all(queue)).toEqual(['7 memory', '7 disk', '7 object_storage', '7 iceberg_committed']);
  });

  it('takes a commit for what comes before it', async () => {
    const progress = createProgress(0);
    const queue = createAckQueue(progress);
    queue.track(1, Promise.resolve(), 'iceberg_committed');
    queue.end();
    const reading = all(queue);
    progress.raise('iceberg_committed', 5);
    expect(await reading).toEqual(['1 memory', '1 disk', '1 object_storage', '1 iceberg_committed']);
  });

  it('fails with what the disk fails with', async () => {
    const queue = createAckQueue(createProgress(0));
    queue.track(1, Promise.reject(new Error('disk full')), 'disk');
    await expect(all(queue)).rejects.toThrow('disk full');
  });

  it('stays small when nobody reads, and loses no level', async () => {
    const queue = createAckQueue(createProgress(0));
    for (let lsn = 1; lsn <= 50_000; lsn++) queue.track(lsn, Promise.resolve(), 'disk');
    queue.end();
    await new Promise((resolve) => setImmediate(resolve));
    const texts = await all(queue);
    expect(texts.length).toBeLessThan(2000);
    expect(texts).toContain('50000 memory');
    expect(texts.at(-1)).toBe('50000 disk');
  });
});
