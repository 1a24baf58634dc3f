import type { Schema } from 'apache-arrow';
import { arrowToIcebergSchema } from './arrow-schema.ts';
import type { CreateTableRequest } from './catalog.ts';
import { nameMapping, nameMappingProperty } from './name-mapping.ts';
import { columnByName, type IcebergSchema } from './schema.ts';
import type { SortField } from './sort-order.ts';
import type { Properties } from './table-metadata.ts';

export interface SignalTableOptions {
  readonly name: string;
  readonly schema: Schema;
  /** The timestamp column by whose hour the table is partitioned. Default `hour`; a table without it isn't partitioned. */
  readonly hourColumn?: string;
  /** Columns that rows are sorted by, with a transform where the order is coarser: `truncate[1000000000](start_time)`. */
  readonly sortBy?: readonly string[];
  readonly properties?: Properties;
  /** What a row of the table is. */
  readonly comment?: string;
  /** What columns are, by name. */
  readonly columnComments?: Readonly<Record<string, string>>;
}

/** The partition field of signal tables. Not `hour`: a transformed field may not have a column's name. */
export const hourPartitionName = 'time_hour';

/** What SignalDB's own tables set. Frequent commits need short histories of metadata, and manifests merged early. */
export const signalTableProperties: Properties = {
  'write.format.default': 'parquet',
  'write.parquet.compression-codec': 'zstd',
  'write.metadata.previous-versions-max': '20',
  'write.metadata.delete-after-commit.enabled': 'true',
  'commit.manifest.min-count-to-merge': '50',
  'commit.manifest.target-size-bytes': '2097152',
};

/** The request that creates a table of format version 2 for an Arrow schema: partitioned by hour, sorted, name-mapped. */
export function signalTableRequest(options: SignalTableOptions): CreateTableRequest {
  const schema = documented(arrowToIcebergSchema(options.schema), options.columnComments ?? {});
  const hour = columnByName(schema, options.hourColumn ?? 'hour');
  const hourField = { 'field-id': 1000, 'source-id': hour?.id ?? 0, name: hourPartitionName, transform: 'hour' };
  const sortFields = (options.sortBy ?? []).map((term) => sortField(schema, term));
  return {
    name: options.name,
    schema,
    'partition-spec': { 'spec-id': 0, fields: hour ? [hourField] : [] },
    'write-order': { 'order-id': sortFields.length === 0 ? 0 : 1, fields: sortFields },
    properties: {
      ...signalTableProperties,
      [nameMappingProperty]: JSON.stringify(nameMapping(schema)),
      ...(options.comment !== undefined && { comment: options.comment }),
      ...options.properties,
    },
  };
}

/** The schema with `doc` on the columns that have a comment. */
function documented(schema: IcebergSchema, comments: Readonly<Record<string, string>>): IcebergSchema {
  const fields = schema.fields.map((field) => {
    const doc = comments[field.name];
    return doc === undefined ? field : { ...field, doc };
  });
  return { ...schema, fields };
}

function sortField(schema: IcebergSchema, term: string): SortField {
  const [, transform, column] = /^(\w+(?:\[\d+\])?)\((.+)\)$/.exec(term) ?? [undefined, 'identity', term];
  const source = columnByName(schema, column!);
  if (!source) throw new RangeError(`No column "${column}" to sort by`);
  return { 'source-id': source.id, transform: transform!, direction: 'asc', 'null-order': 'nulls-first' };
}
