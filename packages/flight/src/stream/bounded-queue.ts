/**
 * A queue between one writer and one reader: once it is full, `push` waits until it is half empty, so that a slow reader slows the
 * writer, and the two don't take turns at every item. One item fits at any time, however large it is.
 */
export class BoundedQueue<T> implements AsyncIterable<T>, AsyncIterator<T, undefined> {
  readonly #bytesMax: number;
  readonly #resumeBytes: number;
  readonly #onLeave: () => void;
  readonly #items: { readonly item: T; readonly bytes: number }[] = [];
  #bytes = 0;
  #state: 'open' | 'ended' | 'left' = 'open';
  #failure: { readonly error: unknown } | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  /** `onLeave` is called once, when the reader leaves before the end. */
  constructor(bytesMax: number, onLeave: () => void) {
    this.#bytesMax = bytesMax;
    this.#resumeBytes = bytesMax / 2;
    this.#onLeave = onLeave;
  }

  get full(): boolean {
    return this.#bytes > this.#bytesMax;
  }

  /** Adds an item. True where there is room for more, or a promise for that; false where nobody reads any more. */
  push(item: T, bytes: number): boolean | Promise<boolean> {
    if (this.#state !== 'open') return false;
    this.#items.push({ item, bytes });
    this.#bytes += bytes;
    this.#wake('reader');
    return this.full ? this.#room() : true;
  }

  async #room(): Promise<boolean> {
    while (this.#bytes > this.#resumeBytes && this.#state === 'open') {
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
    }
    return this.#state === 'open';
  }

  /** What is in the queue is still read. */
  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#wake('reader');
  }

  /** What is in the queue is still read, then the reader gets the error. */
  fail(error: unknown): void {
    if (this.#state === 'open') this.#failure = { error };
    this.end();
  }

  /** Drops what is in the queue: the reader gets the error at once. Nothing happens where the queue has ended before. */
  abort(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#clear();
    this.#failure = { error };
    this.#state = 'ended';
    this.#wake('reader');
    this.#wake('writer');
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const item = this.#take();
    return item ? Promise.resolve(item) : this.#nextLater();
  }

  async #nextLater(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
      const item = this.#take();
      if (item) return item;
    }
  }

  /** The next item, the end or the failure; undefined where the reader has to wait. */
  #take(): IteratorResult<T, undefined> | Promise<never> | undefined {
    const head = this.#items.shift();
    if (head) {
      this.#bytes -= head.bytes;
      if (this.#bytes <= this.#resumeBytes) this.#wake('writer');
      return { done: false, value: head.item };
    }
    if (this.#failure) {
      const { error } = this.#failure;
      this.#failure = undefined;
      this.#state = 'left';
      return Promise.reject(error);
    }
    return this.#state === 'open' ? undefined : { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.leave();
    return { done: true, value: undefined };
  }

  /** The reader wants no more. */
  leave(): void {
    if (this.#state === 'left') return;
    const before = this.#state;
    this.#clear();
    this.#failure = undefined;
    this.#state = 'left';
    this.#wake('reader');
    this.#wake('writer');
    if (before === 'open') this.#onLeave();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #clear(): void {
    this.#items.length = 0;
    this.#bytes = 0;
  }

  #wake(who: 'reader' | 'writer'): void {
    if (who === 'reader') {
      const wake = this.#wakeReader;
      this.#wakeReader = undefined;
      wake?.();
    } else {
      const wake = this.#wakeWriter;
      this.#wakeWriter = undefined;
      wake?.();
    }
  }
}
