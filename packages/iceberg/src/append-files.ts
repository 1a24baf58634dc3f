import type { ObjectStore } from '@signaldb/object-store';
import type { Catalog, CommitRequest, LoadTableResult } from './catalog.ts';
import { type CommitAttempt, commitWithRetry, type RetryOptions } from './commit-loop.ts';
import type { DataFile, ManifestEntry, NewDataFile } from './data-file.ts';
import { createManifestReader, type ManifestReader, type ResolvedEntry } from './manifest-cache.ts';
import type { ManifestFile } from './manifest-list.ts';
import { checkMarks, type Mark, type Marks, markProperties, marksOf, sameMark } from './marks.ts';
import { mergePolicyOf, planManifestMerge } from './merge-manifests.ts';
import { mainBranch, type Snapshot } from './snapshot.ts';
import { summarizeCommit } from './snapshot-summary.ts';
import { createSnapshotWriter, type SnapshotWriter } from './snapshot-writer.ts';
import { currentSnapshot, snapshotById, type TableMetadata } from './table-metadata.ts';

export interface AppendFilesOptions {
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  readonly ns: string;
  readonly table: string;
  readonly files: readonly NewDataFile[];
  /** The marks after this commit, of the logs whose rows it holds. */
  readonly marks?: Marks;
  /** The marks that the table has to have of those logs; absent for a log that has none yet. */
  readonly expectedMarks?: Readonly<Record<string, Mark | undefined>>;
  /** Further facts for the snapshot's summary. */
  readonly summary?: Readonly<Record<string, string>>;
  /** The table as the last commit left it: saves loading it. */
  readonly base?: LoadTableResult | undefined;
  /** Keeps manifests over commits; without one, those to be merged are fetched. */
  readonly reader?: ManifestReader;
  readonly retry?: RetryOptions;
  readonly signal?: AbortSignal;
  readonly now?: () => number;
}

export interface AppendFilesResult extends LoadTableResult {
  readonly snapshotId: number;
}

/**
 * Adds files to a table in one commit, exactly once, together with the marks of the logs that they come from. Marks
 * never move without a new snapshot (one that adds nothing, where there are no files), so that requiring the snapshot
 * guards the marks, which the REST protocol can't require.
 *
 * Throws MarkMovedError when a mark isn't the expected one (nothing was committed), CatalogError when the catalog refuses,
 * CommitStateUnknownException when it couldn't be learned whether the commit took effect: then ask for the marks later.
 */
export async function appendFiles(options: AppendFilesOptions): Promise<AppendFilesResult> {
  const append = new Append(options);
  try {
    const result = await commitWithRetry({
      catalog: options.catalog,
      namespace: options.ns,
      table: options.table,
      base: options.base,
      retry: options.retry,
      signal: options.signal,
      prepare: (base) => append.prepare(base),
    });
    return { ...result, snapshotId: append.snapshotId };
  } catch (error) {
    await append.discardIfUnused();
    throw error;
  }
}

class Append {
  private readonly options: AppendFilesOptions;
  private readonly reader: ManifestReader;
  private readonly writer: SnapshotWriter;
  private readonly now: () => number;
  /** The manifests of the new files: written once, used by every attempt. */
  private added: readonly ManifestFile[] | undefined;
  private attempts = 0;
  private discarded = 0;

  constructor(options: AppendFilesOptions) {
    this.options = options;
    this.reader = options.reader ?? createManifestReader({ store: options.store, cacheBytesMax: 0 });
    this.writer = createSnapshotWriter(options.store);
    this.now = options.now ?? Date.now;
  }

  get snapshotId(): number {
    return this.writer.snapshotId;
  }

  async prepare(base: TableMetadata): Promise<CommitAttempt> {
    const { marks = {}, expectedMarks = {}, ns, table } = this.options;
    checkMarks(`${ns}.${table}`, base, Object.keys(marks), expectedMarks);
    const moveMarks: CommitRequest['updates'] =
      Object.keys(marks).length > 0 ? [{ action: 'set-properties', updates: markProperties(marks) }] : [];
    const parent = currentSnapshot(base);
    const requirements: CommitRequest['requirements'] = [
      { type: 'assert-table-uuid', uuid: base['table-uuid'] },
      { type: 'assert-ref-snapshot-id', ref: mainBranch, 'snapshot-id': parent?.['snapshot-id'] ?? null },
    ];
    const written: string[] = [];
    const snapshot = await this.writeSnapshot(base, parent, written).catch(async (error) => {
      await this.writer.discard(written);
      throw error;
    });
    this.attempts++;
    return {
      request: { requirements, updates: [...addToMain(snapshot), ...moveMarks] },
      isCommitted: (metadata) => this.isCommitted(metadata),
      discard: async () => {
        this.discarded++;
        await this.writer.discard(written);
      },
    };
  }

