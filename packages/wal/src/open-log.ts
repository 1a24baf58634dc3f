import { join } from 'node:path';
import { orIoError, WalError } from './errors.ts';
import { lockFile } from './folder-lock.ts';
import { createGroupCommit } from './group-commit.ts';
import { createKeyIndex, type KeyEntry } from './idempotency.ts';
import { identityOf, newIdentity, readIdentity, writeIdentity } from './identity.ts';
import type { Append, Appended, Log } from './log.ts';
import { createLogIo, type LogFile } from './log-io.ts';
import { type LogOptions, limitsOf } from './options.ts';
import { readRecords } from './read.ts';
import { encodeRecord } from './record.ts';
import { type LogIdentity, type RecoveryReport, recoverSegments } from './recover.ts';
import { createSegment, type Segment } from './segments.ts';
import { createTrimmer } from './trim.ts';

/**
 * Opens the log in a folder, and makes it when there is none. Recovery comes first: a torn end is cut, broken records
 * are kept aside and reported, and LSNs go on above all that were ever given out.
 *
 * LOCKED when the folder is open elsewhere, FORMAT when it isn't a log of this version, IO when it can't be used.
 */
export async function openLog(options: LogOptions): Promise<Log> {
  const limits = limitsOf(options);
  const io = options.io ?? createLogIo();
  const { dir } = options;
  await orIoError(`make the folder ${dir}`, () => io.makeFolder(dir));
  const lock = await lockFile(join(dir, 'lock'));
  try {
    return await openLocked();
  } catch (error) {
    lock.release();
    throw error;
  }

  async function openLocked(): Promise<Log> {
    const now = options.now ?? Date.now;
    const known = await readIdentity(io, dir);
    const keys = createKeyIndex({
      io,
      dir: join(dir, 'keys'),
      keysMax: limits.idempotencyKeysMax,
      ageMsMax: limits.idempotencyKeyAgeMsMax,
    });
    await orIoError(`read ${dir}/keys`, () => keys.load());
    const recovered = await orIoError(`recover ${dir}`, () =>
      recoverSegments(io, dir, known, (record) => {
        if (record.idempotencyKey !== undefined) keys.add(keyEntry({ ...record, key: record.idempotencyKey }));
      }),
    );
    keys.expire(now());
    const identity = recovered
      ? (known ?? (await writeIdentity(io, dir, identityOf(recovered.segments[0]!))))
      : await writeIdentity(io, dir, newIdentity());
    const trimmer = await createTrimmer({
      io,
      dir,
      now,
      retainMs: limits.retainMs,
      keys,
      isOwn: recovered !== undefined,
    });
    const nextLsn = Math.max(recovered?.nextLsn ?? 1, trimmer.trimmedLsn + 1);
    return startLog({
      identity,
      keys,
      now,
      nextLsn,
      trimmer,
      segments: recovered?.segments ?? [],
      recovery: recovered ? withoutTrimmed(recovered.report, trimmer.trimmedLsn) : emptyReport,
    });
  }

  async function startLog(o: {
    identity: LogIdentity;
    keys: ReturnType<typeof createKeyIndex>;
    now: () => number;
    nextLsn: number;
    trimmer: Awaited<ReturnType<typeof createTrimmer>>;
    segments: Segment[];
    recovery: RecoveryReport;
  }): Promise<Log> {
    const { identity, keys, now, trimmer, segments, recovery } = o;
    let { nextLsn } = o;
    let durableLsn = segments.at(-1)?.lastLsn ?? nextLsn - 1;
    let failure: WalError | undefined;
    let closing: Promise<void> | undefined;
    const waiters = new Map<number, PromiseWithResolvers<void>>();
    let file = await orIoError(`open a segment in ${dir}`, () => openLast(segments, nextLsn, durableLsn));

    async function openLast(known: Segment[], firstLsn: number, previousLsn: number): Promise<LogFile> {
      const last = known.at(-1);
      if (last === undefined) return begin(firstLsn, previousLsn);
      const opened = await io.open(last.path, 'write');
      if (last.bytes < limits.segmentBytesMax) await opened.truncate(limits.segmentBytesMax);
      return opened;
    }

    async function begin(firstLsn: number, previousLsn: number): Promise<LogFile> {
      const header = { logId: identity.id, salt: identity.salt, firstLsn, previousLsn };
      const [segment, created] = await createSegment(io, dir, header, limits.segmentBytesMax);
      segments.push(segment);
      return created;
    }

    const commits = createGroupCommit({
      target: {
        get segment() {
          return segments.at(-1)!;
        },
        get file() {
          return file;
        },
        salt: identity.salt,
        segmentBytesMax: limits.segmentBytesMax,
        roll: async (firstLsn) => {
          const full = segments.at(-1)!;
          const next = await begin(firstLsn, full.lastLsn);
          await closeSegment(file, full);
          file = next;
        },
      },
      lastLsn: durableLsn,
      fsync: options.fsync ?? true,
      writeBytesMax: limits.writeBytesMax,
      onCommitted: (lastLsn, bytes, syncSeconds) => {
        durableLsn = lastLsn;
        options.onCommit?.({ lastLsn, bytes, syncSeconds });
      },
      onFailed: (error) => {
        failure = error;
        options.onFailed?.(error);
      },
    });

    const bytes = () => segments.reduce((sum, segment) => sum + segment.bytes, 0);

    function append(record: Append): Appended {
      if (failure) throw failure;
      if (closing) throw new WalError('CLOSED', 'the log is closed');
      const timeMs = now();
      const encoded = encodeRecord({ ...record, lsn: nextLsn, timeMs }, identity.salt);
      if (encoded.bytes > limits.recordBytesMax || encoded.bytes > limits.bytesMax / 2) {
        throw new WalError('INVALID_RECORD', `a record of ${encoded.bytes} bytes (${limits.recordBytesMax} at most)`);
      }
      if (commits.waitingBytes > 0 && commits.waitingBytes + encoded.bytes > limits.queueBytesMax) {
        throw new WalError('QUEUE_FULL', `${commits.waitingBytes} bytes wait for the disk`);
      }
      const wanted = commits.waitingBytes + encoded.bytes;
      if (bytes() + wanted > limits.bytesMax && !trimmer.makeRoom(segments, bytes() + wanted - limits.bytesMax)) {
        throw new WalError('LOG_FULL', `the log holds ${bytes()} of ${limits.bytesMax} bytes`);
      }
      const lsn = nextLsn++;
      const key = record.idempotencyKey;
      if (key !== undefined) {
        keys.add(keyEntry({ tenant: record.tenant, key, lsn, timeMs }));
        keys.expire(timeMs);
      }
      const settled = Promise.withResolvers<void>();
      settled.promise.catch(() => {}); // the caller may not care, and the process must not end of it
      waiters.set(lsn, settled);
      commits.add({
        lsn,
        timeMs,
        record: encoded,
        settle: (error) => {
          waiters.delete(lsn);
          if (!error) return settled.resolve();
          if (key !== undefined) keys.forget(record.tenant, key, lsn);
          return settled.reject(error);
        },
      });
      return { lsn, durable: settled.promise };
    }

    async function close(): Promise<void> {
      await commits.idle();
      await trimmer.close();
      const last = segments.at(-1)!;
      await closeSegment(file, last);
      lock.release();
    }

    return {
      id: identity.id,
      get firstLsn() {
        const first = segments[0]!;
        return Math.min(first.header.firstLsn, nextLsn);
      },
      get nextLsn() {
        return nextLsn;
      },
      get durableLsn() {
        return durableLsn;
      },
      get trimmedLsn() {
        return trimmer.trimmedLsn;
      },
      get bytes() {
        return bytes();
      },
      get waitingBytes() {
        return commits.waitingBytes;
      },
      get failure() {
        return failure;
      },
      recovery,
      append,
      whenDurable: async (lsn) => {
        const waiter = waiters.get(lsn);
        if (waiter)
          return waiter.promise.catch((error: WalError) =>
            error.code === 'NO_SPACE' ? undefined : Promise.reject(error),
          );
        if (lsn >= nextLsn) throw new WalError('INVALID_RECORD', `LSN ${lsn} was not given out`);
        if (failure && lsn > durableLsn) throw failure;
        return undefined;
      },
      read: (fromLsn, o) =>
        readRecords({
          io,
          dir,
          segments: [...segments],
          lastOffset: segments.at(-1)!.bytes,
          throughLsn: durableLsn,
          fromLsn,
          signal: o?.signal,
          onBroken: options.onBroken,
        }),
      trim: async (throughLsn) => {
        if (!closing) await trimmer.trim(segments, Math.min(throughLsn, durableLsn));
      },
      findIdempotencyKey: (tenant, key) => keys.find(tenant, key),
      close: () => {
        closing ??= close();
        return closing;
      },
    };
  }
}

const emptyReport: RecoveryReport = { segments: 0, records: 0, tornBytes: 0, broken: [], missing: [] };

/** Nobody misses what everybody is done with: a deletion that a crash cut short may leave a hole there. */
function withoutTrimmed(report: RecoveryReport, trimmedLsn: number): RecoveryReport {
  return { ...report, missing: report.missing.filter(({ to }) => to > trimmedLsn) };
}

function keyEntry({ tenant, key, lsn, timeMs }: KeyEntry): KeyEntry {
  return { tenant, key, lsn, timeMs };
}

/** A segment that gets no more records keeps no hole behind its last one. */
async function closeSegment(file: LogFile, segment: Segment): Promise<void> {
  await file.truncate(segment.bytes).catch(() => {}); // zeros behind the last record do no harm
  await file.close();
}
