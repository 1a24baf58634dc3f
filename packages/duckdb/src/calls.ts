import type { NativeFunction } from './library.ts';

/**
 * Runs C calls on libuv's threads, no more at once than `slots`: the pool (4 threads by default) also serves files and DNS, so that
 * long calls of queries mustn't fill it. Callers are served in order of arrival.
 */
export class CallSlots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(slots: number) {
    this.#free = slots;
  }

  /** Calls and answers what the function returned. Arguments that are buffers must stay alive in the caller until then. */
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
