// DELTA_BINARY_PACKED (https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC), in blocks of 128
// values with four miniblocks. 64-bit values come as (low, high) pairs of 32 bits: no BigInt is made on the way.
import { putVarint } from './hybrid.ts';

const blockValues = 128;
const miniblocks = 4;
const miniblockValues = blockValues / miniblocks;
/** Differences up to here are exact in a double, and so is the difference of two of them. */
const deltaMax = 2 ** 52;

/** Bytes that packing may write at most. */
export const deltaBytesMax = (n: number): number => Math.ceil(n / blockValues) * (blockValues * 8 + 16) + 32;

/** Differences of int64 values, or undefined where one is too large (2^52) to be held exactly. */
export function longDeltas(pairs: Int32Array, n: number): Float64Array | undefined {
  const deltas = new Float64Array(Math.max(0, n - 1));
  for (let i = 0; i < n - 1; i++) {
    const delta =
      (pairs[2 * i + 3]! - pairs[2 * i + 1]!) * 4294967296 + ((pairs[2 * i + 2]! >>> 0) - (pairs[2 * i]! >>> 0));
    if (delta >= deltaMax || delta <= -deltaMax) return undefined;
    deltas[i] = delta;
  }
  return deltas;
}

/** Differences of int32 values, wrapped as the format wants them. */
export function intDeltas(values: Int32Array, n: number): Float64Array {
  const deltas = new Float64Array(Math.max(0, n - 1));
  for (let i = 0; i < n - 1; i++) deltas[i] = (values[i + 1]! - values[i]!) | 0;
  return deltas;
}

/** Writes `n` values given by the first and the differences. */
export function encodeDeltas(first: bigint, deltas: Float64Array, n: number, out: Uint8Array, pos: number): number {
  pos = putVarint(out, pos, blockValues);
  pos = putVarint(out, pos, miniblocks);
  pos = putVarint(out, pos, n);
  pos = putZigzagLong(out, pos, n > 0 ? first : 0n);
  for (let start = 0; start < n - 1; start += blockValues)
    pos = putBlock(deltas, start, Math.min(start + blockValues, n - 1), out, pos);
  return pos;
}

function putZigzagLong(out: Uint8Array, pos: number, value: bigint): number {
  let n = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; n >= 128n; n >>= 7n) out[pos++] = Number(n & 127n) | 128;
  out[pos++] = Number(n);
  return pos;
}

function putBlock(deltas: Float64Array, start: number, end: number, out: Uint8Array, pos: number): number {
  let min = deltas[start]!;
  for (let i = start + 1; i < end; i++) if (deltas[i]! < min) min = deltas[i]!;
  pos = putVarint(out, pos, min >= 0 ? min * 2 : -min * 2 - 1);
  const widths = pos;
  pos += miniblocks;
  for (let m = 0; m < miniblocks; m++) {
    const from = start + m * miniblockValues;
    const to = Math.min(from + miniblockValues, end);
    let max = 0;
    for (let i = from; i < to; i++) if (deltas[i]! - min > max) max = deltas[i]! - min;
    const width = max < 4294967296 ? 32 - Math.clz32(max) : 64 - Math.clz32(max / 4294967296);
    out[widths + m] = width;
    if (from < to) pos = putMiniblock(deltas, from, to, min, width, out, pos);
  }
  return pos;
}

function putMiniblock(
  deltas: Float64Array,
  from: number,
  to: number,
  min: number,
  width: number,
  out: Uint8Array,
  pos: number,
): number {
  const end = pos + (miniblockValues / 8) * width;
  let waiting = 0;
  let bits = 0;
  const lowWidth = Math.min(width, 32);
  for (let i = from; i < to; i++) {
    const value = deltas[i]! - min;
    for (let half = 0, w = lowWidth; w > 0 && half < 2; half++, w = width - 32) {
      const part = half === 0 ? value | 0 : (value / 4294967296) | 0; // `| 0` takes a double modulo 2^32, exactly
      waiting |= part << bits;
      if (bits + w >= 32) {
        out[pos] = waiting;
        out[pos + 1] = waiting >>> 8;
        out[pos + 2] = waiting >>> 16;
        out[pos + 3] = waiting >>> 24;
        pos += 4;
        waiting = bits === 0 ? 0 : part >>> (32 - bits);
        bits += w - 32;
      } else bits += w;
    }
  }
  for (; bits > 0; bits -= 8, waiting >>>= 8) out[pos++] = waiting;
  while (pos < end) out[pos++] = 0;
  return pos;
}
