import { CatalogError } from './catalog-error.ts';
import type { Long } from './json.ts';
import { MetadataBuilder } from './metadata-builder.ts';
import type { PartitionSpec } from './partition-spec.ts';
import type { IcebergSchema } from './schema.ts';
import type { Snapshot, SnapshotRef } from './snapshot.ts';
import type { SortOrder } from './sort-order.ts';
import type { Properties, StatisticsFile, TableMetadata } from './table-metadata.ts';

/** A change of a commit. -1 as an id means "the one that this commit added last". https://iceberg.apache.org/rest-catalog-spec (TableUpdate) */
export type TableUpdate =
  | { readonly action: 'assign-uuid'; readonly uuid: string }
  | { readonly action: 'upgrade-format-version'; readonly 'format-version': number }
  | { readonly action: 'add-schema'; readonly schema: IcebergSchema; readonly 'last-column-id'?: number }
  | { readonly action: 'set-current-schema'; readonly 'schema-id': number }
  | { readonly action: 'remove-schemas'; readonly 'schema-ids': readonly number[] }
  | { readonly action: 'add-spec'; readonly spec: PartitionSpec }
  | { readonly action: 'set-default-spec'; readonly 'spec-id': number }
  | { readonly action: 'remove-partition-specs'; readonly 'spec-ids': readonly number[] }
  | { readonly action: 'add-sort-order'; readonly 'sort-order': SortOrder }
  | { readonly action: 'set-default-sort-order'; readonly 'sort-order-id': number }
  | { readonly action: 'add-snapshot'; readonly snapshot: Snapshot }
  | ({ readonly action: 'set-snapshot-ref'; readonly 'ref-name': string } & SnapshotRef)
  | { readonly action: 'remove-snapshots'; readonly 'snapshot-ids': readonly Long[] }
  | { readonly action: 'remove-snapshot-ref'; readonly 'ref-name': string }
  | { readonly action: 'set-location'; readonly location: string }
  | { readonly action: 'set-properties'; readonly updates: Properties }
  | { readonly action: 'remove-properties'; readonly removals: readonly string[] }
  | { readonly action: 'set-statistics'; readonly statistics: StatisticsFile }
  | { readonly action: 'remove-statistics'; readonly 'snapshot-id': Long }
  | { readonly action: 'set-partition-statistics'; readonly 'partition-statistics': StatisticsFile }
  | { readonly action: 'remove-partition-statistics'; readonly 'snapshot-id': Long };

/**
 * The metadata after all updates, in their order; the very `metadata` when they change nothing. Throws CatalogError
 * (BadRequestException, ValidationException) for an update that can't be applied. Doesn't touch the metadata log.
 */
export function applyUpdates(metadata: TableMetadata, updates: readonly TableUpdate[], nowMs: number): TableMetadata {
  const builder = new MetadataBuilder(metadata, nowMs);
  for (const update of updates) applyUpdate(builder, update);
  return builder.build();
}

type Handlers = {
  readonly [A in TableUpdate['action']]: (
    builder: MetadataBuilder,
    update: Extract<TableUpdate, { action: A }>,
  ) => void;
};

const handlers: Handlers = {
  'assign-uuid': (builder, update) => builder.assignUuid(update.uuid),
  'upgrade-format-version': (builder, update) => builder.upgradeFormatVersion(update['format-version']),
  'add-schema': (builder, update) => builder.addSchema(update.schema, update['last-column-id']),
  'set-current-schema': (builder, update) => builder.setCurrentSchema(update['schema-id']),
  'remove-schemas': (builder, update) => builder.removeSchemas(update['schema-ids']),
  'add-spec': (builder, update) => builder.addSpec(update.spec),
  'set-default-spec': (builder, update) => builder.setDefaultSpec(update['spec-id']),
  'remove-partition-specs': (builder, update) => builder.removeSpecs(update['spec-ids']),
  'add-sort-order': (builder, update) => builder.addSortOrder(update['sort-order']),
  'set-default-sort-order': (builder, update) => builder.setDefaultSortOrder(update['sort-order-id']),
  'add-snapshot': (builder, update) => builder.addSnapshot(update.snapshot),
  'set-snapshot-ref': (builder, { action: _, 'ref-name': name, ...ref }) => builder.setRef(name, ref),
  'remove-snapshots': (builder, update) => builder.removeSnapshots(update['snapshot-ids']),
  'remove-snapshot-ref': (builder, update) => builder.removeRef(update['ref-name']),
  'set-location': (builder, update) => builder.setLocation(update.location),
  'set-properties': (builder, update) => builder.setProperties(update.updates),
  'remove-properties': (builder, update) => builder.removeProperties(update.removals),
  'set-statistics': (builder, update) => builder.setStatistics('statistics', update.statistics),
  'remove-statistics': (builder, update) => builder.removeStatistics('statistics', update['snapshot-id']),
  'set-partition-statistics': (builder, update) =>
    builder.setStatistics('partition-statistics', update['partition-statistics']),
  'remove-partition-statistics': (builder, update) =>
    builder.removeStatistics('partition-statistics', update['snapshot-id']),
};

function applyUpdate(builder: MetadataBuilder, update: TableUpdate): void {
  if (!Object.hasOwn(handlers, update.action)) {
    const message = `Update ${update.action} isn't supported for tables of format version 2`;
    throw new CatalogError('BadRequestException', message);
  }
  const handle = handlers[update.action] as (builder: MetadataBuilder, update: TableUpdate) => void;
  handle(builder, update);
}
