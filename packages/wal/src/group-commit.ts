import { isNoSpace, WalError } from './errors.ts';
import type { LogFile } from './log-io.ts';
import { type EncodedRecord, setGap } from './record.ts';
import { noteRecord, type Segment } from './segments.ts';

/** A record on its way to the disk. */
export interface Pending {
  readonly lsn: number;
  readonly timeMs: number;
  readonly record: EncodedRecord;
  settle(error?: WalError): void;
}

/** The segment that is written now, and how to get to the next one. */
export interface CommitTarget {
  readonly segment: Segment;
  readonly file: LogFile;
  readonly salt: number;
  readonly segmentBytesMax: number;
  /** Ends the segment and begins one whose first LSN is given. */
  roll(firstLsn: number): Promise<void>;
}

export interface GroupCommitOptions {
  readonly target: CommitTarget;
  /** The LSN of the last record on disk. */
  readonly lastLsn: number;
  readonly fsync: boolean;
  /** Bytes of one write. */
  readonly writeBytesMax: number;
  onCommitted(lastLsn: number, bytes: number, syncSeconds: number): void;
  /** A write or an fsync failed: nothing is written any more. */
  onFailed(error: WalError): void;
}

/**
 * Writes records in their order: one write and one fsync for all that came while the last ones were on their way. A
 * record is settled when it and all before it are on disk, or when it never will be.
 */
export interface GroupCommit {
  add(pending: Pending): void;
  /** Bytes that wait or are being written. */
  readonly waitingBytes: number;
  /** Resolves when nothing waits. */
  idle(): Promise<void>;
}

export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const { target } = options;
  let queue: Pending[] = [];
  let waitingBytes = 0;
  let running: Promise<void> | undefined;
  let lastLsn = options.lastLsn;
  let failed: WalError | undefined;

  async function run(): Promise<void> {
    while (queue.length > 0) {
      if (failed) {
        settleAll(queue.splice(0), failed);
        break;
      }
      const batch = await nextBatch();
      if (batch.length > 0) await commit(batch);
    }
    running = undefined;
  }

  /** The records that go into the current segment with the next write; rolls it when not even one fits. */
  async function nextBatch(): Promise<Pending[]> {
    const room = target.segmentBytesMax - target.segment.bytes;
    let count = 0;
    let bytes = 0;
    for (const { record } of queue) {
      if (bytes + record.bytes > room || (count > 0 && bytes + record.bytes > options.writeBytesMax)) break;
      bytes += record.bytes;
      count++;
    }
    if (count > 0) return take(count);
    if (target.segment.index.length === 0) return take(1); // larger than any segment: it gets one for itself
    try {
      await target.roll(queue[0]!.lsn);
    } catch (error) {
      if (isNoSpace(error)) settleAll(queue.splice(0), noSpace(error));
      else fail(error, 'begin a segment');
    }
    return [];
  }

  function take(count: number): Pending[] {
    if (count === queue.length) {
      const all = queue;
      queue = [];
      return all;
    }
    return queue.splice(0, count);
  }

  async function commit(batch: Pending[]): Promise<void> {
    const { segment, file } = target;
    const start = segment.bytes;
    const first = batch[0]!;
    if (first.lsn !== lastLsn + 1) setGap(first.record, first.lsn - lastLsn - 1, target.salt);
    const parts = batch.length === 1 ? first.record.parts : batch.flatMap((pending) => pending.record.parts);
    try {
      await file.write(parts, start);
    } catch (error) {
      if (!isNoSpace(error)) return fail(error, 'write', batch);
      try {
        await file.truncate(start); // whole records may have been written, and none was taken
      } catch (failure) {
        return fail(failure, 'take back a write', batch);
      }
      return settleAll(batch, noSpace(error));
    }
    const written = performance.now();
    try {
      if (options.fsync) await file.sync();
    } catch (error) {
      return fail(error, 'fsync', batch);
    }
    const seconds = (performance.now() - written) / 1000;
    let offset = start;
    for (const pending of batch) {
      noteRecord(segment, pending.lsn, offset, pending.record.bytes, pending.timeMs);
      offset += pending.record.bytes;
    }
    lastLsn = batch.at(-1)!.lsn;
    options.onCommitted(lastLsn, offset - start, seconds);
    settleAll(batch);
  }

  function fail(error: unknown, what: string, batch: readonly Pending[] = []): void {
    failed = new WalError('FAILED', `the log failed to ${what}: ${(error as Error).message}`, error);
    options.onFailed(failed);
    settleAll(batch, failed);
  }

  function settleAll(batch: readonly Pending[], error?: WalError): void {
    for (const pending of batch) {
      waitingBytes -= pending.record.bytes;
      pending.settle(error);
    }
  }

  return {
    add(pending) {
      queue.push(pending);
      waitingBytes += pending.record.bytes;
      running ??= Promise.resolve().then(run); // what else this turn of the event loop brings goes along
    },
    get waitingBytes() {
      return waitingBytes;
    },
    idle: async () => {
      while (running) await running;
    },
  };
}

function noSpace(error: unknown): WalError {
  return new WalError('NO_SPACE', `no space for the log: ${(error as Error).message}`, error);
}
