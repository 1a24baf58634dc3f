import { pause } from './pause.ts';

export interface Backoff {
  /** Waits longer each time, with jitter, up to the bound. Ends early, without an error, when the signal aborts. */
  wait(signal: AbortSignal): Promise<void>;
  /** After a success. */
  reset(): void;
}

export function createBackoff({ firstMs = 50, maxMs = 2000 } = {}): Backoff {
  let nextMs = firstMs;
  return {
    async wait(signal) {
      const waitMs = nextMs * (0.5 + Math.random() / 2);
      nextMs = Math.min(nextMs * 2, maxMs);
      await pause(waitMs, signal);
    },
    reset() {
      nextMs = firstMs;
    },
  };
}
