/** What is told of a stream on its way to its reader. */
export interface StreamWatcher<T> {
  item?(item: T): void;
  /** Once: the stream ended (`completed`), failed with the error, or its reader left it (`left`). */
  over(how: 'completed' | 'left' | { readonly error: unknown }): void;
}

/** The same stream, told of as it is read. */
export function watched<T>(source: AsyncIterable<T>, watcher: StreamWatcher<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => new WatchedIterator(source[Symbol.asyncIterator](), watcher) };
}

class WatchedIterator<T> implements AsyncIterator<T> {
  readonly #inner: AsyncIterator<T>;
  readonly #watcher: StreamWatcher<T>;
  #over = false;

  constructor(inner: AsyncIterator<T>, watcher: StreamWatcher<T>) {
    this.#inner = inner;
    this.#watcher = watcher;
  }

  next(): Promise<IteratorResult<T>> {
    return this.#inner.next().then(
      (step) => {
        if (step.done) this.#end('completed');
        else this.#watcher.item?.(step.value);
        return step;
      },
      (error) => {
        this.#end({ error });
        throw error;
      },
    );
  }

  async return(): Promise<IteratorResult<T>> {
    this.#end('left');
    await this.#inner.return?.();
    return { done: true, value: undefined };
  }

  #end(how: Parameters<StreamWatcher<T>['over']>[0]): void {
    if (this.#over) return;
    this.#over = true;
    this.#watcher.over(how);
  }
}