  /** After a failure: nothing refers to the new manifests if every attempt was clearly refused. */
  async discardIfUnused(): Promise<void> {
    if (this.discarded < this.attempts) return;
    await this.writer.discard((this.added ?? []).map((manifest) => manifest['manifest-path']));
  }

  /** The snapshot may have been expired since, so the marks count as well: nobody else writes these. */
  private isCommitted(metadata: TableMetadata): boolean {
    if (snapshotById(metadata, this.snapshotId)) return true;
    const found = marksOf(metadata);
    const marks = Object.entries(this.options.marks ?? {});
    return marks.length > 0 && marks.every(([log, mark]) => sameMark(found[log], mark));
  }

  private async writeSnapshot(base: TableMetadata, parent: Snapshot | undefined, written: string[]): Promise<Snapshot> {
    const { marks = {}, files, summary } = this.options;
    this.added ??= await this.writeAdded(base);
    const before = parent ? await this.reader.list(parent['manifest-list']) : [];
    const kept = await this.merge(base, before, written);
    const sequenceNumber = base['last-sequence-number'] + 1;
    const parentSnapshotId = parent?.['snapshot-id'];
    const manifests = [...kept, ...this.added];
    const list = await this.writer.list(base, { parentSnapshotId, sequenceNumber, manifests });
    written.push(list);
    return {
      'snapshot-id': this.snapshotId,
      ...(parentSnapshotId === undefined ? {} : { 'parent-snapshot-id': parentSnapshotId }),
      'sequence-number': sequenceNumber,
      'timestamp-ms': Math.max(this.now(), base['last-updated-ms']),
      'manifest-list': list,
      summary: summarizeCommit({
        operation: 'append',
        parent,
        added: files,
        extra: { ...summary, ...markProperties(marks) },
      }),
      'schema-id': base['current-schema-id'],
    };
  }

  private async writeAdded(base: TableMetadata): Promise<ManifestFile[]> {
    const bySpec = Map.groupBy(this.options.files, (file) => file['spec-id'] ?? base['default-spec-id']);
    const manifests: ManifestFile[] = [];
    for (const [specId, files] of bySpec) {
      manifests.push(
        await this.writer.manifest(
          base,
          specId,
          files.map((file) => this.addedEntry(file, specId)),
        ),
      );
    }
    return manifests;
  }

  private addedEntry(file: NewDataFile, specId: number): ManifestEntry {
    const data: DataFile = { 'file-format': 'PARQUET', ...file, content: 'data', 'spec-id': specId };
    return {
      status: 'added',
      'snapshot-id': this.snapshotId,
      'sequence-number': null,
      'file-sequence-number': null,
      file: data,
    };
  }

  /** Puts small manifests together where many have gathered. */
  private async merge(
    base: TableMetadata,
    manifests: readonly ManifestFile[],
    written: string[],
  ): Promise<ManifestFile[]> {
    const policy = mergePolicyOf(base.properties);
    const groups = policy.enabled ? planManifestMerge(manifests, policy) : [];
    const gone = new Set(groups.flat());
    const merged: ManifestFile[] = [];
    for (const group of groups) {
      const entries = (await Promise.all(group.map((manifest) => this.reader.entries(manifest, base)))).flat();
      const live = entries.filter((entry) => entry.status !== 'deleted').map(existingEntry);
      if (live.length === 0) continue;
      const manifest = await this.writer.manifest(base, group[0]!['partition-spec-id'], live);
      written.push(manifest['manifest-path']);
      merged.push(manifest);
    }
    return [...merged, ...manifests.filter((manifest) => !gone.has(manifest))];
  }
}

/** A file that is carried over into another manifest keeps where it came from. */
export function existingEntry(entry: ResolvedEntry): ManifestEntry {
  return {
    status: 'existing',
    'snapshot-id': entry.snapshotId,
    'sequence-number': entry.sequenceNumber,
    'file-sequence-number': entry.fileSequenceNumber,
    file: entry.file,
  };
}

/** A snapshot becomes the newest of the main branch. */
export function addToMain(snapshot: Snapshot): CommitRequest['updates'] {
  const ref = { 'snapshot-id': snapshot['snapshot-id'], type: 'branch' as const };
  return [
    { action: 'add-snapshot', snapshot },
    { action: 'set-snapshot-ref', 'ref-name': mainBranch, ...ref },
  ];
}
