import { expect, it } from '@jest/globals';
import { likePattern } from './like-pattern.ts';

it.each<[string | undefined, string[], string[]]>([
  [undefined, ['', 'a'], []],
  ['', [''], ['a']],
  ['abc', ['abc'], ['ab', 'abcd', 'ABC']],
  ['%', ['', 'a', 'a\nb'], []],
  ['a%', ['a', 'ab'], ['ba', '']],
  ['%b', ['b', 'ab', 'abb'], ['ba']],
  ['a%b%c', ['abc', 'aXbYc', 'abbc'], ['ab', 'acb']],
  ['_', ['a', '😀'], ['', 'ab']],
  ['a_c', ['abc'], ['ac', 'abbc']],
  ['100\\%', ['100%'], ['100x']],
  ['a\\_b', ['a_b'], ['axb']],
  ['a\\\\', ['a\\'], ['a']],
  ['a.c', ['a.c'], ['abc']],
  ['%%%%', ['', 'x'], []],
])('LIKE %j', (pattern, matching, others) => {
  const matches = likePattern(pattern);
  expect(matching.filter((text) => !matches(text))).toEqual([]);
  expect(others.filter(matches)).toEqual([]);
});

it('takes no time over hostile patterns', () => {
  const began = performance.now();
  expect(likePattern(`${'%a'.repeat(50)}%b`)('a'.repeat(5000))).toBe(false);
  expect(performance.now() - began).toBeLessThan(1000);
});
