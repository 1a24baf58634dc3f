import type { NativeFunction } from './library.ts';

/** How C functions are called. */
export interface Calls {
  /** Calls and answers what the function returned. Arguments that are buffers must stay alive in the caller until then. */
  call<T>(native: NativeFunction, ...args: readonly unknown[]): Promise<T>;
}

/**
 * Runs C calls on libuv's threads, no more at once than `slots`: the pool (4 threads by default) also serves files and DNS, so that
 * long calls of queries mustn't fill it. Callers are served in order of arrival.
 */
export class CallSlots implements Calls {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(slots: number) {
    this.#free = slots;
  }

  async call<T>(native: NativeFunction, ...args: readonly unknown[]): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await new Promise<T>((resolve, reject) => {
        native.async(...args, (error: Error | null, value: T) => (error ? reject(error) : resolve(value)));
      });
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}

/**
 * Runs C calls on the thread that asks for them, which waits: for a thread that has nothing else to do. That saves two changes
 * of thread a call, and DuckDB hands out a large result in thousands of calls.
 */
export class DirectCalls implements Calls {
  readonly #before: () => void;

  /** `before` is called before each call. */
  constructor(before: () => void) {
    this.#before = before;
  }

  async call<T>(native: NativeFunction, ...args: readonly unknown[]): Promise<T> {
    this.#before();
    return native(...args) as T;
  }
}
