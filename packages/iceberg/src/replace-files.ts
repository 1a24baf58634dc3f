import type { ObjectStore } from '@signaldb/object-store';
import { addToMain, existingEntry } from './append-files.ts';
import type { Catalog, LoadTableResult } from './catalog.ts';
import { type CommitAttempt, commitWithRetry, type RetryOptions } from './commit-loop.ts';
import type { DataFile, ManifestEntry, NewDataFile } from './data-file.ts';
import { createManifestReader, type ManifestReader, type ResolvedEntry } from './manifest-cache.ts';
import type { ManifestFile } from './manifest-list.ts';
import { mayListFile } from './pruning.ts';
import { mainBranch, type Snapshot } from './snapshot.ts';
import { summarizeCommit } from './snapshot-summary.ts';
import { createSnapshotWriter } from './snapshot-writer.ts';
import { currentSnapshot, snapshotById, type TableMetadata } from './table-metadata.ts';

export interface ReplaceFilesOptions {
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  readonly ns: string;
  readonly table: string;
  /** Files whose rows are all in `add`, as a plan gave them. */
  readonly remove: readonly DataFile[];
  readonly add: readonly NewDataFile[];
  readonly base?: LoadTableResult | undefined;
  readonly reader?: ManifestReader;
  readonly retry?: RetryOptions;
  readonly signal?: AbortSignal;
  readonly now?: () => number;
}

/** A file that was to be replaced isn't in the table any more, or its rows have been deleted from since. */
export class FilesChangedError extends Error {
  override readonly name = 'FilesChangedError';
  readonly code = 'FILES_CHANGED';
}

/**
 * Puts files in the place of others that hold the same rows (compaction): the table's content doesn't change. New files
 * take the highest sequence number of the old ones, so that equality deletes which came later still apply. Throws
 * FilesChangedError, and CatalogError as `appendFiles` does.
 */
export async function replaceFiles(options: ReplaceFilesOptions): Promise<LoadTableResult> {
  const { store, ns, table, add, now = Date.now } = options;
  const reader = options.reader ?? createManifestReader({ store, cacheBytesMax: 0 });
  const writer = createSnapshotWriter(store);

  const prepare = async (base: TableMetadata): Promise<CommitAttempt> => {
    const parent = currentSnapshot(base);
    const before = parent ? await reader.list(parent['manifest-list']) : [];
    const plan = await planReplacement(base, before, options.remove, reader);
    const written: string[] = [];
    const manifests: ManifestFile[] = [...plan.untouched];
    const write = async (specId: number, entries: readonly ManifestEntry[]) => {
      const manifest = await writer.manifest(base, specId, entries);
      written.push(manifest['manifest-path']);
      manifests.push(manifest);
    };
    for (const { specId, entries } of plan.rewritten)
      await write(
        specId,
        entries.map((entry) => marked(entry, plan.removed, writer.snapshotId)),
      );
    for (const [specId, files] of Map.groupBy(add, (file) => file['spec-id'] ?? base['default-spec-id'])) {
      await write(
        specId,
        files.map((file) => addedEntry(file, specId, writer.snapshotId, plan.sequenceNumber)),
      );
    }
    const sequenceNumber = base['last-sequence-number'] + 1;
    const list = await writer.list(base, { parentSnapshotId: parent?.['snapshot-id'], sequenceNumber, manifests });
    written.push(list);
    const snapshot: Snapshot = {
      'snapshot-id': writer.snapshotId,
      ...(parent ? { 'parent-snapshot-id': parent['snapshot-id'] } : {}),
      'sequence-number': sequenceNumber,
      'timestamp-ms': Math.max(now(), base['last-updated-ms']),
      'manifest-list': list,
      summary: summarizeCommit({ operation: 'replace', parent, added: add, removed: [...plan.removed.values()] }),
      'schema-id': base['current-schema-id'],
    };
    return {
      request: {
        requirements: [
          { type: 'assert-table-uuid', uuid: base['table-uuid'] },
          { type: 'assert-ref-snapshot-id', ref: mainBranch, 'snapshot-id': parent?.['snapshot-id'] ?? null },
        ],
        updates: addToMain(snapshot),
      },
      isCommitted: (metadata) => snapshotById(metadata, writer.snapshotId) !== undefined,
      discard: () => writer.discard(written),
    };
  };
  const { committed: _, ...result } = await commitWithRetry({ ...options, namespace: ns, table, prepare });
  return result;
}

interface Replacement {
  readonly untouched: readonly ManifestFile[];
  readonly rewritten: readonly { readonly specId: number; readonly entries: readonly ResolvedEntry[] }[];
  readonly removed: ReadonlyMap<string, DataFile>;
  readonly sequenceNumber: number;
}

/** Which manifests list the files to be removed. */
async function planReplacement(
  base: TableMetadata,
  manifests: readonly ManifestFile[],
  remove: readonly DataFile[],
  reader: ManifestReader,
): Promise<Replacement> {
  const wanted = new Set(remove.map((file) => file['file-path']));
  const removed = new Map<string, DataFile>();
  const untouched: ManifestFile[] = [];
  const rewritten: { specId: number; entries: readonly ResolvedEntry[] }[] = [];
  let sequenceNumber = 0;
  for (const manifest of manifests) {
    const isCandidate = manifest.content === 'data' && remove.some((file) => mayListFile(manifest, file, base));
    const entries = isCandidate ? await reader.entries(manifest, base) : [];
    const live = entries.filter((entry) => entry.status !== 'deleted');
    const found = live.filter((entry) => wanted.has(entry.file['file-path']));
    for (const entry of found) removed.set(entry.file['file-path'], entry.file);
    sequenceNumber = Math.max(sequenceNumber, ...found.map((entry) => entry.sequenceNumber));
    if (found.length === 0) untouched.push(manifest);
    else rewritten.push({ specId: manifest['partition-spec-id'], entries: live });
  }
  if (removed.size < wanted.size)
    throw new FilesChangedError(`${wanted.size - removed.size} of the files aren't in the table any more`);
  await expectNoNewPositionDeletes(base, manifests, removed, reader);
  return { untouched, rewritten, removed, sequenceNumber };
}

/** Position deletes name rows by file: they would miss the new files. */
async function expectNoNewPositionDeletes(
  base: TableMetadata,
  manifests: readonly ManifestFile[],
  removed: ReadonlyMap<string, DataFile>,
  reader: ManifestReader,
): Promise<void> {
  for (const manifest of manifests) {
    if (manifest.content !== 'deletes') continue;
    for (const entry of await reader.entries(manifest, base)) {
      if (entry.status === 'deleted' || entry.file.content !== 'position-deletes') continue;
      const target = entry.file['referenced-data-file'];
      if (target === undefined || removed.has(target))
        throw new FilesChangedError('Rows of the files were deleted by position');
    }
  }
}

function marked(entry: ResolvedEntry, removed: ReadonlyMap<string, DataFile>, snapshotId: number): ManifestEntry {
  const existing = existingEntry(entry);
  return removed.has(entry.file['file-path'])
    ? { ...existing, status: 'deleted', 'snapshot-id': snapshotId }
    : existing;
}

function addedEntry(file: NewDataFile, specId: number, snapshotId: number, sequenceNumber: number): ManifestEntry {
  return {
    status: 'added',
    'snapshot-id': snapshotId,
    'sequence-number': sequenceNumber,
    'file-sequence-number': null,
    file: { 'file-format': 'PARQUET', ...file, content: 'data', 'spec-id': specId },
  };
}
