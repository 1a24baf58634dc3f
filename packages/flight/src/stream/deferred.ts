/**
 * A stream that is known only later: its first read waits for it, every other one goes straight to it. Leaving it before
 * it is known leaves it as soon as it is.
 */
export function deferred<T>(source: Promise<AsyncIterable<T>>): AsyncIterable<T> {
  source.catch(() => {}); // told by the first read
  return { [Symbol.asyncIterator]: () => new DeferredIterator(source) };
}

class DeferredIterator<T> implements AsyncIterator<T, undefined> {
  readonly #source: Promise<AsyncIterable<T>>;
  #iterator: AsyncIterator<T> | undefined;
  #left = false;

  constructor(source: Promise<AsyncIterable<T>>) {
    this.#source = source;
  }

  next(): Promise<IteratorResult<T>> {
    return this.#iterator ? this.#iterator.next() : this.#first();
  }

  async #first(): Promise<IteratorResult<T>> {
    const iterator = await this.#open();
    return this.#left ? { done: true, value: undefined } : iterator.next();
  }

  async #open(): Promise<AsyncIterator<T>> {
    const source = await this.#source;
    this.#iterator ??= source[Symbol.asyncIterator]();
    return this.#iterator;
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#left = true;
    if (this.#iterator) await this.#iterator.return?.();
    else
      void this.#open().then(
        (iterator) => iterator.return?.(),
        () => {},
      );
    return { done: true, value: undefined };
  }
}
