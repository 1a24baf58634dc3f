import { handedOver } from './column.ts';

/** Arrow's bitmaps: bit `i & 7` of byte `i >> 3`, one for a value, zero for null (or true and false). */

/** The bitmap with room for `capacity` bits; bits that don't fit are lost. */
export function resizedBitmap(bits: Uint8Array, capacity: number): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array((capacity + 7) >> 3);
  next.set(bits.subarray(0, next.length));
  return next;
}

export function bitAt(bits: Uint8Array, index: number): boolean {
  return (bits[index >> 3]! & (1 << (index & 7))) !== 0;
}

/** Sets the bits [from, to). */
export function setBits(bits: Uint8Array, from: number, to: number): void {
  while (from < to && (from & 7) !== 0) bits[from >> 3]! |= 1 << (from++ & 7);
  const whole = to & ~7;
  if (from < whole) {
    bits.fill(0xff, from >> 3, whole >> 3);
    from = whole;
  }
  while (from < to) bits[from >> 3]! |= 1 << (from++ & 7);
}

/** Clears the bits [from, to). */
export function clearBits(bits: Uint8Array, from: number, to: number): void {
  while (from < to && (from & 7) !== 0) bits[from >> 3]! &= ~(1 << (from++ & 7));
  const whole = to & ~7;
  if (from < whole) {
    bits.fill(0, from >> 3, whole >> 3);
    from = whole;
  }
  while (from < to) bits[from >> 3]! &= ~(1 << (from++ & 7));
}

/** How many of the bits [0, length) are set; those behind `length` must be clear. */
export function countBits(bits: Uint8Array, length: number): number {
  const bytes = (length + 7) >> 3;
  let count = 0;
  for (let i = 0; i < bytes; i++) {
    let byte = bits[i]!;
    byte -= (byte >> 1) & 0x55;
    byte = (byte & 0x33) + ((byte >> 2) & 0x33);
    count += (byte + (byte >> 4)) & 0x0f;
  }
  return count;
}

/** A column's validity as Arrow wants it: no bitmap at all where nothing is null. */
export function takeValidity(
  bits: Uint8Array<ArrayBuffer>,
  rows: number,
): { nullCount: number; nullBitmap?: Uint8Array<ArrayBuffer> } {
  const nullCount = rows - countBits(bits, rows);
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap: handedOver(bits, (rows + 7) >> 3) };
}
