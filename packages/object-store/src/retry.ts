import { setTimeout as sleep } from 'node:timers/promises';
import { ObjectStoreError } from './object-store.ts';

export interface RetryPolicy {
  /** Attempts of one call, the first included. */
  readonly attemptsMax: number;
  /** All attempts and pauses of one call together, milliseconds. */
  readonly callMsMax: number;
  /** The first pause; each next one is twice as long, and each is shortened at random by up to a half. */
  readonly pauseMs: number;
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the policy's bounds are reached. Its signal fires when the
 * caller's does and when the call's time is up, which ends in UNAVAILABLE.
 */
export async function withRetries<T>(
  policy: RetryPolicy,
  caller: AbortSignal | undefined,
  what: string,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  caller?.throwIfAborted();
  const deadline = AbortSignal.timeout(policy.callMsMax);
  const signal = caller ? AbortSignal.any([caller, deadline]) : deadline;
  for (let count = 1; ; count++) {
    try {
      return await attempt(signal);
    } catch (error) {
      caller?.throwIfAborted();
      if (deadline.aborted) throw timedOut(what, policy, error);
      const again = error instanceof ObjectStoreError && error.code === 'UNAVAILABLE' && count < policy.attemptsMax;
      if (!again) throw error;
      const pause = policy.pauseMs * 2 ** (count - 1) * (1 - Math.random() / 2);
      await sleep(pause, undefined, { signal }).catch(() => {
        caller?.throwIfAborted();
        throw timedOut(what, policy, error);
      });
    }
  }
}

function timedOut(what: string, policy: RetryPolicy, cause: unknown): ObjectStoreError {
  return new ObjectStoreError('UNAVAILABLE', `cannot ${what}: not done within ${policy.callMsMax} ms`, cause);
}
