import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until the answer is wanted. Fails with the last answer after a while. */
export async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean, timeoutMs = 20_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (performance.now() > deadline)
      throw new Error(
        `Not within ${timeoutMs} ms; last: ${JSON.stringify(answer, (_key, v) => (typeof v === 'bigint' ? String(v) : v))}`,
      );
    await sleep(50);
  }
}
