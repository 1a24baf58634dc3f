/** Numbers that follow from a seed, for tests that can be repeated: mulberry32. */
export interface Random {
  /** From 0 up to, but without, `below`. */
  int(below: number): number;
  bigint(bits: number): bigint;
  pick<T>(from: readonly T[]): T;
  text(lengthMax: number): string;
  bytes(length: number): Uint8Array;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const int = (below: number) => Math.floor((next() / 2 ** 32) * below);
  const characters = ['a', 'Z', '0', ' ', '.', 'ä', '☃', '🐘', '\u0000', '"'];
  return {
    int,
    bigint: (bits) =>
      BigInt.asIntN(bits, (BigInt(next()) << 96n) | (BigInt(next()) << 64n) | (BigInt(next()) << 32n) | BigInt(next())),
    pick: (from) => from[int(from.length)]!,
    text: (lengthMax) => Array.from({ length: int(lengthMax + 1) }, () => characters[int(characters.length)]).join(''),
    bytes: (length) => Uint8Array.from({ length }, () => int(256)),
  };
}
