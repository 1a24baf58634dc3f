import { describe, expect, it } from '@jest/globals';
import { percentEncode } from './percent-encoding.ts';
import { isStatus, Status, statusName } from './status.ts';
import { parseTimeoutMs } from './timeout.ts';

describe('percentEncode', () => {
  it.each([
    ['', ''],
    ['plain text ~!', 'plain text ~!'],
    ['100 %', '100 %25'],
    ['a\nb\tc', 'a%0Ab%09c'],
    ['ö€😀', '%C3%B6%E2%82%AC%F0%9F%98%80'],
    ['\x7f\0', '%7F%00'],
    ['lone \ud800 half', 'lone %EF%BF%BD half'],
  ])('%j becomes %j', (text, encoded) => {
    expect(percentEncode(text)).toBe(encoded);
  });
});

describe('parseTimeoutMs', () => {
  it.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3000],
    ['4m', 4],
    ['5000u', 5],
    ['6000000n', 6],
    ['0S', 0],
    ['99999999H', 359_999_996_400_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseTimeoutMs(text)).toBeCloseTo(ms, 6);
  });

  it.each(['', 'S', '1', '-1S', '1.5S', '1 S', '123456789S', '1s', '1h', 'x1S', '1SS', '∞S'])('%j is none', (text) => {
    expect(parseTimeoutMs(text)).toBeUndefined();
  });
});

describe('Status', () => {
  it('has names', () => {
    expect(statusName(Status.NOT_FOUND)).toBe('NOT_FOUND');
    expect(statusName(99)).toBe('99');
  });

  it.each([0, 5, 16])('%j is one', (code) => expect(isStatus(code)).toBe(true));
  it.each([-1, 17, 1.5, '5', undefined, null, Number.NaN])('%j is none', (code) => expect(isStatus(code)).toBe(false));
});
