/** Slots that may be filled, and whether they are wanted at all: shared by the thread that fills them and the one that talks to the querier. */
export class RowGate {
  readonly #words: Int32Array<SharedArrayBuffer>;

  /** Made once with a number of free slots; on the other thread from `shared`. */
  constructor(source: number | SharedArrayBuffer) {
    this.#words = new Int32Array(typeof source === 'number' ? new SharedArrayBuffer(8) : source);
    if (typeof source === 'number') this.#words[0] = source;
  }

  get shared(): SharedArrayBuffer {
    return this.#words.buffer;
  }

  get isClosed(): boolean {
    return Atomics.load(this.#words, 1) !== 0;
  }

  /** Takes a free slot; waits, with all of the thread, until there is one. False where the gate was closed. For one thread only. */
  enter(): boolean {
    while (!this.isClosed) {
      if (Atomics.load(this.#words, 0) > 0) {
        Atomics.sub(this.#words, 0, 1);
        return true;
      }
      Atomics.wait(this.#words, 0, 0);
    }
    return false;
  }

  /** A slot is free again. */
  open(): void {
    Atomics.add(this.#words, 0, 1);
    Atomics.notify(this.#words, 0);
  }

  /** Nothing more is wanted. */
  close(): void {
    Atomics.store(this.#words, 1, 1);
    // Counted as a slot too: who looks at the slots only now doesn't begin to wait.
    this.open();
  }
}
