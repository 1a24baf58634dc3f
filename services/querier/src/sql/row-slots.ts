// How rows get from the process of a tenant's SQL to the querier: through a file without a name that both have open. Of what both can
// use that is the cheapest (a pipe takes five times the CPU), and each side copies the bytes once, into or out of memory of its own: what the
// other one does to the file afterwards changes nothing.

/** Each query has a lane of the file, and a lane some slots: so many batches may be on their way. */
export const slotsPerLane = 3;

/** The file has holes: a slot takes the space of what was written to it. */
const slotBytes = 2 ** 32;

/** Messages in a slot begin at multiples of this, so that their bodies are aligned. */
const messageAlignment = 8;

/** Where a slot begins in the file. */
export function slotOffset(lane: number, slot: number): number {
  return (lane * slotsPerLane + slot) * slotBytes;
}

/** The messages in a slot, by their lengths: where each begins, and where all end. */
export function layout(lengths: readonly number[]): { readonly starts: readonly number[]; readonly bytes: number } {
  let bytes = 0;
  const starts = lengths.map((length) => {
    const start = bytes;
    bytes += Math.ceil(length / messageAlignment) * messageAlignment;
    return start;
  });
  return { starts, bytes };
}
