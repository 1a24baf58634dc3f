import type { DataFile } from './data-file.ts';
import type { ResolvedEntry } from './manifest-cache.ts';

/** A file that names rows to leave out, by position or by equal values. */
export type DeleteFile = DataFile;

/** The reserved field id of a position delete's `file_path` column. */
const filePathId = 2_147_483_546;

/** Delete files by where they apply. */
export interface DeleteIndex {
  /** Equality deletes of an unpartitioned spec: they apply everywhere. */
  readonly everywhere: readonly ResolvedEntry[];
  readonly byPartition: ReadonlyMap<string, readonly ResolvedEntry[]>;
}

export function indexDeletes(entries: readonly ResolvedEntry[]): DeleteIndex {
  const isGlobal = (entry: ResolvedEntry) =>
    entry.file.content === 'equality-deletes' && entry.file.partition.length === 0;
  return {
    everywhere: entries.filter(isGlobal),
    byPartition: Map.groupBy(
      entries.filter((entry) => !isGlobal(entry)),
      (entry) => partitionKey(entry.file),
    ),
  };
}

/** The delete files that apply to a data file. https://iceberg.apache.org/spec/#scan-planning */
export function deletesFor(data: ResolvedEntry, index: DeleteIndex): DeleteFile[] {
  if (index.everywhere.length === 0 && index.byPartition.size === 0) return [];
  const candidates = [...index.everywhere, ...(index.byPartition.get(partitionKey(data.file)) ?? [])];
  return candidates
    .filter((deletion) => {
      if (deletion.file.content === 'equality-deletes') return data.sequenceNumber < deletion.sequenceNumber;
      return data.sequenceNumber <= deletion.sequenceNumber && mayName(deletion.file, data.file['file-path']);
    })
    .map((deletion) => deletion.file);
}

function mayName(deletion: DataFile, path: string): boolean {
  if (deletion['referenced-data-file'] !== undefined) return deletion['referenced-data-file'] === path;
  const bytes = Buffer.from(path);
  const lower = deletion['lower-bounds']?.get(filePathId);
  const upper = deletion['upper-bounds']?.get(filePathId);
  const isBelow = lower && Buffer.compare(bytes, lower) < 0;
  // An upper bound may be a shortened one: what begins with it isn't above it.
  const isAbove = upper && Buffer.compare(bytes.subarray(0, upper.length), upper) > 0;
  return !isBelow && !isAbove;
}

const partitionKey = (file: DataFile) =>
  `${file['spec-id']}/${file.partition.map((value) => `${typeof value}:${value}`).join('/')}`;
