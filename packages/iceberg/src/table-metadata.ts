import { CatalogError } from './catalog-error.ts';
import { type Long, parseJson, stringifyJson } from './json.ts';
import type { PartitionSpec } from './partition-spec.ts';
import type { IcebergSchema } from './schema.ts';
import { mainBranch, type Snapshot, type SnapshotRef } from './snapshot.ts';
import { type SortOrder, unsorted } from './sort-order.ts';

export type Properties = Readonly<Record<string, string>>;

export interface SnapshotLogEntry {
  readonly 'timestamp-ms': number;
  readonly 'snapshot-id': Long;
}

export interface MetadataLogEntry {
  readonly 'timestamp-ms': number;
  readonly 'metadata-file': string;
}

/** Statistics about one snapshot, kept in a Puffin file (or, of partitions, in a data file). */
export interface StatisticsFile {
  readonly 'snapshot-id': Long;
  readonly 'statistics-path': string;
  readonly [key: string]: unknown;
}

/** Table metadata of format version 2. https://iceberg.apache.org/spec/#table-metadata-fields Never changed in place. */
export interface TableMetadata {
  readonly 'format-version': 2;
  readonly 'table-uuid': string;
  readonly location: string;
  readonly 'last-sequence-number': number;
  readonly 'last-updated-ms': number;
  readonly 'last-column-id': number;
  readonly schemas: readonly IcebergSchema[];
  readonly 'current-schema-id': number;
  readonly 'partition-specs': readonly PartitionSpec[];
  readonly 'default-spec-id': number;
  readonly 'last-partition-id': number;
  readonly properties: Properties;
  /** -1: the table has no snapshot yet. */
  readonly 'current-snapshot-id': Long;
  readonly snapshots: readonly Snapshot[];
  readonly 'snapshot-log': readonly SnapshotLogEntry[];
  readonly 'metadata-log': readonly MetadataLogEntry[];
  readonly 'sort-orders': readonly SortOrder[];
  readonly 'default-sort-order-id': number;
  readonly refs: Readonly<Record<string, SnapshotRef>>;
  readonly statistics: readonly StatisticsFile[];
  readonly 'partition-statistics': readonly StatisticsFile[];
}

export const noSnapshot = -1;

/** Reads a metadata file or the `metadata` of a REST answer. Throws CatalogError (BadRequestException) for what isn't version 2. */
export function parseTableMetadata(text: string): TableMetadata {
  return asTableMetadata(parseJson(text));
}

/** Fills in what other writers may leave out. */
export function asTableMetadata(json: unknown): TableMetadata {
  const read = json as Partial<TableMetadata> | null;
  if (
    read === null ||
    typeof read !== 'object' ||
    !Array.isArray(read.schemas) ||
    !Array.isArray(read['partition-specs'])
  ) {
    throw new CatalogError('BadRequestException', 'Not Iceberg table metadata: schemas or partition-specs are missing');
  }
  if (read['format-version'] !== 2) {
    throw new CatalogError('BadRequestException', `Format version ${read['format-version']} isn't supported, only 2`);
  }
  const current = read['current-snapshot-id'] ?? noSnapshot;
  const refs = read.refs ?? {};
  return {
    ...(read as TableMetadata),
    'sort-orders': read['sort-orders'] ?? [unsorted],
    'default-sort-order-id': read['default-sort-order-id'] ?? 0,
    'last-sequence-number': read['last-sequence-number'] ?? 0,
    properties: read.properties ?? {},
    'current-snapshot-id': current,
    snapshots: read.snapshots ?? [],
    'snapshot-log': read['snapshot-log'] ?? [],
    'metadata-log': read['metadata-log'] ?? [],
    refs:
      current !== noSnapshot && !refs[mainBranch]
        ? { ...refs, main: { 'snapshot-id': current, type: 'branch' } }
        : refs,
    statistics: read.statistics ?? [],
    'partition-statistics': read['partition-statistics'] ?? [],
  };
}

export const serializeTableMetadata = (metadata: TableMetadata): string => stringifyJson(metadata);

export function snapshotById(metadata: TableMetadata, id: Long): Snapshot | undefined {
  return metadata.snapshots.findLast((snapshot) => snapshot['snapshot-id'] === id);
}

/** What readers see; undefined while nothing has been committed. */
export function currentSnapshot(metadata: TableMetadata): Snapshot | undefined {
  return snapshotById(metadata, metadata['current-snapshot-id']);
}

export function schemaById(metadata: TableMetadata, id: number): IcebergSchema {
  return found(
    metadata.schemas.find((schema) => schema['schema-id'] === id),
    `schema ${id}`,
  );
}

export const currentSchema = (metadata: TableMetadata): IcebergSchema =>
  schemaById(metadata, metadata['current-schema-id']);

export function specById(metadata: TableMetadata, id: number): PartitionSpec {
  return found(
    metadata['partition-specs'].find((spec) => spec['spec-id'] === id),
    `partition spec ${id}`,
  );
}

export const defaultSpec = (metadata: TableMetadata): PartitionSpec => specById(metadata, metadata['default-spec-id']);

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new CatalogError('BadRequestException', `The table has no ${what}`);
  return value;
}
