import { setImmediate } from 'node:timers/promises';
import type { BoundedQueue } from './bounded-queue.ts';

/** What becomes of an item on its way: usually one, sometimes several or none. */
export type Expand<S, T> = (item: S) => readonly T[];

/** A source that always has something ready, and a reader that is, would keep timers and sockets waiting for ever. */
const turnMs = 5;
const itemsBetweenLooks = 64;

/**
 * Moves what an iterable yields, expanded, into a queue, as fast as the queue takes it. Resolves when the source has ended or the
 * reader has left; rejects with the source's error. The source is told (`return`) when nobody reads any more.
 */
export async function pump<S, T>(
  source: AsyncIterable<S>,
  expand: Expand<S, T>,
  queue: BoundedQueue<T>,
  bytesOf: (item: T) => number,
  signal: AbortSignal,
): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  const stop = (): void => {
    iterator.return?.().catch(() => {});
  };
  signal.addEventListener('abort', stop, { once: true });
  let turnEnds = performance.now() + turnMs;
  try {
    for (let items = 1; ; items++) {
      if (items % itemsBetweenLooks === 0 && performance.now() > turnEnds) {
        await setImmediate();
        turnEnds = performance.now() + turnMs;
      }
      const { done, value } = await iterator.next();
      if (done) return;
      for (const item of expand(value)) {
        const room = queue.push(item, bytesOf(item));
        if (room === true) continue;
        if (room === false || !(await room)) {
          stop();
          return;
        }
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
