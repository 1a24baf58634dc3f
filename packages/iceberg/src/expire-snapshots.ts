import type { ObjectStore } from '@signaldb/object-store';
import type { Catalog, LoadTableResult } from './catalog.ts';
import { type CommitAttempt, commitWithRetry, type RetryOptions } from './commit-loop.ts';
import type { Long } from './json.ts';
import { createManifestReader, type ManifestReader } from './manifest-cache.ts';
import type { ManifestFile } from './manifest-list.ts';
import { mainBranch, type Snapshot } from './snapshot.ts';
import { snapshotById, type TableMetadata } from './table-metadata.ts';

export interface ExpireSnapshotsOptions {
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  readonly ns: string;
  readonly table: string;
  /** Snapshots before this moment may go (milliseconds since 1970) … */
  readonly olderThanMs: number;
  /** … except this many of main's newest. Default 1. */
  readonly retainLast?: number;
  readonly base?: LoadTableResult | undefined;
  readonly reader?: ManifestReader;
  readonly retry?: RetryOptions;
  readonly signal?: AbortSignal;
}

export interface ExpireSnapshotsResult extends LoadTableResult {
  readonly expired: readonly Long[];
  /** URIs that no snapshot refers to any more. Delete them once no reader can be at work on an expired snapshot. */
  readonly filesToDelete: readonly string[];
}

/**
 * Drops old snapshots, and schemas that no snapshot uses, from a table's metadata, so that it doesn't grow without
 * bound. What branches and tags refer to stays, with their history as their own settings ask.
 */
export async function expireSnapshots(options: ExpireSnapshotsOptions): Promise<ExpireSnapshotsResult> {
  const { store, ns, table } = options;
  const reader = options.reader ?? createManifestReader({ store, cacheBytesMax: 0 });
  let before: TableMetadata | undefined;
  let expired: readonly Snapshot[] = [];
  const prepare = async (base: TableMetadata): Promise<CommitAttempt | undefined> => {
    const kept = snapshotsToKeep(base, options);
    before = base;
    expired = base.snapshots.filter((snapshot) => !kept.has(snapshot['snapshot-id']));
    const schemaIds = unusedSchemas(base, kept);
    if (expired.length === 0 && schemaIds.length === 0) return undefined;
    const ids = expired.map((snapshot) => snapshot['snapshot-id']);
    return {
      request: {
        requirements: [
          { type: 'assert-table-uuid', uuid: base['table-uuid'] },
          { type: 'assert-current-schema-id', 'current-schema-id': base['current-schema-id'] },
          // A ref that moves meanwhile could come to need what is dropped.
          ...Object.entries(base.refs).map(([ref, { 'snapshot-id': id }]) => ({
            type: 'assert-ref-snapshot-id' as const,
            ref,
            'snapshot-id': id,
          })),
        ],
        updates: [
          ...(ids.length > 0 ? [{ action: 'remove-snapshots' as const, 'snapshot-ids': ids }] : []),
          ...(schemaIds.length > 0 ? [{ action: 'remove-schemas' as const, 'schema-ids': schemaIds }] : []),
        ],
      },
      isCommitted: (metadata) => ids.length > 0 && ids.every((id) => !snapshotById(metadata, id)),
      discard: async () => undefined,
    };
  };
  const { committed: _, ...result } = await commitWithRetry({ ...options, namespace: ns, table, prepare });
  const filesToDelete = await unreachableFiles(before!, result.metadata, expired, reader);
  return { ...result, expired: expired.map((snapshot) => snapshot['snapshot-id']), filesToDelete };
}

