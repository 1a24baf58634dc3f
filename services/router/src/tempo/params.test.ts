import { describe, expect, it } from '@jest/globals';
import { duration, logfmt, tagName, timeRange, traceId, wholeNumber } from './params.ts';

describe('logfmt', () => {
  it.each([
    ['', {}],
    ['service.name=shop', { 'service.name': 'shop' }],
    ['a=1 b="two words" c="say \\"hi\\""', { a: '1', b: 'two words', c: 'say "hi"' }],
    ['  a=  b ', { a: '', b: '' }],
    ['größe=ü', { größe: 'ü' }],
  ])('%s', (text, tags) => {
    expect({ ...logfmt(text) }).toEqual(tags);
  });

  it.each([
    ['a="unclosed', 1],
    ['a=1 ="b"', 4],
    ['a="x"y', 1],
  ])('refuses %s', (text, at) => {
    expect(() => logfmt(text)).toThrow(`invalid tags at character ${at}: logfmt such as`);
  });
});

describe('numbers, durations and ids', () => {
  const bounds = { min: 1, max: 100, default: 20 };

  it.each([
    [{}, 20],
    [{ limit: '' }, 20],
    [{ limit: '7' }, 7],
    [{ limit: ['9', '8'] }, 9],
  ])('%j is %i', (query, value) => {
    expect(wholeNumber(query, 'limit', bounds)).toBe(value);
  });

  it.each(['0', '101', '-1', '1.5', 'x', '1e2'])('refuses limit=%s', (limit) => {
    expect(() => wholeNumber({ limit }, 'limit', bounds)).toThrow(
      `invalid limit ${JSON.stringify(limit)}: a whole number from 1 to 100`,
    );
  });

  it.each([
    ['100ms', 100_000_000n],
    ['1.5s', 1_500_000_000n],
    ['1h30m', 5_400_000_000_000n],
    ['7µs', 7000n],
  ])('%s', (minDuration, ns) => {
    expect(duration({ minDuration }, 'minDuration')).toBe(ns);
  });

  it.each(['5', 's', '1 s', '-1s', '1y'])('refuses the duration %s', (minDuration) => {
    expect(() => duration({ minDuration }, 'minDuration')).toThrow('a duration such as 100ms or 1h30m');
  });

  it('pads trace ids, which Tempo shows without leading zeros', () => {
    expect(traceId('ABC')).toBe(`${'0'.repeat(29)}abc`);
  });

  it.each(['', 'xyz', '0'.repeat(33), 'ab cd'])('refuses the trace id %j', (id) => {
    expect(() => traceId(id)).toThrow('1 to 32 hex digits');
  });
});

describe('ranges and tags', () => {
  it('reads seconds', () => {
    expect(timeRange({ start: '1700000000', end: '1700000001' })).toEqual({
      startNs: 1_700_000_000_000_000_000n,
      endNs: 1_700_000_001_000_000_000n,
    });
    expect(timeRange({})).toEqual({});
  });

  it.each([
    [{ start: '5', end: '5' }, 'start (5) has to be before end (5)'],
    [{ start: 'now' }, 'invalid start "now": seconds since 1970'],
    [{ end: '12345678901' }, 'invalid end "12345678901": seconds since 1970'],
  ])('refuses %j', (query, message) => {
    expect(() => timeRange(query)).toThrow(message);
  });

  it.each([
    ['span.a', 'span.a'],
    ['span.a%2Fb', 'span.a/b'],
    ['span.100%', 'span.100%'],
    ['span.%ff', 'span.%ff'],
  ])('decodes the tag %s once more', (text, tag) => {
    expect(tagName(text)).toBe(tag);
  });
});
