import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '@signaldb/object-store';
import { CatalogError } from './catalog-error.ts';
import { parseTableMetadata, serializeTableMetadata, type TableMetadata } from './table-metadata.ts';

/** Reads and writes the metadata files of tables. */
export interface MetadataFiles {
  /** NoSuchTableException when the file is gone. */
  read(location: string): Promise<TableMetadata>;
  /** Writes the version after `previous` and gives its location. */
  write(metadata: TableMetadata, previous: string | undefined): Promise<string>;
  /** Best effort: what can't be deleted stays behind. */
  discard(locations: readonly string[]): Promise<void>;
}

/** @param cacheEntriesMax how many tables' metadata are kept in memory. */
export function createMetadataFiles(store: ObjectStore, cacheEntriesMax = 64): MetadataFiles {
  const cache = new Map<string, TableMetadata>();
  const remember = (location: string, metadata: TableMetadata) => {
    cache.delete(location);
    cache.set(location, metadata);
    for (const oldest of cache.keys()) {
      if (cache.size <= cacheEntriesMax) return;
      cache.delete(oldest);
    }
  };
  return {
    async read(location) {
      const known = cache.get(location);
      const metadata = known ?? parseTableMetadata(await readText(store, location));
      remember(location, metadata);
      return metadata;
    },
    async write(metadata, previous) {
      const location = `${metadata.location}/metadata/${nextName(previous)}`;
      try {
        await store.put(store.keyOf(location), Buffer.from(serializeTableMetadata(metadata)));
      } catch (cause) {
        throw unavailable(location, cause);
      }
      remember(location, metadata);
      if (previous !== undefined) cache.delete(previous);
      return location;
    },
    async discard(locations) {
      for (const location of locations) cache.delete(location);
      await store.delete(locations.map((location) => store.keyOf(location))).catch(() => undefined);
    },
  };
}

async function readText(store: ObjectStore, location: string): Promise<string> {
  try {
    return Buffer.from(await store.get(store.keyOf(location))).toString('utf8');
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'NOT_FOUND') throw unavailable(location, cause);
    throw new CatalogError('NoSuchTableException', `The metadata file is missing: ${location}`, { cause });
  }
}

function unavailable(location: string, cause: unknown): CatalogError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CatalogError('ServiceUnavailableException', `Object store failed for ${location}: ${reason}`, { cause });
}

/** `<n>-<uuid>.metadata.json`, n one higher than before. */
function nextName(previous: string | undefined): string {
  const version = /(\d+)-[^/]*$/.exec(previous ?? '')?.[1];
  const next = version === undefined ? 0 : Number(version) + 1;
  return `${String(next).padStart(5, '0')}-${randomUUID()}.metadata.json`;
}
