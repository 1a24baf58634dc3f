/**
 * A queue between one writer and one reader: `push` waits while it is full, so that a slow reader slows the writer.
 * One item fits at any time, however large it is.
 */
export class BoundedQueue<T> implements AsyncIterable<T>, AsyncIterator<T, undefined> {
  readonly #bytesMax: number;
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
    this.#onLeave = onLeave;
  }

  get full(): boolean {
    return this.#bytes > this.#bytesMax;
  }

  /** Resolves when there is room for more; false where nobody reads any more. */
  async push(item: T, bytes: number): Promise<boolean> {
    if (this.#state !== 'open') return false;
    this.#items.push({ item, bytes });
    this.#bytes += bytes;
    this.#wake('reader');
    while (this.full && this.#state === 'open') {
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

  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      const head = this.#items.shift();
      if (head) {
        this.#bytes -= head.bytes;
        if (this.#bytes <= this.#bytesMax) this.#wake('writer');
        return { done: false, value: head.item };
      }
      if (this.#failure) {
        const { error } = this.#failure;
        this.#failure = undefined;
        this.#state = 'left';
        throw error;
      }
      if (this.#state !== 'open') return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
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
