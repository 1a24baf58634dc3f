import { appendFile, copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openLog } from './open-log.ts';
import { payload, readAll, temporaryLogs, texts } from './test-log.ts';

let logs: Awaited<ReturnType<typeof temporaryLogs>>;
beforeEach(async () => {
  logs = await temporaryLogs();
});
afterEach(() => logs.remove());

const options = { segmentBytesMax: 2000, bytesMax: 1e6 };

async function written(count: number, text = (i: number) => `record ${i}`): Promise<string[]> {
  const log = await logs.open(options);
  for (let i = 1; i <= count; i++) await log.append({ ...payload(text(i)), idempotencyKey: `k${i}` }).durable;
  await log.close();
  return (await logs.segments()).map((name) => join(logs.dir, name));
}

/** A copy of the log's folder in which `damage` has changed a file. */
async function damaged<T>(damage: (path: string) => Promise<void>, name: string, run: (dir: string) => Promise<T>) {
  const dir = await mkdtemp(`${logs.dir}-copy-`);
  try {
    for (const file of await readdir(logs.dir)) {
      if (/\.(wal|json)$/.test(file)) await copyFile(join(logs.dir, file), join(dir, file));
    }
    await damage(join(dir, name));
    return await run(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

describe('recovery', () => {
  it('cuts a torn end at every byte of the last records', async () => {
    await written(5);
    const name = (await logs.segments())[0]!;
    const whole = await readFile(join(logs.dir, name));
    const lengths = recordEnds(whole);
    for (let size = lengths[2]!; size <= whole.length; size++) {
      await damaged(
        (path) => truncate(path, size),
        name,
        async (dir) => {
          const log = await openLog({ dir, ...options });
          const complete = lengths.filter((end) => end <= size).length;
          expect(await texts(log)).toEqual(Array.from({ length: complete }, (_, i) => `${i + 1}:record ${i + 1}`));
          expect(log.recovery.broken).toEqual([]);
          // What was cut may have held LSNs that somebody saw: they aren't given out again.
          if (size > (lengths[complete - 1] ?? 64)) expect(log.nextLsn).toBeGreaterThan(complete + 1);
          const { lsn, durable } = log.append(payload('new'));
          await durable;
          await log.close();
          const again = await openLog({ dir, ...options });
          expect((await texts(again)).at(-1)).toBe(`${lsn}:new`);
          expect(again.recovery).toMatchObject({ broken: [], missing: [], tornBytes: 0 });
          await again.close();
        },
      );
    }
  });

  it('keeps aside and reports a record with a flipped bit, at every byte, and reads all others', async () => {
    await written(4);
    const name = (await logs.segments())[0]!;
    const whole = await readFile(join(logs.dir, name));
    const ends = recordEnds(whole);
    for (let at = ends[0]!; at < ends[3]!; at++) {
      const flipped = Buffer.from(whole);
      flipped[at]! ^= 1 << (at % 8);
      const broken = ends.findIndex((end) => at < end) + 1;
      await damaged(
        (path) => writeFile(path, flipped),
        name,
        async (dir) => {
          const log = await openLog({ dir, ...options });
          expect((await readAll(log)).map((record) => record.lsn)).toEqual(
            [1, 2, 3, 4].filter((lsn) => lsn !== broken),
          );
          expect(log.nextLsn).toBeGreaterThan(4);
          if (broken < 4) {
            expect(log.recovery.broken).toMatchObject([
              { offset: ends[broken - 2], missing: { from: broken, to: broken } },
            ]);
            const kept = await readFile(log.recovery.broken[0]!.keptIn);
            expect(kept).toEqual(flipped.subarray(ends[broken - 2], ends[broken - 1]));
          } else {
            expect(log.recovery.tornBytes).toBeGreaterThan(0);
            const aside = await readdir(join(dir, 'aside'));
            expect(await readFile(join(dir, 'aside', aside[0]!))).toEqual(flipped.subarray(ends[2], ends[3]));
          }
          await log.close();
        },
      );
    }
  });

  it('finds broken parts in the middle of many segments and goes on behind them', async () => {
    const paths = await written(200);
    const bytes = await readFile(paths[2]!);
    bytes.fill(0xaa, 300, 700);
    await writeFile(paths[2]!, bytes);
    const log = await logs.open(options);
    const lsns = new Set((await readAll(log)).map((record) => record.lsn));
    const { missing } = log.recovery.broken[0]!;
    expect(log.recovery.broken).toHaveLength(1);
    for (let lsn = 1; lsn <= 200; lsn++) expect(lsns.has(lsn)).toBe(lsn < missing!.from || lsn > missing!.to);
  });

  it('tells of a segment that was taken away', async () => {
    const paths = await written(200);
    await rm(paths[3]!);
    const log = await logs.open(options);
    const lsns = (await readAll(log)).map((record) => record.lsn);
    const { from, to } = log.recovery.missing[0]!;
    expect(log.recovery.missing).toHaveLength(1);
    expect(lsns).toEqual(Array.from({ length: 200 }, (_, i) => i + 1).filter((lsn) => lsn < from || lsn > to));
    expect(to - from).toBeGreaterThan(5);
  });

  it('says nothing of a hole where all was trimmed', async () => {
    const log = await logs.open({ ...options, retainMs: 1e9 });
    for (let i = 1; i <= 200; i++) await log.append(payload(`record ${i}`)).durable;
    await log.trim(200);
    await log.close();
    await rm(join(logs.dir, (await logs.segments())[3]!));
    expect((await logs.open(options)).recovery.missing).toEqual([]);
  });

  it('reads a segment whose header is broken', async () => {
    const paths = await written(200);
    for (const path of [paths[0]!, paths[2]!]) {
      const bytes = await readFile(path);
      bytes[20]! ^= 1;
      await writeFile(path, bytes);
    }
    const log = await logs.open(options);
    expect(await readAll(log)).toHaveLength(200);
    expect(log.recovery.broken).toMatchObject([
      { offset: 0, bytes: 64 },
      { offset: 0, bytes: 64 },
    ]);
  });

  it.each([
    ['nothing', 0],
    ['a part of the header', 30],
  ])('drops a last segment that holds %s', async (_name, size) => {
    const paths = await written(100);
    await writeFile(join(logs.dir, '0000000000000101.wal'), Buffer.alloc(size, 1));
    const log = await logs.open(options);
    expect(await readAll(log)).toHaveLength(100);
    expect(await logs.segments()).toHaveLength(paths.length);
    await log.append(payload('more')).durable;
    expect(log.durableLsn).toBe(101);
  });

  it('does not take bytes inside a payload for a record', async () => {
    const first = await written(1);
    const record = (await readFile(first[0]!)).subarray(64);
    const forged = Buffer.from(record);
    forged.writeBigUInt64LE(50n, 16); // a later LSN; its checksum can't be made without the log's salt
    const log = await logs.open(options);
    await log.append({ kind: 1, tenant: 't', payload: Buffer.concat([forged, record, forged]) }).durable;
    await log.append(payload('after')).durable;
    await log.close();
    const bytes = await readFile(first[0]!);
    bytes[recordEnds(bytes)[0]! + 45]! ^= 1; // breaks the record that holds the forged ones
    await writeFile(first[0]!, bytes);
    const again = await logs.open(options);
    expect((await readAll(again)).map(({ lsn }) => lsn)).toEqual([1, 3]);
    expect(again.recovery.broken).toMatchObject([{ missing: { from: 2, to: 2 } }]);
  });

  it('survives any garbage behind the last record', async () => {
    await written(3);
    const name = (await logs.segments())[0]!;
    const header = Buffer.from('SDBR');
    for (const garbage of [
      Buffer.alloc(1, 1),
      Buffer.alloc(5000, 0xff),
      Buffer.concat(Array(50).fill(header)),
      Buffer.alloc(3_000_000, 'SDBRxyz'),
    ]) {
      await damaged(
        (path) => appendFile(path, garbage),
        name,
        async (dir) => {
          const log = await openLog({ dir, ...options });
          expect(await readAll(log)).toHaveLength(3);
          expect(log.recovery.tornBytes).toBe(garbage.length);
          await log.close();
        },
      );
    }
  });

  it('remembers the keys of intact records', async () => {
    await written(3);
    const log = await logs.open(options);
    expect(['k1', 'k2', 'k3', 'k4'].map((key) => log.findIdempotencyKey('default', key))).toEqual([1, 2, 3, undefined]);
  });

  it('reports what breaks after it was opened, once it is read', async () => {
    const paths = await written(100);
    const parts: unknown[] = [];
    const log = await logs.open({ ...options, onBroken: (part) => parts.push(part) });
    const bytes = await readFile(paths[1]!);
    bytes[bytes.length - 1]! ^= 1;
    bytes[200]! ^= 1;
    await writeFile(paths[1]!, bytes);
    expect(await readAll(log)).toHaveLength(98);
    expect(parts).toHaveLength(2);
  });
});

describe('opening', () => {
  it('refuses a folder that is open, and names the process', async () => {
    const log = await logs.open();
    await expect(logs.open()).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await log.close();
    await logs.open();
  });

  it.each([
    ['another version', '{"format":2,"id":"x","salt":1}', /of log format 2; this program reads format 1/],
    ['no JSON', 'hello', /not a log's description/],
    ['no id', '{"format":1}', /names no log/],
  ])('refuses a description with %s', async (_name, text, message) => {
    await writeFile(join(logs.dir, 'log.json'), text);
    await expect(logs.open()).rejects.toMatchObject({ code: 'FORMAT', message: expect.stringMatching(message) });
  });

  it('refuses a segment of another log', async () => {
    await written(3);
    const other = await temporaryLogs();
    const log = await other.open();
    await log.append(payload('foreign')).durable;
    await log.close();
    await copyFile(join(other.dir, (await other.segments())[0]!), join(logs.dir, '0000000000000009.wal'));
    await other.remove();
    await expect(logs.open()).rejects.toMatchObject({
      code: 'FORMAT',
      message: expect.stringContaining('belongs to log'),
    });
  });

  it('begins another log where all segments are gone, so that no LSN of the old one comes again', async () => {
    const log = await logs.open();
    await log.append(payload('a')).durable;
    await log.trim(1);
    await log.close();
    await rm(join(logs.dir, (await logs.segments())[0]!));
    const again = await logs.open();
    expect(again.id).not.toBe(log.id);
    expect([again.nextLsn, again.trimmedLsn]).toEqual([1, 0]);
  });

  it('says what it cannot use', async () => {
    await writeFile(join(logs.dir, 'file'), '');
    await expect(openLog({ dir: join(logs.dir, 'file') })).rejects.toMatchObject({ code: 'IO' });
  });
});

/** Where each record of a segment ends. */
function recordEnds(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let at = 64; at + 40 <= bytes.length && bytes.readUInt32LE(at) !== 0; ) {
    at += 40 + bytes.readUInt32LE(at + 8) + bytes[at + 13]! + (bytes.readUInt16LE(at + 14) % 0xffff);
    ends.push(at);
  }
  return ends;
}
