import { join } from 'node:path';
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

  /** Deletions follow one another, so that after a crash the segments left are a stretch without a hole. */
  function removeInOrder(removed: readonly Segment[]): Promise<void> {
    const task = tail.then(async () => {
      for (const segment of removed) {
        await keys.keep(segment.header.firstLsn, segment.lastLsn);
        await io.remove(segment.path);
      }
      if (removed.length > 0) {
        await io.syncFolder(dir);
        await keys.removeForgotten();
      }
    });
    tail = task.catch(() => {});
    return task;
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
    return segments.splice(0, count);
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
