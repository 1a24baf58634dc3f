import { describe, expect, it } from '@jest/globals';
import { bitWidthOf, encodeHybrid, hybridBytesMax } from './hybrid.ts';

function encode(values: number[], bitWidth: number): number[] {
  const out = new Uint8Array(hybridBytesMax(values.length, bitWidth));
  return [...out.subarray(0, encodeHybrid(Int32Array.from(values), values.length, bitWidth, out, 0))];
}

/** As a reader decodes it. */
function decode(bytes: number[], count: number, bitWidth: number): number[] {
  const values: number[] = [];
  for (let pos = 0; values.length < count; ) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[pos++]!;
      header |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    const width = (bitWidth + 7) >> 3;
    if ((header & 1) === 0) {
      const value = bytes.slice(pos, pos + width).reduce((sum, byte, i) => sum | (byte << (8 * i)), 0);
      for (let i = 0; i < header >> 1; i++) values.push(value);
      pos += width;
      continue;
    }
    const bits = bytes
      .slice(pos, pos + (header >> 1) * bitWidth)
      .flatMap((byte) => Array.from({ length: 8 }, (_, i) => (byte >> i) & 1));
    for (let i = 0; i < (header >> 1) * 8; i++)
      values.push(bits.slice(i * bitWidth, (i + 1) * bitWidth).reduce((sum, bit, k) => sum | (bit << k), 0));
    pos += (header >> 1) * bitWidth;
  }
  return values.slice(0, count);
}

describe('run lengths and bit packing', () => {
  it('have the bytes of the specification’s example', () => {
    // https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE: 0 to 7 in three bits
    expect(encode([0, 1, 2, 3, 4, 5, 6, 7], 3)).toEqual([0b11, 0b10001000, 0b11000110, 0b11111010]);
    expect(encode(Array(100).fill(4), 3)).toEqual([200, 1, 4]);
  });

  const n = 1000;
  const values = (f: (i: number) => number) => Array.from({ length: n }, (_, i) => f(i));
  it.each<[string, number[]]>([
    ['nothing', []],
    ['one', [5]],
    ['all the same', values(() => 1)],
    ['all zero', values(() => 0)],
    ['alternating', values((i) => i % 2)],
    ['runs of 7', values((i) => Math.floor(i / 7) % 2)],
    ['runs of 8', values((i) => Math.floor(i / 8) % 3)],
    ['runs and singles', values((i) => (i % 50 < 30 ? 9 : i % 11))],
    ['rising', values((i) => i)],
    ['rising slowly', values((i) => Math.floor(i / 5))],
    ['wide', values((i) => (i * 7919) % 1_000_003)],
    ['the widest', values((i) => (i * 104_729) % 16_777_216)],
  ])('come back: %s', (_name, list) => {
    const bitWidth = bitWidthOf(list.reduce((max, value) => Math.max(max, value), 0));
    const bytes = encode(list, bitWidth);
    expect(decode(bytes, list.length, bitWidth)).toEqual(list);
    expect(bytes.length).toBeLessThanOrEqual(hybridBytesMax(list.length, bitWidth));
  });
});
