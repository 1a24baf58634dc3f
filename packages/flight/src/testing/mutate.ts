/** Gives numbers from 0 to below its argument, the same ones for the same seed. */
export type Random = (below: number) => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * below);
  };
}

const interesting = [0, 1, 2, 7, 8, 127, 128, 255, 256, 65_535, 2 ** 31 - 1, -1, -2, -(2 ** 31)];

/** A copy with some bytes or words changed, cut out, doubled or cut off. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let copy = new Uint8Array(bytes);
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(copy.length);
    switch (random(6)) {
      case 0:
      case 1:
        copy[at] = random(256);
        break;
      case 2:
      case 3:
        if (at + 4 <= copy.length) {
          new DataView(copy.buffer).setInt32(at & ~3, interesting[random(interesting.length)]!, true);
        }
        break;
      case 4: {
        const length = random(Math.min(64, copy.length - at)) & ~7;
        copy.copyWithin(random(Math.max(copy.length - length, 1)), at, at + length);
        break;
      }
      default:
        if (random(8) === 0) copy = copy.slice(0, at + 1);
    }
  }
  return copy;
}
