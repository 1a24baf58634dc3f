import type { Log } from '@signaldb/wal';
import type { BatchLimits, Cut, LiveBuffer } from './live-buffer.ts';
import { type ReplayOptions, replay } from './replay.ts';

export interface CutSourceOptions {
  readonly log: Pick<Log, 'read' | 'durableLsn' | 'nextLsn' | 'whenDurable'>;
  readonly live: LiveBuffer;
  readonly limits: BatchLimits;
  readonly onUndecodable: ReplayOptions['onUndecodable'];
  /** Told when rows come from the disk again, and when they don't have to any more. */
  readonly onMode?: (mode: 'live' | 'replay') => void;
}

/** The live buffer is opened when the log's end is this near, in records, or was reached in this time. */
const nearLsns = 100;
const nearMs = 100;

/**
 * All of the log after an LSN, in order and without an end: from the disk until that has been caught up with, then from
 * memory, and from the disk again when memory had to give up. Every row is on disk before it is given out.
 */
export async function* cutsAfter(
  o: CutSourceOptions,
  afterLsn: number,
  signal: AbortSignal,
): AsyncGenerator<Cut, void> {
  const { log, live, limits, onUndecodable } = o;
  let reached = afterLsn;
  const fromDisk = (through: number) => replay({ log, limits, after: reached, through, signal, onUndecodable });
  try {
    for (;;) {
      o.onMode?.('replay');
      for (let ms = Number.POSITIVE_INFINITY; log.durableLsn - reached > nearLsns && ms > nearMs; ) {
        const started = performance.now();
        for await (const cut of fromDisk(log.durableLsn)) {
          yield cut;
          reached = cut.throughLsn;
        }
        ms = performance.now() - started;
      }
      const before = live.open() - 1;
      await log.whenDurable(before);
      for await (const cut of fromDisk(before)) {
        yield cut;
        reached = cut.throughLsn;
      }
      o.onMode?.('live');
      for (;;) {
        const cut = await live.next(signal);
        if (cut === undefined) break;
        await log.whenDurable(cut.throughLsn);
        if (!live.isValid(cut)) break;
        yield cut;
        reached = cut.throughLsn;
      }
    }
  } finally {
    live.close();
  }
}
