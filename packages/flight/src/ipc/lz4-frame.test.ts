import { describe, expect, it } from '@jest/globals';
import { randomFrom } from '../testing/mutate.ts';
import { lz4Compress, lz4Decompress } from './lz4-frame.ts';

const text = (length: number, period: number) => Uint8Array.from({ length }, (_, i) => 97 + ((i % period) % 26));
const noise = (length: number) => {
  const random = randomFrom(length);
  return Uint8Array.from({ length }, () => random(256));
};

describe('LZ4 frames', () => {
  it.each([1, 11, 12, 13, 64, 255, 256, 4096, 65_535, 65_536, 65_537, 300_000])('of %i bytes come back', (length) => {
    for (const bytes of [text(length, 1), text(length, 7), text(length, 1000), noise(length), new Uint8Array(length)]) {
      const compressed = lz4Compress(bytes);
      expect(Buffer.compare(lz4Decompress(compressed, length), bytes)).toBe(0);
      expect(compressed.length).toBeLessThan(length + 40);
    }
  });

  it('get smaller where they can', () => {
    expect(lz4Compress(text(100_000, 20)).length).toBeLessThan(1000);
  });

  it('of another length than announced are refused', () => {
    const compressed = lz4Compress(text(1000, 3));
    expect(() => lz4Decompress(compressed, 999)).toThrow('holds more than the 999 bytes announced');
    expect(() => lz4Decompress(compressed, 1001)).toThrow('holds 1000 bytes, 1001 were announced');
  });

  it('cut at any byte are refused', () => {
    const compressed = lz4Compress(text(300, 50));
    for (let length = 0; length < compressed.length; length++) {
      expect(() => lz4Decompress(compressed.subarray(0, length), 300)).toThrow('LZ4');
    }
  });
});
