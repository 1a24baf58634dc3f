import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createFaultyLogIo } from './faulty-io.ts';
import { payload, temporaryLogs, texts } from './test-log.ts';

let logs: Awaited<ReturnType<typeof temporaryLogs>>;
beforeEach(async () => {
  logs = await temporaryLogs();
});
afterEach(() => logs.remove());

async function opened(options = {}) {
  const io = createFaultyLogIo();
  const log = await logs.open({ io, fsync: true, ...options });
  const base = { ...io.counts };
  return { io, log, since: (what: 'write' | 'sync') => io.counts[what] - base[what] };
}

describe('group commit', () => {
  it('makes one write and one fsync of all that came in one turn', async () => {
    const { log, since } = await opened();
    await Promise.all(Array.from({ length: 1000 }, (_, i) => log.append(payload(`${i}`)).durable));
    expect([since('write'), since('sync')]).toEqual([1, 1]);
  });

  it('makes one more of all that came while the first was on its way', async () => {
    const { io, log, since } = await opened();
    const release = io.hold('sync');
    const first = log.append(payload('first')).durable;
    while (since('sync') === 0) await turns(1);
    const others = Array.from({ length: 500 }, (_, i) => log.append(payload(`${i}`)).durable);
    await turns(5);
    expect([since('write'), since('sync')]).toEqual([1, 1]);
    release();
    await Promise.all([first, ...others]);
    expect([since('write'), since('sync')]).toEqual([2, 2]);
  });

  it('releases nobody before the fsync', async () => {
    const { io, log } = await opened();
    const release = io.hold('sync');
    const released: number[] = [];
    for (let i = 1; i <= 3; i++) void log.append(payload(`${i}`)).durable.then(() => released.push(i));
    await turns(10);
    expect([released, log.durableLsn]).toEqual([[], 0]);
    release();
    await log.whenDurable(3);
    await turns(1);
    expect([released, log.durableLsn]).toEqual([[1, 2, 3], 3]);
  });

  it('writes without fsync when told so', async () => {
    const { log, since } = await opened({ fsync: false });
    await log.append(payload('a')).durable;
    expect([since('write'), since('sync')]).toEqual([1, 0]);
  });

  it('bounds what one write takes', async () => {
    const { log, since } = await opened({ writeBytesMax: 10_000 });
    await Promise.all(Array.from({ length: 100 }, () => log.append(payload('x'.repeat(950))).durable));
    expect(since('write')).toBe(10);
  });

  it('bounds what waits, and takes more when the disk has caught up', async () => {
    const { io, log } = await opened({ queueBytesMax: 10_000 });
    const release = io.hold('write');
    const taken: Promise<void>[] = [];
    expect(() => {
      for (;;) taken.push(log.append(payload('x'.repeat(950))).durable);
    }).toThrow(expect.objectContaining({ code: 'QUEUE_FULL' }));
    expect(taken).toHaveLength(10);
    expect(log.waitingBytes).toBeLessThanOrEqual(10_000);
    release();
    await Promise.all(taken);
    expect(log.waitingBytes).toBe(0);
    await log.append(payload('x')).durable;
  });

  it('writes no byte twice', async () => {
    const { io, log } = await opened({ segmentBytesMax: 100_000, bytesMax: 1e7 });
    const before = io.written;
    for (let i = 0; i < 100; i++) await log.append(payload('x'.repeat(5000))).durable;
    const segments = (await logs.segments()).length;
    expect(io.written - before).toBe(100 * (5000 + 40 + 'default'.length) + (segments - 1) * 64);
  });
});

