import { createBackoff } from '@signaldb/component';
import type { Logger } from '@signaldb/runtime';

export interface RetryOptions {
  readonly what: string;
  readonly logger: Logger;
  /** Aborting ends the tries with its reason. */
  readonly signal: AbortSignal;
  /** Errors that trying again doesn't mend: thrown at once. */
  readonly isFinal?: (error: unknown) => boolean;
  readonly onFailure?: () => void;
}

/** Tries until it works: what others depend on may be away for long, and what has come isn't given up. */
export async function keepTrying<T>(action: () => Promise<T>, options: RetryOptions): Promise<T> {
  const backoff = createBackoff({ firstMs: 100, maxMs: 5000 });
  for (;;) {
    options.signal.throwIfAborted();
    try {
      return await action();
    } catch (error) {
      options.signal.throwIfAborted();
      if (options.isFinal?.(error)) throw error;
      options.onFailure?.();
      options.logger.warn({ err: error }, `${options.what} failed, trying again`);
      await backoff.wait(options.signal);
    }
  }
}

/** One after another. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#last.then(action, action);
    this.#last = result.catch(() => {});
    return result;
  }
}
