import type { DataFile } from './data-file.ts';
import type { ManifestFile } from './manifest-list.ts';
import { partitionColumns } from './partition-spec.ts';
import { columnByName } from './schema.ts';
import { compareValues, deserializeValue, type Value } from './single-value.ts';
import { currentSchema, specById, type TableMetadata } from './table-metadata.ts';
import { applyTransform, preservesOrder } from './transforms.ts';

/** Rows whose column isn't null and lies between `min` and `max`, both included. Numbers and bigints are both taken for int and long. */
export interface ColumnRange {
  readonly column: string;
  readonly min?: Value;
  readonly max?: Value;
}

/** A range over a field of the table. */
export interface BoundRange {
  readonly id: number;
  readonly type: string;
  readonly min: Value | undefined;
  readonly max: Value | undefined;
}

/** Ranges over columns that the table doesn't have, or that aren't primitive, prune nothing. */
export function bindRanges(metadata: TableMetadata, ranges: readonly ColumnRange[]): BoundRange[] {
  const schema = currentSchema(metadata);
  return ranges.flatMap(({ column, min, max }) => {
    const field = columnByName(schema, column);
    return field && typeof field.type === 'string' ? [{ id: field.id, type: field.type, min, max }] : [];
  });
}

/** Whether a manifest may list files with such rows. */
export function mayMatchManifest(
  manifest: ManifestFile,
  metadata: TableMetadata,
  ranges: readonly BoundRange[],
): boolean {
  const { partitions } = manifest;
  if (!partitions || ranges.length === 0) return true;
  return partitionRanges(metadata, manifest['partition-spec-id'], ranges).every(({ index, type, min, max }) => {
    const summary = partitions[index];
    if (!summary) return true;
    const [lower, upper] = [summary['lower-bound'], summary['upper-bound']];
    // No bounds: all values are null (or NaN, which partitions by order never are).
    if (!lower || !upper) return summary['contains-nan'] ?? true;
    return overlaps(deserializeValue(type, lower), deserializeValue(type, upper), min, max);
  });
}

/** Whether a manifest may list a file, by the file's partition. */
export function mayListFile(manifest: ManifestFile, file: DataFile, metadata: TableMetadata): boolean {
  if (manifest['partition-spec-id'] !== file['spec-id']) return false;
  const columns = partitionColumns(specById(metadata, file['spec-id']), currentSchema(metadata));
  return columns.every(({ type }, i) => {
    const summary = manifest.partitions?.[i];
    const value = file.partition[i];
    if (!summary || value === undefined) return true;
    if (value === null) return summary['contains-null'];
    if (Number.isNaN(value)) return true;
    const [lower, upper] = [summary['lower-bound'], summary['upper-bound']];
    return !!lower && !!upper && overlaps(deserializeValue(type, lower), deserializeValue(type, upper), value, value);
  });
}

/** Whether a data file may hold such rows, by its partition and its columns' bounds. */
export function mayMatchEntry(file: DataFile, metadata: TableMetadata, ranges: readonly BoundRange[]): boolean {
  if (ranges.length === 0) return true;
  const byPartition = partitionRanges(metadata, file['spec-id'], ranges).every(({ index, min, max }) => {
    const value = file.partition[index];
    return value !== null && (value === undefined || overlaps(value, value, min, max));
  });
  return byPartition && ranges.every((range) => mayMatchBounds(file, range));
}

function mayMatchBounds(file: DataFile, { id, type, min, max }: BoundRange): boolean {
  const values = file['value-counts']?.get(id);
  if (values !== undefined && values === file['null-value-counts']?.get(id)) return file['record-count'] !== values;
  const lower = file['lower-bounds']?.get(id);
  const upper = file['upper-bounds']?.get(id);
  const mayHoldNaN = (type === 'double' || type === 'float') && file['nan-value-counts']?.get(id) !== 0;
  // DuckDB and Spark order NaN above all numbers, and bounds leave it out.
  const high = upper && !mayHoldNaN ? deserializeValue(type, upper) : undefined;
  return overlaps(lower && deserializeValue(type, lower), high, min, max);
}

interface PartitionRange {
  readonly index: number;
  readonly type: string;
  readonly min: Value | undefined;
  readonly max: Value | undefined;
}

/** The ranges as a spec's partition fields see them. */
function partitionRanges(metadata: TableMetadata, specId: number, ranges: readonly BoundRange[]): PartitionRange[] {
  const spec = specById(metadata, specId);
  const columns = partitionColumns(spec, currentSchema(metadata));
  return spec.fields.flatMap((field, index) => {
    if (!preservesOrder(field.transform)) return [];
    const transform = (type: string, value: Value | undefined) =>
      value === undefined ? undefined : (applyTransform(field.transform, type, value) ?? undefined);
    return ranges
      .filter((range) => range.id === field['source-id'])
      .map(({ type, min, max }) => ({
        index,
        type: columns[index]!.type,
        min: transform(type, min),
        max: transform(type, max),
      }));
  });
}

function overlaps(
  lower: Value | undefined,
  upper: Value | undefined,
  min: Value | undefined,
  max: Value | undefined,
): boolean {
  if (upper !== undefined && min !== undefined && compareValues(upper, min) < 0) return false;
  return !(lower !== undefined && max !== undefined && compareValues(lower, max) > 0);
}
