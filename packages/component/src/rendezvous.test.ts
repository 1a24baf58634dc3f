import { describe, expect, it } from '@jest/globals';
import { rendezvous } from './rendezvous.ts';

const keys = Array.from({ length: 1000 }, (_, i) => `key-${i}`);
const pick = (key: string, ids: string[]) => rendezvous(key, ids, (id) => id);

describe('rendezvous', () => {
  it('has nothing to give without candidates', () => {
    expect(pick('k', [])).toBeUndefined();
  });

  it('doesn’t depend on the order', () => {
    for (const key of keys.slice(0, 50)) expect(pick(key, ['a', 'b', 'c'])).toBe(pick(key, ['c', 'a', 'b']));
  });

  it('spreads keys evenly', () => {
    for (const id of ['a', 'b', 'c', 'd']) {
      const won = keys.filter((key) => pick(key, ['a', 'b', 'c', 'd']) === id).length;
      expect(won).toBeGreaterThan(200);
      expect(won).toBeLessThan(300);
    }
  });

  it('moves only the keys of a candidate that goes', () => {
    for (const key of keys) {
      const before = pick(key, ['a', 'b', 'c'])!;
      if (before !== 'c') expect(pick(key, ['a', 'b'])).toBe(before);
    }
  });

  it('keeps ids and keys apart', () => {
    expect(
      rendezvous(
        'x',
        [
          ['a', 'bx'],
          ['ab', 'x'],
        ] as const,
        ([id]) => id,
      ),
    ).toBeDefined();
    expect(keys.filter((key) => pick(`b${key}`, ['a']) === pick(key, ['ab'])).length).toBe(0);
  });
});
