import type { ObjectStore } from '@signaldb/object-store';
import { CatalogError } from './catalog-error.ts';
import type { DataFile } from './data-file.ts';
import { type DeleteFile, deletesFor, indexDeletes } from './delete-files.ts';
import type { Long } from './json.ts';
import { createManifestReader, type ManifestReader, type ResolvedEntry } from './manifest-cache.ts';
import type { ManifestFile } from './manifest-list.ts';
import { bindRanges, type ColumnRange, mayMatchEntry, mayMatchManifest } from './pruning.ts';
import type { Snapshot } from './snapshot.ts';
import { currentSnapshot, snapshotById, type TableMetadata } from './table-metadata.ts';

export interface PlanFilesOptions {
  readonly metadata: TableMetadata;
  readonly store: ObjectStore;
  /** Keeps manifests over plans; without one, each plan fetches them. */
  readonly reader?: ManifestReader | undefined;
  /** Default: the current snapshot. */
  readonly snapshotId?: Long | undefined;
  /** All of them hold for the rows wanted. Files that can't have such rows are left out. */
  readonly where?: readonly ColumnRange[] | undefined;
  /** Hours since 1970, both included; short for a range over the column `hour`. */
  readonly hourRange?: { readonly min: number; readonly max: number } | undefined;
  /** Which delete files the caller applies. Others make the plan say that it can't be read rightly. */
  readonly supports?: { readonly positionDeletes?: boolean; readonly equalityDeletes?: boolean } | undefined;
}

/** A file to read, and the delete files whose rows have to be taken out of it. */
export interface PlannedFile {
  readonly file: DataFile;
  readonly sequenceNumber: number;
  readonly deletes: readonly DeleteFile[];
}

export interface FilePlan {
  /** Undefined: the table has no snapshot yet. */
  readonly snapshot: Snapshot | undefined;
  readonly files: readonly PlannedFile[];
  /** Why reading these files wouldn't give the table's rows; empty when it does. Never ignore it. */
  readonly unsupported: readonly string[];
  readonly counts: {
    readonly manifests: number;
    readonly manifestsSkipped: number;
    readonly filesSkipped: number;
  };
}

const hourMicros = 3_600_000_000n;

/** Which files hold the rows wanted, told from manifests alone. Throws CatalogError for a snapshot that isn't there. */
export async function planFiles(options: PlanFilesOptions): Promise<FilePlan> {
  const { metadata, supports = {} } = options;
  const snapshot = snapshotOf(options);
  if (!snapshot) {
    return { snapshot, files: [], unsupported: [], counts: { manifests: 0, manifestsSkipped: 0, filesSkipped: 0 } };
  }
  const reader = options.reader ?? createManifestReader({ store: options.store, cacheBytesMax: 0 });
  const ranges = bindRanges(metadata, [...(options.where ?? []), ...hourRange(options.hourRange)]);
  const manifests = await reader.list(snapshot['manifest-list']);
  const wanted = manifests.filter((manifest) => hasFiles(manifest) && mayMatchManifest(manifest, metadata, ranges));
  const entries = await readAll(reader, wanted, metadata);
  const live = entries.filter((entry) => entry.status !== 'deleted');
  const data = live.filter((entry) => entry.file.content === 'data');
  const deletes = indexDeletes(live.filter((entry) => entry.file.content !== 'data'));
  const matching = data.filter((entry) => mayMatchEntry(entry.file, metadata, ranges));
  const files = matching.map((entry) => ({
    file: entry.file,
    sequenceNumber: entry.sequenceNumber,
    deletes: deletesFor(entry, deletes),
  }));
  return {
    snapshot,
    files,
    unsupported: [...new Set(files.flatMap((planned) => reasonsAgainst(planned, supports)))],
    counts: {
      manifests: manifests.length,
      manifestsSkipped: manifests.length - wanted.length,
      filesSkipped: data.length - matching.length,
    },
  };
}

function snapshotOf({ metadata, snapshotId }: PlanFilesOptions): Snapshot | undefined {
  if (snapshotId === undefined) return currentSnapshot(metadata);
  const found = snapshotById(metadata, snapshotId);
  if (!found) throw new CatalogError('ValidationException', `Cannot find snapshot with ID ${snapshotId}`);
  return found;
}

function hourRange(range: PlanFilesOptions['hourRange']): ColumnRange[] {
  if (!range) return [];
  return [{ column: 'hour', min: BigInt(range.min) * hourMicros, max: BigInt(range.max) * hourMicros }];
}

const hasFiles = (manifest: ManifestFile) =>
  manifest['added-files-count'] !== 0 || manifest['existing-files-count'] !== 0;

const readsAtOnce = 16;

async function readAll(
  reader: ManifestReader,
  manifests: readonly ManifestFile[],
  metadata: TableMetadata,
): Promise<ResolvedEntry[]> {
  const all: ResolvedEntry[] = [];
  for (let i = 0; i < manifests.length; i += readsAtOnce) {
    const some = manifests.slice(i, i + readsAtOnce);
    for (const entries of await Promise.all(some.map((manifest) => reader.entries(manifest, metadata)))) {
      for (const entry of entries) all.push(entry);
    }
  }
  return all;
}

function reasonsAgainst(planned: PlannedFile, supports: NonNullable<PlanFilesOptions['supports']>): string[] {
  const { file, deletes } = planned;
  const reasons: string[] = [];
  if (file['file-format'] !== 'PARQUET') reasons.push(`data file of format ${file['file-format']}`);
  if (file['key-metadata']) reasons.push('encrypted data file');
  for (const deletion of deletes) {
    const known = deletion.content === 'position-deletes' ? supports.positionDeletes : supports.equalityDeletes;
    if (!known)
      reasons.push(deletion.content === 'position-deletes' ? 'position delete files' : 'equality delete files');
    else if (deletion['file-format'] !== 'PARQUET') reasons.push(`delete file of format ${deletion['file-format']}`);
  }
  return reasons;
}
