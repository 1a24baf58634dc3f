// The hybrid of run lengths and bit packing that holds levels and dictionary indices
// (https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE).

/** Values below 2^bitWidth; at most 24 bits. */
export type SmallInts = Uint8Array | Int32Array;

/** Bits that values up to `max` take. */
export const bitWidthOf = (max: number): number => 32 - Math.clz32(max);

/** Bytes that `encodeHybrid` may write at most. */
export const hybridBytesMax = (n: number, bitWidth: number): number => Math.ceil(n / 8) * (bitWidth + 6) + 16;

/** Writes `n` values to `out` at `pos` and gives the position behind them. */
export function encodeHybrid(values: SmallInts, n: number, bitWidth: number, out: Uint8Array, pos: number): number {
  if (bitWidth === 0) return putRun(out, pos, n, 0, 0);
  if (runsAreCheaper(values, n, bitWidth)) return encodeRuns(values, n, bitWidth, out, pos);
  let literalFrom = -1;
  let i = 0;
  while (i < n) {
    const value = values[i]!;
    let end = i + 1;
    while (end < n && values[end] === value) end++;
    if (end - i >= 8) {
      if (literalFrom >= 0) pos = putLiterals(values, literalFrom, i, bitWidth, out, pos);
      literalFrom = -1;
      pos = putRun(out, pos, end - i, value, bitWidth);
      i = end;
    } else {
      if (literalFrom < 0) literalFrom = i;
      i = Math.min(i + 8, n);
    }
  }
  return literalFrom >= 0 ? putLiterals(values, literalFrom, n, bitWidth, out, pos) : pos;
}

/** Sorted values come in runs too short for the rule of eight that still take less room as runs. */
function runsAreCheaper(values: SmallInts, n: number, bitWidth: number): boolean {
  const budget = (n * bitWidth) / 8 / (2 + ((bitWidth + 7) >> 3));
  let runs = 1;
  for (let i = 1; i < n; i++) if (values[i] !== values[i - 1] && ++runs > budget) return false;
  return runs < budget;
}

function encodeRuns(values: SmallInts, n: number, bitWidth: number, out: Uint8Array, pos: number): number {
  for (let i = 0; i < n; ) {
    const value = values[i]!;
    let end = i + 1;
    while (end < n && values[end] === value) end++;
    pos = putRun(out, pos, end - i, value, bitWidth);
    i = end;
  }
  return pos;
}

export function putVarint(out: Uint8Array, pos: number, n: number): number {
  while (n >= 128) {
    out[pos++] = (n & 127) | 128;
    n = Math.floor(n / 128);
  }
  out[pos++] = n;
  return pos;
}

/** Writes `length` times the same value. */
export function putRun(out: Uint8Array, pos: number, length: number, value: number, bitWidth: number): number {
  pos = putVarint(out, pos, length * 2);
  for (let bits = 0; bits < bitWidth; bits += 8) out[pos++] = (value >>> bits) & 255;
  return pos;
}

function putLiterals(
  values: SmallInts,
  from: number,
  to: number,
  bitWidth: number,
  out: Uint8Array,
  pos: number,
): number {
  const groups = (to - from + 7) >> 3;
  pos = putVarint(out, pos, groups * 2 + 1);
  const end = pos + groups * bitWidth;
  if (bitWidth === 8) for (let i = from; i < to; i++) out[pos++] = values[i]!;
  else if (bitWidth === 1) {
    let i = from;
    for (; i + 8 <= to; i += 8) {
      out[pos++] =
        values[i]! |
        (values[i + 1]! << 1) |
        (values[i + 2]! << 2) |
        (values[i + 3]! << 3) |
        (values[i + 4]! << 4) |
        (values[i + 5]! << 5) |
        (values[i + 6]! << 6) |
        (values[i + 7]! << 7);
    }
    if (i < to) {
      let byte = 0;
      for (let k = 0; i + k < to; k++) byte |= values[i + k]! << k;
      out[pos++] = byte;
    }
  } else {
    let waiting = 0;
    let bits = 0;
    for (let i = from; i < to; i++) {
      waiting |= values[i]! << bits;
      bits += bitWidth;
      while (bits >= 8) {
        out[pos++] = waiting & 255;
        waiting >>>= 8;
        bits -= 8;
      }
    }
    if (bits > 0) out[pos++] = waiting & 255;
  }
  while (pos < end) out[pos++] = 0;
  return pos;
}
