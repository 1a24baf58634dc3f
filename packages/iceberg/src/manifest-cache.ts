import type { ObjectStore } from '@signaldb/object-store';
import type { DataFile, EntryStatus, ManifestEntry } from './data-file.ts';
import type { Long } from './json.ts';
import { readManifest } from './manifest.ts';
import { type ManifestFile, readManifestList } from './manifest-list.ts';
import { fieldById, type IcebergSchema } from './schema.ts';
import { schemaById, specById, type TableMetadata } from './table-metadata.ts';

/** A file of a manifest, with what it inherits filled in. */
export interface ResolvedEntry {
  readonly status: EntryStatus;
  readonly snapshotId: Long;
  readonly sequenceNumber: number;
  readonly fileSequenceNumber: number;
  readonly file: DataFile;
}

/** Reads manifest lists and manifests. They never change, so what was read once is kept, up to a size. */
export interface ManifestReader {
  list(path: string): Promise<readonly ManifestFile[]>;
  entries(manifest: ManifestFile, metadata: TableMetadata): Promise<readonly ResolvedEntry[]>;
  /** Files fetched from the store so far. */
  readonly fetches: number;
}

export interface ManifestReaderOptions {
  readonly store: ObjectStore;
  /** Of what is kept, as far as it can be told. Default 64 MiB; 0 keeps nothing. */
  readonly cacheBytesMax?: number;
}

/** Decoded manifests take about this many times their compressed size. */
const expansion = 12;

interface Cached {
  readonly value: Promise<unknown>;
  bytes: number;
}

export function createManifestReader(options: ManifestReaderOptions): ManifestReader {
  const { store, cacheBytesMax = 64 * 1024 * 1024 } = options;
  const cache = new Map<string, Cached>();
  let cachedBytes = 0;
  let fetches = 0;

  const forget = (path: string) => {
    cachedBytes -= cache.get(path)?.bytes ?? 0;
    cache.delete(path);
  };

  const load = <T>(path: string, decode: (bytes: Uint8Array) => Promise<T>): Promise<T> => {
    const known = cache.get(path);
    if (known) {
      cache.delete(path);
      cache.set(path, known);
      return known.value as Promise<T>;
    }
    const entry: Cached = { value: fetch(path, decode, (bytes) => account(path, entry, bytes)), bytes: 0 };
    cache.set(path, entry);
    entry.value.catch(() => cache.get(path) === entry && forget(path));
    return entry.value as Promise<T>;
  };

  const fetch = async <T>(path: string, decode: (bytes: Uint8Array) => Promise<T>, done: (bytes: number) => void) => {
    fetches++;
    const bytes = await store.get(store.keyOf(path));
    const value = await decode(bytes);
    done(bytes.length * expansion);
    return value;
  };

  const account = (path: string, entry: Cached, bytes: number) => {
    if (cache.get(path) !== entry) return;
    entry.bytes = bytes;
    cachedBytes += bytes;
    for (const oldest of cache.keys()) {
      if (cachedBytes <= cacheBytesMax) return;
      forget(oldest);
    }
  };

  return {
    list: (path) => load(path, readManifestList),
    entries: (manifest, metadata) =>
      load(manifest['manifest-path'], async (bytes) => {
        const spec = specById(metadata, manifest['partition-spec-id']);
        const entries = await readManifest(bytes, spec, schemaFor(metadata, spec));
        return entries.map((entry) => resolve(entry, manifest));
      }),
    get fetches() {
      return fetches;
    },
  };
}

/** A schema that still has the spec's source columns: the current one unless a column was dropped since. */
function schemaFor(
  metadata: TableMetadata,
  spec: { readonly fields: readonly { readonly 'source-id': number }[] },
): IcebergSchema {
  const current = schemaById(metadata, metadata['current-schema-id']);
  const hasAll = (schema: IcebergSchema) =>
    spec.fields.every((field) => fieldById(schema, field['source-id']) !== undefined);
  return hasAll(current) ? current : (metadata.schemas.findLast(hasAll) ?? current);
}

/** https://iceberg.apache.org/spec/#sequence-number-inheritance */
function resolve(entry: ManifestEntry, manifest: ManifestFile): ResolvedEntry {
  const sequenceNumber = entry['sequence-number'] ?? manifest['sequence-number'];
  return {
    status: entry.status,
    snapshotId: entry['snapshot-id'] ?? manifest['added-snapshot-id'],
    sequenceNumber,
    fileSequenceNumber: entry['file-sequence-number'] ?? manifest['sequence-number'],
    file: entry.file,
  };
}
