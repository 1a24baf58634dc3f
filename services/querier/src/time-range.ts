/** A range of times in nanoseconds since 1970, both ends included; an end that is absent is open. */
export interface TimeRange {
  readonly min?: bigint | undefined;
  readonly max?: bigint | undefined;
}

export const allTime: TimeRange = {};

/** Whether two ranges have a time in common. */
export function overlaps(a: TimeRange, b: TimeRange): boolean {
  return (
    (a.min === undefined || b.max === undefined || a.min <= b.max) &&
    (a.max === undefined || b.min === undefined || a.max >= b.min)
  );
}

/** The least range that holds both. */
export function hull(a: TimeRange, b: TimeRange): TimeRange {
  const min = a.min === undefined || b.min === undefined ? undefined : earlier(a.min, b.min);
  const max = a.max === undefined || b.max === undefined ? undefined : later(a.max, b.max);
  return { min, max };
}

/** The times that are in both ranges. */
export function intersection(a: TimeRange, b: TimeRange): TimeRange {
  const min = a.min === undefined || b.min === undefined ? (a.min ?? b.min) : later(a.min, b.min);
  const max = a.max === undefined || b.max === undefined ? (a.max ?? b.max) : earlier(a.max, b.max);
  return { min, max };
}

// Not Math.min and Math.max: those take no bigint.
function earlier(a: bigint, b: bigint): bigint {
  return [a, b].sort(compare)[0]!;
}

function later(a: bigint, b: bigint): bigint {
  return [a, b].sort(compare)[1]!;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : 1;
}

/** The range with both ends moved outwards. */
export function widen({ min, max }: TimeRange, byNs: bigint): TimeRange {
  return {
    min: min === undefined ? undefined : min - byNs,
    max: max === undefined ? undefined : max + byNs,
  };
}
