import type { BoundedQueue } from './bounded-queue.ts';

/**
 * Moves what an iterable yields into a queue, as fast as the queue takes it. Resolves when the source has ended or the
 * reader has left; rejects with the source's error. The source is told (`return`) when nobody reads any more.
 */
export async function pump<T>(
  source: AsyncIterable<T>,
  queue: BoundedQueue<T>,
  bytesOf: (item: T) => number,
  signal: AbortSignal,
): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  const stop = (): void => {
    iterator.return?.().catch(() => {});
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return;
      if (!(await queue.push(value, bytesOf(value)))) {
        stop();
        return;
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
