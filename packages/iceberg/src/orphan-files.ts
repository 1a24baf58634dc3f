import type { ObjectStore } from '@signaldb/object-store';
import type { LoadTableResult } from './catalog.ts';
import { createManifestReader, type ManifestReader } from './manifest-cache.ts';

export interface OrphanFilesOptions {
  readonly store: ObjectStore;
  /** The table as it is now: load it just before. */
  readonly table: LoadTableResult;
  /** Milliseconds since 1970. Younger files may belong to a commit that is still being tried: days back, not minutes. */
  readonly olderThanMs: number;
  /** A file of this ending belongs to the file whose name it continues. */
  readonly sidecarSuffixes?: readonly string[];
  readonly reader?: ManifestReader;
}

/**
 * Keys below a table's location that neither a snapshot nor the metadata log refers to: what was left behind by writers
 * that ended in the midst of a commit. Reads every manifest, so it is for once a day.
 */
export async function* orphanFiles(options: OrphanFilesOptions): AsyncGenerator<string> {
  const { store, table, olderThanMs, sidecarSuffixes = [] } = options;
  const referenced = await referencedKeys(options);
  const ownerOf = (key: string) => {
    const suffix = sidecarSuffixes.find((end) => key.endsWith(end));
    return suffix === undefined ? key : key.slice(0, -suffix.length);
  };
  for await (const { key, modified } of store.list(`${store.keyOf(table.metadata.location)}/`)) {
    if (modified.getTime() < olderThanMs && !referenced.has(key) && !referenced.has(ownerOf(key))) yield key;
  }
}

async function referencedKeys({ store, table, reader }: OrphanFilesOptions): Promise<Set<string>> {
  const { metadata, 'metadata-location': location } = table;
  const manifests = reader ?? createManifestReader({ store, cacheBytesMax: 0 });
  const paths = new Set<string>(location === undefined ? [] : [location]);
  for (const entry of metadata['metadata-log']) paths.add(entry['metadata-file']);
  for (const file of [...metadata.statistics, ...metadata['partition-statistics']]) paths.add(file['statistics-path']);
  for (const snapshot of metadata.snapshots) {
    paths.add(snapshot['manifest-list']);
    for (const manifest of await manifests.list(snapshot['manifest-list'])) {
      if (paths.has(manifest['manifest-path'])) continue;
      paths.add(manifest['manifest-path']);
      for (const { file } of await manifests.entries(manifest, metadata)) paths.add(file['file-path']);
    }
  }
  return new Set([...paths].flatMap((path) => keyOf(store, path)));
}

/** Files of another store are none of ours to delete. */
function keyOf(store: ObjectStore, path: string): string[] {
  try {
    return [store.keyOf(path)];
  } catch {
    return [];
  }
}
