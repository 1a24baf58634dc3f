import { type DurabilityLevel, durabilityLevels, type Progress, type WriterLevel } from '../forward/progress.ts';

/** What a Flight writer is told of a batch. */
export interface AckMessage {
  readonly lsn: number;
  readonly durability_level: DurabilityLevel;
  /** Microseconds since 1970. */
  readonly timestamp_us: number;
  readonly error: string;
}

/**
 * Acknowledgements of one stream: one a batch and level, in the order in which they come true. A client that doesn't
 * read them gets fewer: beyond a number that wait, an acknowledgement takes the place of the last one of its level,
 * which says no less, since all before it are as safe.
 */
export interface AckQueue extends AsyncIterable<AckMessage> {
  /** A batch was appended; `durable` resolves when it is on disk. */
  track(lsn: number, durable: Promise<void>, wanted: DurabilityLevel): void;
  /** No more batches come: ends when what was tracked has got what it wanted. */
  end(): void;
  fail(error: unknown): void;
}

const waitingMax = 1024;
const writerLevels: readonly WriterLevel[] = ['object_storage', 'iceberg_committed'];

export function createAckQueue(progress: Progress, now: () => number = Date.now): AckQueue {
  const waiting: AckMessage[] = [];
  /** LSNs in order, by the level that comes next for them. */
  const open: Record<WriterLevel, { lsn: number; wanted: number }[]> = { object_storage: [], iceberg_committed: [] };
  let undecided = 0; // batches that aren't on disk yet
  let isEnded = false;
  let failure: { readonly error: unknown } | undefined;
  let wake = Promise.withResolvers<void>();
  const stop = progress.onChange(advance);

  function push(lsn: number, level: DurabilityLevel): void {
    const ack = { lsn, durability_level: level, timestamp_us: now() * 1000, error: '' };
    if (waiting.length >= waitingMax) {
      const same = waiting.findLastIndex((other) => other.durability_level === level);
      if (same >= 0) waiting.splice(same, 1);
    }
    waiting.push(ack);
    notify();
  }

  function notify(): void {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  }

  function advance(): void {
    for (const [i, level] of writerLevels.entries()) {
      const reached = progress.reached(level);
      const list = open[level];
      while (list.length > 0 && list[0]!.lsn <= reached) {
        const { lsn, wanted } = list.shift()!;
        push(lsn, level);
        const next = writerLevels[i + 1];
        if (next && wanted >= durabilityLevels.indexOf(next)) insert(open[next], { lsn, wanted });
      }
    }
    notify();
  }

  const isDone = () => isEnded && undecided === 0 && writerLevels.every((level) => open[level].length === 0);

  return {
    track: (lsn, durable, wantedLevel) => {
      const wanted = durabilityLevels.indexOf(wantedLevel);
      push(lsn, 'memory');
      if (wanted < durabilityLevels.indexOf('disk')) {
        durable.catch((error) => fail(error));
        return;
      }
      undecided++;
      durable.then(
        () => {
          undecided--;
          push(lsn, 'disk');
          if (wanted >= durabilityLevels.indexOf('object_storage')) insert(open.object_storage, { lsn, wanted });
          advance();
        },
        (error) => fail(error),
      );
    },
    end: () => {
      isEnded = true;
      notify();
    },
    fail,
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          while (waiting.length > 0) yield waiting.shift()!;
          if (failure) throw failure.error;
          if (isDone()) return;
          await wake.promise;
        }
      } finally {
        stop();
      }
    },
  };

  function fail(error: unknown): void {
    failure ??= { error };
    notify();
  }
}

/** LSNs come almost in order: an idempotency key may answer with an old one. */
function insert(list: { lsn: number; wanted: number }[], entry: { lsn: number; wanted: number }): void {
  let at = list.length;
  while (at > 0 && list[at - 1]!.lsn > entry.lsn) at--;
  list.splice(at, 0, entry);
}
