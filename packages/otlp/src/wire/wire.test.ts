import { isUtf8 } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { RandomOtlp } from '../../test/random-otlp.ts';
import { WireReader } from './reader.ts';
import { validUtf8 } from './utf8.ts';
import { WireWriter } from './writer.ts';

describe('validUtf8', () => {
  it.each([
    ['', true],
    ['41', true],
    ['c3a4', true],
    ['e0a080', true],
    ['ed9fbf', true],
    ['ee8080', true],
    ['f0908080', true],
    ['f48fbfbf', true],
    ['80', false],
    ['c0af', false],
    ['c1bf', false],
    ['c3', false],
    ['c328', false],
    ['e09fbf', false],
    ['eda080', false],
    ['e28228', false],
    ['f08fbfbf', false],
    ['f4908080', false],
    ['f5808080', false],
    ['ff', false],
  ])('of %s is %s', (hex, valid) => {
    expect(validUtf8(Buffer.from(hex, 'hex'), 0, hex.length / 2)).toBe(valid);
    const padded = Buffer.from(`${'61'.repeat(200)}${hex}`, 'hex');
    expect(validUtf8(padded, 0, padded.length)).toBe(valid);
  });

  it('agrees with the runtime on bytes that are nearly right', () => {
    const random = new RandomOtlp(7);
    for (let i = 0; i < 20_000; i++) {
      const bytes = Buffer.from(random.pick(['ä€😀x', 'zß水🍌', 'plain']));
      bytes[Math.floor(random.next() * bytes.length)] = Math.floor(random.next() * 256);
      expect([bytes.toString('hex'), validUtf8(bytes, 0, bytes.length)]).toEqual([
        bytes.toString('hex'),
        isUtf8(bytes),
      ]);
    }
  });
});

describe('numbers', () => {
  const values = [
    0n,
    1n,
    127n,
    128n,
    16_383n,
    16_384n,
    2n ** 31n,
    2n ** 32n - 1n,
    2n ** 32n,
    2n ** 35n,
    2n ** 63n - 1n,
    2n ** 63n,
    2n ** 64n - 1n,
  ];
  it.each(values)('%d comes back from a varint and a fixed64', (value) => {
    const out = new WireWriter();
    const [lo, hi] = [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))];
    out.varint64(lo, hi);
    out.fixed64(lo, hi);
    const wire = new WireReader(out.finish());
    for (const read of [() => wire.varint(wire.size), () => wire.fixed64(wire.size)]) {
      read();
      expect([wire.lo, wire.hi]).toEqual([lo, hi]);
    }
    expect(wire.pos).toBe(wire.size);
  });

  it.each([0, 1, 127, 128, 20_000, 3_000_000])('a nested message of %d bytes has its length before it', (length) => {
    const out = new WireWriter();
    const outer = out.open(1);
    const inner = out.open(2);
    out.raw(new Uint8Array(length).fill(7));
    out.close(inner);
    out.close(outer);
    const wire = new WireReader(out.finish());
    expect(wire.tag(wire.size)).toBe(0x0a);
    expect(wire.length(wire.size) + wire.pos).toBe(wire.size);
    expect(wire.tag(wire.size)).toBe(0x12);
    expect(wire.length(wire.size)).toBe(length);
    expect(wire.bytes.subarray(wire.pos).every((byte) => byte === 7)).toBe(true);
  });
});
