import type { TableFile } from '../files/table-file.ts';
import type { TimeRange } from '../time-range.ts';

/** A part of a search's time: `min` included, `max` excluded; open where the search's is. */
export interface TimeSlice {
  readonly min: bigint | undefined;
  readonly max: bigint | undefined;
}

/** A search that finds little looks into few slices; one that finds much ends with the first. */
const growth = 16;

/**
 * Cuts the time of files into slices, newest first, each with many times the rows of the one before. The last slices
 * reach to both ends, so that every row is in one, also those of files whose times aren't known.
 */
export function* timeSlices(files: readonly TableFile[], times: TimeRange, firstRows: number): Generator<TimeSlice> {
  const end = times.max === undefined ? undefined : times.max + 1n;
  const known = files.filter(
    (file): file is KnownTimes => file.times.min !== undefined && file.times.max !== undefined,
  );
  let max = end;
  let rows = firstRows;
  const total = known.reduce((sum, file) => sum + file.rows, 0);
  while (rows < total) {
    const min = timeWithRows(known, rows);
    if (times.min !== undefined && min <= times.min) break;
    if (max === undefined || min < max) {
      yield { min, max };
      max = min;
    }
    rows += rows * growth;
  }
  yield { min: times.min, max };
}

type KnownTimes = TableFile & { readonly times: { readonly min: bigint; readonly max: bigint } };

/** The latest time after which there are so many rows, if each file's are spread evenly. */
function timeWithRows(files: readonly KnownTimes[], rows: number): bigint {
  let low = files.reduce((least, { times }) => (times.min < least ? times.min : least), files[0]!.times.min);
  let high = files.reduce((most, { times }) => (times.max > most ? times.max : most), files[0]!.times.max);
  while (high - low > 1000n) {
    const middle = (low + high) / 2n;
    if (rowsAfter(files, middle) >= rows) low = middle;
    else high = middle;
  }
  return low;
}

function rowsAfter(files: readonly KnownTimes[], time: bigint): number {
  return files.reduce((sum, { rows, times: { min, max } }) => {
    if (time <= min) return sum + rows;
    if (time > max) return sum;
    return sum + rows * (Number(max - time) / Math.max(1, Number(max - min)));
  }, 0);
}
