import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openLog } from './open-log.ts';
import { payload, readAll, temporaryLogs, texts } from './test-log.ts';

let logs: Awaited<ReturnType<typeof temporaryLogs>>;
beforeEach(async () => {
  logs = await temporaryLogs();
});
afterEach(() => logs.remove());

describe('a log', () => {
  it('gives back what it was given, in order, byte for byte', async () => {
    const log = await logs.open();
    const large = Buffer.alloc(3_000_000, 'abc');
    log.append({ kind: 7, tenant: 't-1', payload: Buffer.from([0, 255, 10]) });
    log.append({ kind: 255, tenant: '', payload: [] });
    log.append({ kind: 0, tenant: 'ü', idempotencyKey: '', payload: [large, Buffer.from('x')] });
    await log.append({ kind: 1, tenant: 'default', idempotencyKey: 'key 4', payload: new Uint8Array(0) }).durable;
    const expected = [
      { lsn: 1, kind: 7, tenant: 't-1', idempotencyKey: undefined, payload: digest(Buffer.from([0, 255, 10])) },
      { lsn: 2, kind: 255, tenant: '', idempotencyKey: undefined, payload: digest(Buffer.alloc(0)) },
      { lsn: 3, kind: 0, tenant: 'ü', idempotencyKey: '', payload: digest(Buffer.concat([large, Buffer.from('x')])) },
      { lsn: 4, kind: 1, tenant: 'default', idempotencyKey: 'key 4', payload: digest(Buffer.alloc(0)) },
    ];
    const read = async (from: typeof log) =>
      (await readAll(from)).map((record) => ({ ...record, payload: digest(record.payload) }));
    expect(await read(log)).toMatchObject(expected);
    await log.close();
    const again = await logs.open();
    expect(await read(again)).toMatchObject(expected);
    expect(again.recovery).toEqual({ segments: 1, records: 4, tornBytes: 0, broken: [], missing: [] });
    expect([again.id, again.nextLsn, again.durableLsn]).toEqual([log.id, 5, 4]);
  });

  it('reads from any LSN, over many segments', async () => {
    const log = await logs.open({ segmentBytesMax: 2000, bytesMax: 1e6 });
    for (let i = 1; i <= 200; i++) await log.append(payload(`record ${i}`)).durable;
    expect((await logs.segments()).length).toBeGreaterThan(5);
    for (const from of [0, 1, 2, 35, 36, 100, 199, 200, 201, 999]) {
      const lsns = (await readAll(log, from)).map((record) => record.lsn);
      expect(lsns).toEqual(Array.from({ length: 200 }, (_, i) => i + 1).filter((lsn) => lsn >= from));
    }
  });

  it('reads up to what was on disk when reading began', async () => {
    const log = await logs.open();
    await log.append(payload('a')).durable;
    const reading = log.read(1)[Symbol.asyncIterator]();
    log.append(payload('b'));
    expect((await reading.next()).value).toMatchObject({ lsn: 1 });
    await log.whenDurable(2);
    expect(await reading.next()).toMatchObject({ done: true });
  });

  it('stops reading when told', async () => {
    const log = await logs.open();
    await log.append(payload('a')).durable;
    await log.append(payload('b')).durable;
    const abort = new AbortController();
    const reading = log.read(1, { signal: abort.signal })[Symbol.asyncIterator]();
    await reading.next();
    abort.abort(new Error('enough'));
    await expect(reading.next()).rejects.toThrow('enough');
  });

  it.each([
    ['a kind that is no byte', { kind: 256, tenant: 't', payload: Buffer.alloc(1) }],
    ['a kind that is no integer', { kind: 1.5, tenant: 't', payload: Buffer.alloc(1) }],
    ['a tenant that is too long', { kind: 1, tenant: 'x'.repeat(256), payload: Buffer.alloc(1) }],
    ['a key that is too long', { kind: 1, tenant: 't', idempotencyKey: 'x'.repeat(1025), payload: Buffer.alloc(1) }],
    ['a record that is too large', { kind: 1, tenant: 't', payload: Buffer.alloc(1001) }],
  ])('refuses %s, and the LSN is not used', async (_name, record) => {
    const log = await logs.open({ recordBytesMax: 1000 });
    expect(() => log.append(record)).toThrow(expect.objectContaining({ code: 'INVALID_RECORD' }));
    expect(log.append(payload('good')).lsn).toBe(1);
  });

  it('takes a record larger than a segment', async () => {
    const log = await logs.open({ segmentBytesMax: 1000, bytesMax: 1e6 });
    await log.append(payload('small')).durable;
    await log.append(payload('x'.repeat(10_000))).durable;
    await log.append(payload('small')).durable;
    expect((await readAll(log)).map((record) => record.payload.length)).toEqual([5, 10_000, 5]);
  });

  it('tells when an LSN is durable, and refuses what was not given out', async () => {
    const log = await logs.open();
    log.append(payload('a'));
    await log.whenDurable(1);
    expect(log.durableLsn).toBe(1);
    await log.whenDurable(1);
    await expect(log.whenDurable(2)).rejects.toMatchObject({ code: 'INVALID_RECORD' });
  });

  it('closes twice, waits for what was appended, and takes nothing after', async () => {
    const log = await logs.open();
    const { durable } = log.append(payload('a'));
    await Promise.all([log.close(), log.close()]);
    await durable;
    expect(() => log.append(payload('b'))).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    await log.trim(1);
    expect(await texts(await logs.open())).toEqual(['1:a']);
  });

  it.each([
    [{ segmentBytesMax: 1000, bytesMax: 1999 }, /at least two segments/],
    [{ queueBytesMax: Number.NaN }, /queueBytesMax is NaN/],
    [{ retainMs: -1 }, /retainMs is -1/],
  ])('refuses the options %o', async (options, message) => {
    await expect(openLog({ dir: logs.dir, ...options })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(message),
    });
  });
});

