/** A stream that still fails, made smaller: the end is cut off, bytes in the middle go, for as long as it helps. */
export async function minimise(
  bytes: Uint8Array,
  fails: (bytes: Uint8Array) => boolean | Promise<boolean>,
  forMs = 10_000,
): Promise<Uint8Array> {
  let smallest = bytes;
  const until = performance.now() + forMs;
  for (let step = smallest.length >> 1; step >= 1; step >>= 1) {
    for (let at = smallest.length - step; at >= 0; at -= step) {
      if (performance.now() > until) return smallest;
      const shorter = new Uint8Array(smallest.length - step);
      shorter.set(smallest.subarray(0, at));
      shorter.set(smallest.subarray(at + step), at);
      if (await fails(shorter)) smallest = shorter;
    }
  }
  return smallest;
}
