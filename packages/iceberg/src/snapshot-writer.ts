import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '@signaldb/object-store';
import type { ManifestEntry } from './data-file.ts';
import type { Long } from './json.ts';
import { writeManifest } from './manifest.ts';
import { describeManifest, type ManifestFile, writeManifestList } from './manifest-list.ts';
import { partitionColumns } from './partition-spec.ts';
import { currentSchema, specById, type TableMetadata } from './table-metadata.ts';

/** Writes the manifests and manifest lists of one snapshot, and remembers them so that they can be deleted again. */
export interface SnapshotWriter {
  readonly snapshotId: number;
  manifest(metadata: TableMetadata, specId: number, entries: readonly ManifestEntry[]): Promise<ManifestFile>;
  /** @returns the list's location. */
  list(metadata: TableMetadata, options: ListOptions): Promise<string>;
  /** Best effort: what can't be deleted stays behind. */
  discard(paths: readonly string[]): Promise<void>;
}

interface ListOptions {
  readonly parentSnapshotId: Long | undefined;
  readonly sequenceNumber: number;
  readonly manifests: readonly ManifestFile[];
}

export function createSnapshotWriter(store: ObjectStore, snapshotId = randomSnapshotId()): SnapshotWriter {
  const commitId = randomUUID();
  let manifests = 0;
  let lists = 0;
  const put = async (path: string, bytes: Uint8Array) => {
    await store.put(store.keyOf(path), bytes);
    return path;
  };
  return {
    snapshotId,
    async manifest(metadata, specId, entries) {
      const schema = currentSchema(metadata);
      const spec = specById(metadata, specId);
      const bytes = await writeManifest({ schema, spec, entries });
      const path = await put(`${metadata.location}/metadata/${commitId}-m${manifests++}.avro`, bytes);
      const partition = partitionColumns(spec, schema);
      return describeManifest({ path, length: bytes.length, specId, snapshotId, partition, entries });
    },
    async list(metadata, options) {
      const bytes = await writeManifestList({ snapshotId, ...options });
      return put(`${metadata.location}/metadata/snap-${snapshotId}-${++lists}-${commitId}.avro`, bytes);
    },
    async discard(paths) {
      await store.delete(paths.map((path) => store.keyOf(path))).catch(() => undefined);
    },
  };
}

/** Positive, and exact as a JavaScript number. */
export function randomSnapshotId(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return 1 + (high! >>> 11) * 2 ** 32 + low!;
}
