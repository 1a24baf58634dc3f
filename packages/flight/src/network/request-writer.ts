/** A call that messages can be sent to, of either client. */
export interface RequestSink<T> {
  write(message: T, onSent: () => void): unknown;
  end(): unknown;
}

/**
 * Sends what an iterable yields, at most `bytesMax` at a time beyond one message. Resolves when all is sent or the call is
 * over, rejects with the iterable's own error.
 */
export async function sendRequests<T>(
  call: RequestSink<T>,
  requests: AsyncIterable<T>,
  bytesOf: (request: T) => number,
  bytesMax: number,
  over: AbortSignal,
): Promise<void> {
  const iterator = requests[Symbol.asyncIterator]();
  let waiting = 0;
  let wake = (): void => {};
  const stop = (): void => {
    wake();
    iterator.return?.().catch(() => {});
  };
  if (over.aborted) return stop();
  over.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const { done, value } = await iterator.next();
      if (over.aborted) return;
      if (done) break;
      const bytes = bytesOf(value);
      waiting += bytes;
      call.write(value, () => {
        waiting -= bytes;
        wake();
      });
      while (waiting > bytesMax && !over.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    call.end();
  } finally {
    over.removeEventListener('abort', stop);
  }
}
