/** A seeded source of randomness: the same seed gives the same numbers. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [min, max]. */
  between(min: number, max: number): number;
  chance(probability: number): boolean;
  /** One of the list; `skew` above 1 makes the first ones more likely. */
  pick<T>(list: readonly T[], skew?: number): T;
  bytes(count: number): Buffer;
  hex(bytes: number): string;
}

/** mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const between = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  const bytes = (count: number): Buffer => Buffer.from(Array.from({ length: count }, () => between(0, 255)));
  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick: (list, skew = 1) => list[Math.floor(next() ** skew * list.length)]!,
    bytes,
    hex: (count) => bytes(count).toString('hex'),
  };
}