describe('a full disk', () => {
  it('refuses the records it meets, forgets their keys, and goes on when there is space', async () => {
    const { io, log } = await opened();
    await log.append(payload('kept')).durable;
    io.fail('write', 'ENOSPC', { partBytes: 150 });
    const refused = ['a', 'b', 'c'].map((text) => log.append({ ...payload(text), idempotencyKey: text }).durable);
    for (const durable of refused) await expect(durable).rejects.toMatchObject({ code: 'NO_SPACE' });
    await log.whenDurable(3); // settled: it will never be
    expect(log.findIdempotencyKey('default', 'a')).toBeUndefined();
    expect(log.failure).toBeUndefined();
    io.heal();
    await log.append(payload('later')).durable;
    expect(await texts(log)).toEqual(['1:kept', '5:later']);
    await log.close();
    const again = await logs.open();
    expect(await texts(again)).toEqual(['1:kept', '5:later']);
    expect(again.recovery).toMatchObject({ broken: [], missing: [], tornBytes: 0 });
  });

  it('leaves nothing of the refused records for a process that is killed then', async () => {
    const { io, log } = await opened();
    await log.append(payload('kept')).durable;
    io.fail('write', 'ENOSPC', { partBytes: 150 });
    await expect(Promise.all(['a', 'b', 'c'].map((text) => log.append(payload(text)).durable))).rejects.toThrow();
    await log.close();
    expect(await texts(await logs.open())).toEqual(['1:kept']);
  });

  it('refuses when no new segment can be made', async () => {
    const { io, log } = await opened({ segmentBytesMax: 1000, bytesMax: 100_000 });
    await log.append(payload('x'.repeat(800))).durable;
    io.fail('create', 'ENOSPC');
    await expect(log.append(payload('x'.repeat(800))).durable).rejects.toMatchObject({ code: 'NO_SPACE' });
    io.heal();
    await log.append(payload('y'.repeat(800))).durable;
    expect((await texts(log)).map((text) => text.slice(0, 3))).toEqual(['1:x', '3:y']);
  });

  it('is refused ahead by the limit, which trimming lifts', async () => {
    const { log } = await opened({ segmentBytesMax: 1000, bytesMax: 3000 });
    expect(() => {
      for (;;) log.append(payload('x'.repeat(400)));
    }).toThrow(expect.objectContaining({ code: 'LOG_FULL' }));
    await log.whenDurable(log.nextLsn - 1);
    expect(log.bytes).toBeLessThanOrEqual(3000);
    await log.trim(log.durableLsn);
    await log.append(payload('x'.repeat(400))).durable;
  });
});

describe('trimming on a disk that fails', () => {
  const small = { segmentBytesMax: 1000, bytesMax: 100_000 };
  async function filled() {
    const { io, log } = await opened(small);
    for (let i = 1; i <= 50; i++) await log.append({ ...payload(`${i}`), idempotencyKey: `k${i}` }).durable;
    return { io, log };
  }

  it('makes room on a full one, and keeps the keys', async () => {
    const { io, log } = await filled();
    io.fail('replaceText', 'ENOSPC', { times: 1 });
    await log.trim(50);
    expect(await logs.segments()).toHaveLength(1);
    await log.close();
    const again = await logs.open(small);
    expect(again.findIdempotencyKey('default', 'k1')).toBe(1);
  });

  it('tries again what it could not delete', async () => {
    const { io, log } = await filled();
    io.fail('remove', 'EIO', { times: 1 });
    await expect(log.trim(50)).rejects.toThrow('EIO');
    expect((await logs.segments()).length).toBeGreaterThan(1);
    await log.trim(50);
    expect(await logs.segments()).toHaveLength(1);
  });
});

describe('a failed write', () => {
  it.each([
    ['sync', 'EIO'],
    ['write', 'EIO'],
    ['sync', 'ENOSPC'],
  ] as const)('%s with %s ends the log', async (operation, code) => {
    const failed: Error[] = [];
    const { io, log, since } = await opened({ onFailed: (error: Error) => failed.push(error) });
    await log.append(payload('kept')).durable;
    io.fail(operation, code, { times: 1 });
    const both = [log.append(payload('a')).durable, log.append(payload('b')).durable];
    for (const durable of both) await expect(durable).rejects.toMatchObject({ code: 'FAILED' });
    expect(() => log.append(payload('c'))).toThrow(expect.objectContaining({ code: 'FAILED' }));
    await expect(log.whenDurable(2)).rejects.toMatchObject({ code: 'FAILED' });
    expect([failed.length, log.failure, log.durableLsn]).toEqual([1, failed[0], 1]);
    expect(since('sync')).toBe(operation === 'sync' ? 2 : 1); // never tried again
  });

  it('ends the log when a partial write cannot be taken back', async () => {
    const { io, log } = await opened();
    await log.append(payload('kept')).durable;
    io.fail('write', 'ENOSPC', { partBytes: 50 });
    io.fail('truncate', 'EIO');
    await expect(log.append(payload('a')).durable).rejects.toMatchObject({ code: 'FAILED' });
    io.heal();
  });
});

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