function snapshotsToKeep(metadata: TableMetadata, { olderThanMs, retainLast = 1 }: ExpireSnapshotsOptions): Set<Long> {
  const kept = new Set<Long>();
  for (const [name, ref] of Object.entries(metadata.refs)) {
    const age = ref['max-snapshot-age-ms'];
    const limitMs = age === undefined ? olderThanMs : Math.min(olderThanMs, Date.now() - age);
    const count = Math.max(1, ref['min-snapshots-to-keep'] ?? 0, name === mainBranch ? retainLast : 0);
    let position = 0;
    for (const snapshot of ancestors(metadata, ref['snapshot-id'])) {
      const isNeeded = ref.type === 'tag' ? position === 0 : position < count || snapshot['timestamp-ms'] >= limitMs;
      if (!isNeeded) break;
      kept.add(snapshot['snapshot-id']);
      position++;
    }
  }
  // Not yet on any branch, but young: somebody may be about to refer to it.
  for (const snapshot of metadata.snapshots)
    if (snapshot['timestamp-ms'] >= olderThanMs) kept.add(snapshot['snapshot-id']);
  return kept;
}

function* ancestors(metadata: TableMetadata, from: Long): Generator<Snapshot> {
  const byId = new Map(metadata.snapshots.map((snapshot) => [snapshot['snapshot-id'], snapshot]));
  for (let snapshot = byId.get(from); snapshot; snapshot = byId.get(snapshot['parent-snapshot-id'] ?? -1)) {
    byId.delete(snapshot['snapshot-id']);
    yield snapshot;
  }
}

function unusedSchemas(metadata: TableMetadata, kept: ReadonlySet<Long>): number[] {
  const used = new Set([metadata['current-schema-id']]);
  for (const snapshot of metadata.snapshots) {
    if (!kept.has(snapshot['snapshot-id'])) continue;
    // A snapshot that names no schema may need any.
    if (snapshot['schema-id'] === undefined) return [];
    used.add(snapshot['schema-id']);
  }
  return metadata.schemas.map((schema) => schema['schema-id']).filter((id) => !used.has(id));
}

/** Files of the expired snapshots that the remaining ones don't refer to. */
async function unreachableFiles(
  before: TableMetadata,
  after: TableMetadata,
  expired: readonly Snapshot[],
  reader: ManifestReader,
): Promise<string[]> {
  if (expired.length === 0) return [];
  const gone = await manifestsOf(expired, reader);
  const kept = await manifestsOf(after.snapshots, reader);
  const lost = [...gone.values()].filter((manifest) => !kept.has(manifest['manifest-path']));
  const data = await unreachableDataFiles(before, expired, lost, [...kept.values()], reader);
  return [
    ...expired.map((snapshot) => snapshot['manifest-list']),
    ...lost.map((manifest) => manifest['manifest-path']),
    ...data,
  ];
}

async function manifestsOf(snapshots: readonly Snapshot[], reader: ManifestReader): Promise<Map<string, ManifestFile>> {
  const found = new Map<string, ManifestFile>();
  for (const snapshot of snapshots) {
    for (const manifest of await reader.list(snapshot['manifest-list'])) found.set(manifest['manifest-path'], manifest);
  }
  return found;
}

/** Data files can only have become unreachable where something was removed, or a snapshot left main's history. */
async function unreachableDataFiles(
  before: TableMetadata,
  expired: readonly Snapshot[],
  lost: readonly ManifestFile[],
  kept: readonly ManifestFile[],
  reader: ManifestReader,
): Promise<string[]> {
  const history = new Set(
    Array.from(ancestors(before, before['current-snapshot-id']), (snapshot) => snapshot['snapshot-id']),
  );
  const onlyAppends = before.snapshots.every(
    (snapshot) => snapshot.summary?.operation === 'append' && history.has(snapshot['snapshot-id']),
  );
  if (onlyAppends || expired.length === 0) return [];
  const candidates = new Set<string>();
  for (const manifest of lost) {
    for (const entry of await reader.entries(manifest, before)) candidates.add(entry.file['file-path']);
  }
  for (const manifest of kept) {
    if (candidates.size === 0) break;
    for (const entry of await reader.entries(manifest, before)) {
      if (entry.status !== 'deleted') candidates.delete(entry.file['file-path']);
    }
  }
  return [...candidates];
}
