/** A value that is watched: everyone who follows it sees the newest, and may miss those before. Holds one value, however many follow. */
export interface Latest<T> {
  readonly value: T;
  set(value: T): void;
  /** The value now and after every change, until the signal aborts or it is closed; ends without an error. */
  follow(signal?: AbortSignal): AsyncIterable<T>;
  close(): void;
}

export function createLatest<T>(initial: T): Latest<T> {
  let value = initial;
  let version = 0;
  let closed = false;
  const waiting = new Set<() => void>();
  const wakeAll = () => {
    for (const wake of [...waiting]) wake();
  };

  return {
    get value() {
      return value;
    },
    set(next) {
      value = next;
      version++;
      wakeAll();
    },
    async *follow(signal) {
      let seen = -1;
      let wake = () => {};
      const onAbort = () => wake();
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        while (!closed && !signal?.aborted) {
          if (seen !== version) {
            seen = version;
            yield value;
            continue;
          }
          await new Promise<void>((resolve) => {
            wake = resolve;
            waiting.add(wake);
          });
          waiting.delete(wake);
        }
      } finally {
        waiting.delete(wake);
        signal?.removeEventListener('abort', onAbort);
      }
    },
    close() {
      closed = true;
      wakeAll();
    },
  };
}
