import type { OpenFiles } from '../files/file-access.ts';
import type { TableFile } from '../files/table-file.ts';
import { hull, overlaps, type TimeRange } from '../time-range.ts';

/** Where spans of some traces may be: files, and the times of their starts in all of them. */
export interface SpanFiles {
  readonly files: readonly TableFile[];
  readonly times: TimeRange;
}

/** The files that may hold spans of any of the traces, told by the trace-id filters. A file without one may hold any. */
export async function filesOfTraces(
  open: OpenFiles,
  files: readonly TableFile[],
  traceIds: readonly string[],
): Promise<SpanFiles> {
  const found = await Promise.all(files.map(async (file) => ({ file, times: await timesIn(open, file, traceIds) })));
  const holding = found.filter((entry): entry is { file: TableFile; times: TimeRange } => entry.times !== undefined);
  const [first, ...rest] = holding.map(({ times }) => times);
  return { files: holding.map(({ file }) => file), times: rest.reduce(hull, first ?? {}) };
}

/** When the traces' spans in a file start; undefined if it has none. */
async function timesIn(open: OpenFiles, file: TableFile, traceIds: readonly string[]): Promise<TimeRange | undefined> {
  const filter = file.hasTraceFilter ? await open.traceFilter(file) : undefined;
  if (filter === undefined) return file.times;
  let times: TimeRange | undefined;
  for (const traceId of traceIds) {
    for (const { minTime: min, maxTime: max } of filter.lookup(traceId))
      times = times === undefined ? { min, max } : hull(times, { min, max });
  }
  return times;
}

/** Files with rows of some times. */
export function filesBetween(files: readonly TableFile[], times: TimeRange): TableFile[] {
  return files.filter((file) => overlaps(file.times, times));
}
