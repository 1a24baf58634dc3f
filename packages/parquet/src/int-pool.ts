// Arrays of a row group's size are needed by the hundred for each file. Taking them from a pool spares V8 from marking its
// heap every time their memory has added up.

const freeBytesMax = 64 << 20;
const free = new Map<number, Int32Array[]>();
let freeBytes = 0;

/** An array of `n` numbers, whatever they are; give it back with `giveInts` when nobody looks at it any more. */
export function takeInts(n: number): Int32Array {
  const capacity = 1 << Math.max(8, 32 - Math.clz32(n - 1));
  const whole = free.get(capacity)?.pop();
  if (whole) freeBytes -= capacity * 4;
  return (whole ?? new Int32Array(capacity)).subarray(0, n);
}

/** Takes back what `takeInts` gave, or anything else (which is left to the garbage collector). */
export function giveInts(ints: Int32Array): void {
  const capacity = ints.buffer.byteLength / 4;
  if (ints.byteOffset !== 0 || (capacity & (capacity - 1)) !== 0 || freeBytes + capacity * 4 > freeBytesMax) return;
  let own = free.get(capacity);
  if (!own) {
    own = [];
    free.set(capacity, own);
  }
  own.push(new Int32Array(ints.buffer));
  freeBytes += capacity * 4;
}
