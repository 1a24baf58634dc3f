/** What `work` comes to, or the signal's reason where that is first. */
export function failedBy<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/**
 * A stream that fails with the signal's reason once it is aborted, whether its source heeds the signal or not; the source
 * is left then. `onOver` is called once, when the stream has ended, failed or been left.
 */
export function endedBy<T>(signal: AbortSignal, source: AsyncIterable<T>, onOver: () => void): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => new EndedIterator(signal, source[Symbol.asyncIterator](), onOver) };
}

class EndedIterator<T> implements AsyncIterator<T> {
  readonly #signal: AbortSignal;
  readonly #inner: AsyncIterator<T>;
  readonly #onOver: () => void;
  #over = false;
  #reject: ((reason: unknown) => void) | undefined;

  constructor(signal: AbortSignal, inner: AsyncIterator<T>, onOver: () => void) {
    this.#signal = signal;
    this.#inner = inner;
    this.#onOver = onOver;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#over) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      if (this.#signal.aborted) {
        this.#fail(reject);
        return;
      }
      this.#reject = reject;
      this.#inner.next().then(
        (step) => {
          this.#reject = undefined;
          if (step.done) this.#end();
          resolve(step);
        },
        (error) => {
          this.#reject = undefined;
          this.#end();
          reject(error);
        },
      );
    });
  }

  async return(): Promise<IteratorResult<T>> {
    this.#end();
    await this.#inner.return?.();
    return { done: true, value: undefined };
  }

  readonly #onAbort = (): void => {
    if (this.#reject) this.#fail(this.#reject);
  };

  #fail(reject: (reason: unknown) => void): void {
    this.#end();
    reject(this.#signal.reason);
    this.#inner.return?.().catch(() => {});
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#onOver();
  }
}
