import { join } from 'node:path';
import { isNoSpace } from './errors.ts';
import type { KeyIndex } from './idempotency.ts';
import type { LogIo } from './log-io.ts';
import type { Segment } from './segments.ts';

export interface TrimmerOptions {
  readonly io: LogIo;
  readonly dir: string;
  readonly now: () => number;
  readonly retainMs: number;
  readonly keys: KeyIndex;
  /** Whether the trim mark in the folder belongs to this log. */
  readonly isOwn: boolean;
}

/** Deletes whole segments that nobody needs, oldest first, and remembers through which LSN that was said. */
export interface Trimmer {
  readonly trimmedLsn: number;
  trim(segments: Segment[], throughLsn: number): Promise<void>;
  /** Takes trimmed segments that are only retained out of `segments`, until `bytes` are free; tells whether they are. */
  makeRoom(segments: Segment[], bytes: number): boolean;
  close(): Promise<void>;
}

const markEveryMs = 1000;

export async function createTrimmer(options: TrimmerOptions): Promise<Trimmer> {
  const { io, dir, now, retainMs, keys } = options;
  const markPath = join(dir, 'trimmed');
  const text = options.isOwn ? await io.readText(markPath) : undefined;
  let trimmedLsn = parseMark(text);
  let written = trimmedLsn;
  let writtenMs = 0;
  let tail: Promise<void> = Promise.resolve();
  let overdue: Segment[] = [];

  /** Deletions follow one another, so that after a crash the segments left are a stretch without a hole. */
  function removeInOrder(removed: readonly Segment[]): Promise<void> {
    const left = [...removed];
    const task = tail.then(async () => {
      for (let segment = left[0]; segment; segment = left[0]) {
        await removeOne(segment);
        left.shift();
      }
      if (removed.length > 0) {
        await io.syncFolder(dir);
        await keys.removeForgotten();
      }
    });
    tail = task.catch(() => {
      overdue.push(...left); // the next trim tries again
    });
    return task;
  }

  /** A segment's keys are on disk before it goes; on a full disk its space is what they are written into. */
  async function removeOne(segment: Segment): Promise<void> {
    const keepKeys = () => keys.keep(segment.header.firstLsn, segment.lastLsn);
    const noSpace = await keepKeys().then(
      () => false,
      (error) => {
        if (isNoSpace(error)) return true;
        throw error;
      },
    );
    await io.remove(segment.path);
    if (noSpace) await keepKeys();
  }

  /** A hint, not forced to disk: after a crash more is read again than was needed. */
  async function writeMark(force: boolean): Promise<void> {
    if (written === trimmedLsn || (!force && now() - writtenMs < markEveryMs)) return;
    written = trimmedLsn;
    writtenMs = now();
    await io.replaceText(markPath, `${trimmedLsn}\n`, false);
  }

  function takeOut(segments: Segment[], wanted: (segment: Segment) => boolean): Segment[] {
    let count = 0;
    while (count < segments.length - 1 && segments[count]!.lastLsn <= trimmedLsn && wanted(segments[count]!)) count++;
    const taken = [...overdue, ...segments.splice(0, count)];
    overdue = [];
    return taken;
  }

  return {
    get trimmedLsn() {
      return trimmedLsn;
    },
    trim: async (segments, throughLsn) => {
      trimmedLsn = Math.max(trimmedLsn, throughLsn);
      const before = now() - retainMs;
      await removeInOrder(takeOut(segments, (segment) => segment.lastTimeMs <= before));
      await writeMark(false);
    },
    makeRoom: (segments, bytes) => {
      const removed = takeOut(segments, (segment) => {
        if (bytes <= 0) return false;
        bytes -= segment.bytes;
        return true;
      });
      void removeInOrder(removed).catch(() => {});
      return bytes <= 0;
    },
    close: async () => {
      await tail;
      await writeMark(true).catch(() => {});
    },
  };
}

function parseMark(text: string | undefined): number {
  const lsn = Number(text?.trim() ?? 0);
  return Number.isSafeInteger(lsn) && lsn > 0 ? lsn : 0;
}
