export { type AppendFilesOptions, type AppendFilesResult, appendFiles } from './append-files.ts';
export { arrowToIcebergSchema, icebergToArrowSchema, isUuidField } from './arrow-schema.ts';
export { AvroError } from './avro-error.ts';
export type {
  Catalog,
  CatalogConfig,
  CommitRequest,
  CreateTableRequest,
  LoadTableResult,
  PropertiesUpdate,
  PropertiesUpdateResult,
  TableIdentifier,
} from './catalog.ts';
export { CatalogError, type CatalogErrorCode, catalogErrorStatus, isCatalogError } from './catalog-error.ts';
export type { RetryOptions } from './commit-loop.ts';
export type {
  Bounds,
  Counts,
  DataFile,
  FileContent,
  FileFormat,
  FileMetrics,
  ManifestEntry,
  NewDataFile,
} from './data-file.ts';
export { type EvolveTableOptions, evolveTable } from './evolve-table.ts';
export { type ExpireSnapshotsOptions, type ExpireSnapshotsResult, expireSnapshots } from './expire-snapshots.ts';
export { type Long, parseJson, stringifyJson } from './json.ts';
export { readManifest, writeManifest } from './manifest.ts';
export {
  createManifestReader,
  type ManifestReader,
  type ManifestReaderOptions,
  type ResolvedEntry,
} from './manifest-cache.ts';
export { type ManifestFile, readManifestList, writeManifestList } from './manifest-list.ts';
export { type Mark, MarkMovedError, type Marks, marksOf } from './marks.ts';
export { applyUpdates, type TableUpdate } from './metadata-updates.ts';
export { type MappedField, nameMapping, nameMappingProperty, updateNameMapping } from './name-mapping.ts';
export { type OrphanFilesOptions, orphanFiles } from './orphan-files.ts';
export type { PartitionField, PartitionSpec } from './partition-spec.ts';
export { type FilePlan, type PlanFilesOptions, type PlannedFile, planFiles } from './plan-files.ts';
export { createMemoryPointers, type PointerChange, type PointerStore } from './pointers.ts';
export type { ColumnRange } from './pruning.ts';
export { FilesChangedError, type ReplaceFilesOptions, replaceFiles } from './replace-files.ts';
export { checkRequirements, type TableRequirement } from './requirements.ts';
export { createRestCatalogClient, type RestCatalogClientOptions } from './rest-client.ts';
export { createRestCatalogRoutes, type RestRequest, type RestResponse } from './rest-routes.ts';
export {
  columnByName,
  type FieldAt,
  fieldById,
  fieldIdsByPath,
  type IcebergSchema,
  type IcebergType,
  type ListType,
  type MapType,
  type NestedField,
  type PrimitiveType,
  type StructType,
  walkFields,
} from './schema.ts';
export { SchemaError } from './schema-error.ts';
export { evolveSchema, type SchemaEvolution } from './schema-evolution.ts';
export { type CatalogOptions, createCatalog } from './server-catalog.ts';
export {
  hourPartitionName,
  type SignalTableOptions,
  signalTableProperties,
  signalTableRequest,
} from './signal-table.ts';
export { compareValues, deserializeValue, serializeValue, type Value } from './single-value.ts';
export type { Operation, Snapshot, SnapshotRef, SnapshotSummary } from './snapshot.ts';
export type { SortField, SortOrder } from './sort-order.ts';
export {
  currentSchema,
  currentSnapshot,
  defaultSpec,
  type Properties,
  parseTableMetadata,
  serializeTableMetadata,
  type TableMetadata,
} from './table-metadata.ts';
export { applyTransform, type Transform } from './transforms.ts';
export {
  arraySize,
  type SqlTypeName,
  type SqlTypes,
  sqlTypesOf,
  sqlTypesProperty,
  storeColumns,
  type UserColumns,
  userColumns,
} from './user-columns.ts';
