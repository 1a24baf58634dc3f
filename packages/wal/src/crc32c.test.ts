import { describe, expect, it } from '@jest/globals';
import { crc32c } from './crc32c.ts';

describe('crc32c', () => {
  it.each([
    ['nothing', Buffer.alloc(0), 0],
    ['the check value', Buffer.from('123456789'), 0xe3069283],
    ['zeros (RFC 3720, B.4)', Buffer.alloc(32), 0x8a9136aa],
    ['ones (RFC 3720, B.4)', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['rising (RFC 3720, B.4)', Buffer.from([...Array(32).keys()]), 0x46dd794e],
    ['falling (RFC 3720, B.4)', Buffer.from([...Array(32).keys()].reverse()), 0x113fdb5c],
  ])('knows %s', (_name, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it('equals the definition, bit by bit, at all lengths and alignments', () => {
    const bytes = Buffer.from(Array.from({ length: 100 }, (_, i) => (i * 167 + 13) & 0xff));
    for (let from = 0; from < 20; from++) {
      for (let to = from; to <= bytes.length; to++) {
        expect(crc32c(bytes.subarray(from, to))).toBe(bitByBit(bytes.subarray(from, to)));
      }
    }
  });

  it('goes on from the checksum of what stands before', () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * i) & 0xff));
    const whole = crc32c(bytes);
    for (const cut of [0, 1, 15, 16, 65_535, 65_536, 65_537, 131_072, 199_999, 200_000]) {
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(whole);
    }
  });
});

function bitByBit(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
