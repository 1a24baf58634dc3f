/** Waits until a condition holds, looking again whenever the event loop turns; fails after a while. */
export async function until(condition: () => boolean, what = 'the condition', timeoutMs = 5000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms for ${what} in vain.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
