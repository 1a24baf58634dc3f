import type { DataFile } from './data-file.ts';
import type { Operation, Snapshot, SnapshotSummary } from './snapshot.ts';

type Counted = Pick<DataFile, 'record-count' | 'file-size-in-bytes' | 'partition'>;

/**
 * The summary of a commit: what was added and removed, and the totals after it as far as the parent's are known.
 * https://iceberg.apache.org/spec/#optional-snapshot-summary-fields
 */
export function summarizeCommit(options: {
  readonly operation: Operation;
  readonly parent: Snapshot | undefined;
  readonly added: readonly Counted[];
  readonly removed?: readonly Counted[];
  readonly extra?: Readonly<Record<string, string>>;
}): SnapshotSummary {
  const { operation, parent, added, removed = [], extra = {} } = options;
  const partitions = new Set([...added, ...removed].map((file) => file.partition.map(String).join('/')));
  const counts: Record<string, number> = {
    ...nonZero({
      'added-data-files': added.length,
      'deleted-data-files': removed.length,
      'added-records': rows(added),
      'deleted-records': rows(removed),
      'added-files-size': bytes(added),
      'removed-files-size': bytes(removed),
    }),
    'changed-partition-count': partitions.size,
    ...total('total-data-files', parent, added.length - removed.length),
    ...total('total-records', parent, rows(added) - rows(removed)),
    ...total('total-files-size', parent, bytes(added) - bytes(removed)),
    ...total('total-delete-files', parent, 0),
    ...total('total-position-deletes', parent, 0),
    ...total('total-equality-deletes', parent, 0),
  };
  return { ...extra, ...mapValues(counts, String), operation };
}

const rows = (files: readonly Counted[]) => files.reduce((sum, file) => sum + file['record-count'], 0);
const bytes = (files: readonly Counted[]) => files.reduce((sum, file) => sum + file['file-size-in-bytes'], 0);

function total(key: string, parent: Snapshot | undefined, change: number): Record<string, number> {
  const before = parent ? Number(parent.summary?.[key] ?? Number.NaN) : 0;
  return Number.isFinite(before) ? { [key]: before + change } : {};
}

function nonZero(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

function mapValues<A, B>(record: Record<string, A>, convert: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, convert(value)]));
}
