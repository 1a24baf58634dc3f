import { describe, expect, it } from '@jest/globals';
import {
  compareValues,
  deserializeDecimal,
  deserializeValue,
  serializeDecimal,
  serializeValue,
} from './single-value.ts';
import { type GoldenValue, golden, goldenValue } from './testing/golden.ts';
import { createRandom } from './testing/random.ts';
import { applyTransform, takesType } from './transforms.ts';

interface Line {
  readonly type: string;
  readonly value: GoldenValue;
  readonly bytes: string;
  readonly transforms: Record<string, GoldenValue>;
}

const lines = golden('values.jsonl')
  .toString()
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('single-value serialization', () => {
  it.each(lines)('writes and reads $type $value as PyIceberg does', ({ type, value, bytes }) => {
    const own = goldenValue(type, value)!;
    expect(hex(serializeValue(type, own))).toBe(bytes);
    expect(deserializeValue(type, Buffer.from(bytes, 'hex'))).toEqual(own);
  });

  it('gives every value back', () => {
    const random = createRandom(7);
    for (let i = 0; i < 2_000; i++) {
      const [type, value] = random.pick([
        ['long', random.bigint(64)] as const,
        ['int', Number(random.bigint(32))] as const,
        ['timestamptz', random.bigint(64)] as const,
        ['string', random.text(20)] as const,
        ['decimal(38, 3)', random.bigint(1 + random.int(126))] as const,
        ['binary', random.bytes(random.int(9))] as const,
      ]);
      expect(deserializeValue(type, serializeValue(type, value))).toEqual(value);
    }
  });

  it.each([
    ['long', '22000000', 34n],
    ['long', 'ffffffff', -1n],
    ['double', '0000c03f', 1.5],
  ])('reads a %s from before the column was widened', (type, bytes, value) => {
    expect(deserializeValue(type, Buffer.from(bytes, 'hex'))).toBe(value);
  });

  it.each([
    ['int', '0000'],
    ['int', '0000000000'],
    ['long', '000000'],
    ['boolean', ''],
    ['uuid', '00'],
    ['double', '000000'],
    ['decimal(9, 2)', ''],
    ['struct', '00'],
    ['geometry', '00'],
  ])('refuses a %s of bytes %s', (type, bytes) => {
    expect(() => deserializeValue(type, Buffer.from(bytes, 'hex'))).toThrow(RangeError);
  });

  it.each([
    [0n, '00'],
    [127n, '7f'],
    [128n, '0080'],
    [-128n, '80'],
    [-129n, 'ff7f'],
    [-1n, 'ff'],
  ])('writes decimal %s in as few bytes as hold it', (value, bytes) => {
    expect(hex(serializeDecimal(value))).toBe(bytes);
    expect(deserializeDecimal(Buffer.from(`ffff${bytes}`.slice(value < 0n ? 0 : 4), 'hex'))).toBe(value);
  });

  it.each([
    ['a', 'b', -1],
    ['ﬀ', '🐘', -1],
    [false, true, -1],
    [2n, 10n, -1],
    [2, 10n, -1],
    [Buffer.from([1]), Buffer.from([1, 0]), -1],
    [Buffer.from([0xff]), Buffer.from([0x01]), 1],
    ['same', 'same', 0],
  ])('orders %p and %p', (a, b, order) => {
    expect(Math.sign(compareValues(a, b))).toBe(order);
    expect(Math.sign(compareValues(b, a))).toBe(order === 0 ? 0 : -order);
  });
});

describe('transforms', () => {
  const cases = lines.flatMap(({ type, value, transforms }) =>
    Object.entries(transforms).map(([transform, result]) => ({ transform, type, value, result })),
  );

  it.each(cases)('$transform of $type $value is $result', ({ transform, type, value, result }) => {
    expect(takesType(transform, type)).toBe(true);
    const resultType = /^(identity|truncate)/.test(transform) ? type : 'int';
    expect(applyTransform(transform, type, goldenValue(type, value))).toEqual(goldenValue(resultType, result));
  });

  it('leaves null alone', () => {
    for (const transform of ['identity', 'hour', 'bucket[4]', 'truncate[2]', 'void']) {
      expect(applyTransform(transform, 'timestamptz', null)).toBeNull();
    }
  });

  it.each([
    ['hour', 'date'],
    ['hour', 'long'],
    ['day', 'string'],
    ['bucket[4]', 'double'],
    ['bucket[0]', 'long'],
    ['truncate[0]', 'long'],
    ['truncate[4]', 'double'],
    ['zorder', 'long'],
  ])('%s does not take %s', (transform, type) => {
    expect(takesType(transform, type)).toBe(false);
  });
});
