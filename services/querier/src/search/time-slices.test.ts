import { describe, expect, it } from '@jest/globals';
import type { TableFile } from '../files/table-file.ts';
import { timeSlices } from './time-slices.ts';

const file = (min: bigint | undefined, max: bigint | undefined, rows: number): TableFile => ({
  source: { kind: 'object', uri: 'x' },
  rows,
  bytes: rows,
  times: { min, max },
  hasTraceFilter: true,
});
const second = 1_000_000_000n;

describe('timeSlices', () => {
  it.each<[string, TableFile[], { min?: bigint; max?: bigint }]>([
    ['no files', [], {}],
    ['one small file', [file(0n, 10n * second, 5)], {}],
    ['a long file', [file(0n, 1000n * second, 1_000_000)], {}],
    [
      'a long file, of which some is asked for',
      [file(0n, 1000n * second, 1_000_000)],
      { min: 100n * second, max: 900n * second },
    ],
    ['a range beyond all files', [file(0n, 1000n * second, 1_000_000)], { min: 2000n * second, max: 3000n * second }],
    ['a range of one moment', [file(0n, 1000n * second, 1_000_000)], { min: 5n, max: 5n }],
    ['files of one moment', [file(7n, 7n, 1_000_000), file(7n, 7n, 1_000_000)], {}],
    ['files without times', [file(undefined, undefined, 1_000_000), file(0n, 1000n * second, 1_000_000)], {}],
    [
      'years of nothing between',
      [file(0n, second, 500_000), file(1_000_000n * second, 1_000_001n * second, 500_000)],
      {},
    ],
  ])('covers all of the time once, newest first: %s', (_name, files, times) => {
    const slices = [...timeSlices(files, times, 1000)];
    expect(slices[0]!.max).toBe(times.max === undefined ? undefined : times.max + 1n);
    expect(slices.at(-1)!.min).toBe(times.min);
    slices.slice(1).forEach((slice, i) => {
      expect(slice.max).toBe(slices[i]!.min);
      if (slice.min !== undefined) expect(slice.min).toBeLessThan(slice.max!);
    });
    expect(slices.length).toBeLessThan(8);
  });

  it('begins with about as many rows as asked for', () => {
    const [first] = timeSlices([file(0n, 1000n * second, 1_000_000)], {}, 1000);
    expect(Number(first!.min! / second)).toBe(998);
  });
});
