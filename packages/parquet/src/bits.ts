// Bitmaps as Arrow has them: the lowest bit of a byte comes first.

export const getBit = (bits: Uint8Array, i: number): boolean => ((bits[i >> 3]! >> (i & 7)) & 1) === 1;

/** Sets `n` bits from `at` on. */
export function fillBits(bits: Uint8Array, at: number, n: number): void {
  const end = at + n;
  while (at < end && at & 7) setBit(bits, at++);
  if (end - at >= 8) {
    bits.fill(0xff, at >> 3, end >> 3);
    at = end & ~7;
  }
  while (at < end) setBit(bits, at++);
}

/** Copies `n` bits of `from` at `start` to `bits` at `at`, whose bits from there on must be 0. */
export function copyBits(bits: Uint8Array, at: number, from: Uint8Array, start: number, n: number): void {
  const end = at + n;
  for (; at < end && at & 7; at++, start++) if (getBit(from, start)) setBit(bits, at);
  const bytes = (end - at) >> 3;
  const shift = start & 7;
  const first = start >> 3;
  const to = at >> 3;
  if (shift === 0) bits.set(from.subarray(first, first + bytes), to);
  else
    for (let i = 0; i < bytes; i++) bits[to + i] = (from[first + i]! >> shift) | (from[first + i + 1]! << (8 - shift));
  for (at += bytes * 8, start += bytes * 8; at < end; at++, start++) if (getBit(from, start)) setBit(bits, at);
}

function setBit(bits: Uint8Array, i: number): void {
  bits[i >> 3]! |= 1 << (i & 7);
}