describe('trimming', () => {
  async function filled(options = {}) {
    const log = await logs.open({ segmentBytesMax: 1000, bytesMax: 100_000, ...options });
    for (let i = 1; i <= 100; i++) await log.append(payload(`record ${i}`)).durable;
    return log;
  }

  it('deletes whole segments, never the last one, and never what is above', async () => {
    const log = await filled();
    await log.trim(50);
    expect(log.firstLsn).toBeGreaterThan(1);
    expect(log.firstLsn).toBeLessThanOrEqual(51);
    expect((await readAll(log, 51)).length).toBe(50);
    await log.trim(1e9);
    expect(await logs.segments()).toHaveLength(1);
    expect(log.trimmedLsn).toBe(100);
    await log.close();
    const again = await logs.open({ segmentBytesMax: 1000, bytesMax: 100_000 });
    expect([again.trimmedLsn, again.nextLsn, again.recovery.missing]).toEqual([100, 101, []]);
  });

  it('goes on behind a reader', async () => {
    const log = await filled();
    const seen: number[] = [];
    for await (const { lsn } of log.read(1)) {
      if (lsn === 3) await log.trim(90);
      seen.push(lsn);
    }
    expect(seen.slice(0, 3)).toEqual([1, 2, 3]);
    expect(seen.filter((lsn) => lsn > 90)).toHaveLength(10);
  });

  it('keeps trimmed segments as long as it was told, and no longer than there is room', async () => {
    let nowMs = 1_000_000;
    const log = await filled({ retainMs: 60_000, now: () => nowMs, bytesMax: 10_000 });
    const before = await logs.segments();
    await log.trim(100);
    expect(await logs.segments()).toEqual(before);
    for (let i = 0; i < 100; i++) await log.append(payload(`record ${i}`)).durable;
    expect(log.firstLsn).toBeGreaterThan(1);
    expect(log.bytes).toBeLessThanOrEqual(10_000);
    await log.trim(200);
    nowMs += 60_001;
    await log.trim(200);
    expect(await logs.segments()).toHaveLength(1);
  });
});

describe('idempotency keys', () => {
  const keyed = (key: string) => ({ ...payload(key), idempotencyKey: key });

  it('answer with the first LSN, by tenant, at once and after a restart', async () => {
    const log = await logs.open();
    log.append(keyed('a'));
    expect(log.findIdempotencyKey('default', 'a')).toBe(1);
    await log.append(keyed('a')).durable;
    expect(log.findIdempotencyKey('default', 'a')).toBe(1);
    expect(log.findIdempotencyKey('other', 'a')).toBeUndefined();
    expect(log.findIdempotencyKey('default', '')).toBeUndefined();
    await log.close();
    const again = await logs.open();
    expect(again.findIdempotencyKey('default', 'a')).toBe(1);
  });

  it('outlive their segments', async () => {
    const options = { segmentBytesMax: 1000, bytesMax: 100_000 };
    const log = await logs.open(options);
    for (let i = 1; i <= 50; i++) await log.append(keyed(`k${i}`)).durable;
    await log.trim(50);
    expect(log.firstLsn).toBeGreaterThan(10);
    await log.close();
    const again = await logs.open(options);
    for (let i = 1; i <= 50; i++) expect(again.findIdempotencyKey('default', `k${i}`)).toBe(i);
  });

  it('are forgotten by number and by age, with their files', async () => {
    let nowMs = 1_000_000;
    const options = { segmentBytesMax: 1000, bytesMax: 100_000, now: () => nowMs };
    const log = await logs.open({ ...options, idempotencyKeysMax: 10, idempotencyKeyAgeMsMax: 1000 });
    for (let i = 1; i <= 50; i++) await log.append(keyed(`k${i}`)).durable;
    expect(log.findIdempotencyKey('default', 'k40')).toBeUndefined();
    expect(log.findIdempotencyKey('default', 'k41')).toBe(41);
    nowMs += 2000;
    await log.append(keyed('k51')).durable;
    expect(log.findIdempotencyKey('default', 'k50')).toBeUndefined();
    expect(log.findIdempotencyKey('default', 'k51')).toBe(51);
  });
});

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
