import { Buffer } from 'node:buffer';
import { AvroError } from './avro-error.ts';
import { avroType, readAvroFile, writeAvroFile } from './avro-file.ts';
import type { ManifestEntry } from './data-file.ts';
import type { Long } from './json.ts';
import { manifestFileSchema } from './manifest-schema.ts';
import type { PartitionColumn } from './partition-spec.ts';
import { compareValues, serializeValue, type Value } from './single-value.ts';

/** The values of one partition field over all files of a manifest. */
export interface PartitionSummary {
  readonly 'contains-null': boolean;
  readonly 'contains-nan'?: boolean;
  readonly 'lower-bound'?: Uint8Array;
  readonly 'upper-bound'?: Uint8Array;
}

/** A row of a manifest list. https://iceberg.apache.org/spec/#manifest-lists */
export interface ManifestFile {
  readonly 'manifest-path': string;
  readonly 'manifest-length': number;
  readonly 'partition-spec-id': number;
  readonly content: 'data' | 'deletes';
  readonly 'sequence-number': number;
  readonly 'min-sequence-number': number;
  readonly 'added-snapshot-id': Long;
  readonly 'added-files-count': number;
  readonly 'existing-files-count': number;
  readonly 'deleted-files-count': number;
  readonly 'added-rows-count': number;
  readonly 'existing-rows-count': number;
  readonly 'deleted-rows-count': number;
  readonly partitions?: readonly PartitionSummary[];
  readonly 'key-metadata'?: Uint8Array;
}

/** In a manifest list that isn't committed yet: this manifest gets the sequence number of the commit. */
export const unassignedSequenceNumber = -1;

const manifestFileType = avroType(manifestFileSchema);

/** The bytes of a snapshot's manifest list. Manifests with an unassigned sequence number get the snapshot's. */
export async function writeManifestList(options: {
  readonly snapshotId: Long;
  readonly parentSnapshotId?: Long | undefined;
  readonly sequenceNumber: number;
  readonly manifests: readonly ManifestFile[];
  readonly sync?: Uint8Array;
}): Promise<Uint8Array> {
  return writeAvroFile({
    schema: manifestFileSchema,
    type: manifestFileType,
    metadata: {
      'snapshot-id': String(options.snapshotId),
      'parent-snapshot-id': String(options.parentSnapshotId ?? 'null'),
      'sequence-number': String(options.sequenceNumber),
      'format-version': '2',
    },
    records: options.manifests.map((manifest) => toAvro(manifest, options.sequenceNumber)),
    ...(options.sync ? { sync: options.sync } : {}),
  });
}

/** The manifests of a snapshot. Throws AvroError. */
export async function readManifestList(bytes: Uint8Array): Promise<ManifestFile[]> {
  const { records } = await readAvroFile(bytes);
  return records.map((record) => {
    if (typeof (record as AvroManifestFile | null)?.manifest_path === 'string')
      return fromAvro(record as AvroManifestFile);
    throw new AvroError('an Avro file, but not a manifest list');
  });
}

interface AvroManifestFile {
  readonly manifest_path: string;
  readonly manifest_length: number;
  readonly partition_spec_id: number;
  readonly content?: number;
  readonly sequence_number?: number;
  readonly min_sequence_number?: number;
  readonly added_snapshot_id: Long;
  readonly added_files_count: number;
  readonly existing_files_count: number;
  readonly deleted_files_count: number;
  readonly added_rows_count: number;
  readonly existing_rows_count: number;
  readonly deleted_rows_count: number;
  readonly partitions?:
    | readonly {
        readonly contains_null: boolean;
        readonly contains_nan?: boolean | null;
        readonly lower_bound?: Uint8Array | null;
        readonly upper_bound?: Uint8Array | null;
      }[]
    | null;
  readonly key_metadata?: Uint8Array | null;
}

function toAvro(manifest: ManifestFile, assigned: number): AvroManifestFile {
  const sequence = (value: number) => (value === unassignedSequenceNumber ? assigned : value);
  return {
    manifest_path: manifest['manifest-path'],
    manifest_length: manifest['manifest-length'],
    partition_spec_id: manifest['partition-spec-id'],
    content: manifest.content === 'deletes' ? 1 : 0,
    sequence_number: sequence(manifest['sequence-number']),
    min_sequence_number: sequence(manifest['min-sequence-number']),
    added_snapshot_id: manifest['added-snapshot-id'],
    added_files_count: manifest['added-files-count'],
    existing_files_count: manifest['existing-files-count'],
    deleted_files_count: manifest['deleted-files-count'],
    added_rows_count: manifest['added-rows-count'],
    existing_rows_count: manifest['existing-rows-count'],
    deleted_rows_count: manifest['deleted-rows-count'],
    partitions:
      manifest.partitions?.map((summary) => ({
        contains_null: summary['contains-null'],
        contains_nan: summary['contains-nan'] ?? null,
        lower_bound: buffer(summary['lower-bound']),
        upper_bound: buffer(summary['upper-bound']),
      })) ?? null,
    key_metadata: buffer(manifest['key-metadata']),
  };
}

function fromAvro(manifest: AvroManifestFile): ManifestFile {
  return {
    'manifest-path': manifest.manifest_path,
    'manifest-length': manifest.manifest_length,
    'partition-spec-id': manifest.partition_spec_id,
    content: manifest.content === 1 ? 'deletes' : 'data',
    'sequence-number': manifest.sequence_number ?? 0,
    'min-sequence-number': manifest.min_sequence_number ?? 0,
    'added-snapshot-id': manifest.added_snapshot_id,
    'added-files-count': manifest.added_files_count,
    'existing-files-count': manifest.existing_files_count,
    'deleted-files-count': manifest.deleted_files_count,
    'added-rows-count': manifest.added_rows_count,
    'existing-rows-count': manifest.existing_rows_count,
    'deleted-rows-count': manifest.deleted_rows_count,
    ...(manifest.partitions
      ? {
          partitions: manifest.partitions.map((summary) => ({
            'contains-null': summary.contains_null,
            ...(typeof summary.contains_nan === 'boolean' ? { 'contains-nan': summary.contains_nan } : {}),
            ...(summary.lower_bound ? { 'lower-bound': summary.lower_bound } : {}),
            ...(summary.upper_bound ? { 'upper-bound': summary.upper_bound } : {}),
          })),
        }
      : {}),
    ...(manifest.key_metadata ? { 'key-metadata': manifest.key_metadata } : {}),
  };
}

const buffer = (bytes: Uint8Array | undefined) =>
  bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : null;

/** What a manifest list says about a manifest with these rows. */
export function describeManifest(options: {
  readonly path: string;
  readonly length: number;
  readonly specId: number;
  readonly content?: 'data' | 'deletes';
  readonly snapshotId: Long;
  readonly partition: readonly PartitionColumn[];
  readonly entries: readonly ManifestEntry[];
}): ManifestFile {
  const { entries } = options;
  const of = (status: ManifestEntry['status']) => entries.filter((entry) => entry.status === status);
  const rows = (list: readonly ManifestEntry[]) => list.reduce((sum, entry) => sum + entry.file['record-count'], 0);
  const [added, existing, deleted] = [of('added'), of('existing'), of('deleted')];
  const known = entries.flatMap((entry) => (entry['sequence-number'] === null ? [] : [entry['sequence-number']]));
  return {
    'manifest-path': options.path,
    'manifest-length': options.length,
    'partition-spec-id': options.specId,
    content: options.content ?? 'data',
    'sequence-number': unassignedSequenceNumber,
    'min-sequence-number': known.length === 0 ? unassignedSequenceNumber : Math.min(...known),
    'added-snapshot-id': options.snapshotId,
    'added-files-count': added.length,
    'existing-files-count': existing.length,
    'deleted-files-count': deleted.length,
    'added-rows-count': rows(added),
    'existing-rows-count': rows(existing),
    'deleted-rows-count': rows(deleted),
    partitions: options.partition.map((column, i) =>
      summarize(
        column,
        entries.map((entry) => entry.file.partition[i] ?? null),
      ),
    ),
  };
}

function summarize(column: PartitionColumn, values: readonly (Value | null)[]): PartitionSummary {
  const isNotANumber = (value: Value) => typeof value === 'number' && Number.isNaN(value);
  const present = values.filter((value): value is Value => value !== null);
  const ordered = present.filter((value) => !isNotANumber(value)).sort(compareValues);
  return {
    'contains-null': present.length < values.length,
    'contains-nan': present.some(isNotANumber),
    ...(ordered.length > 0
      ? {
          'lower-bound': serializeValue(column.type, ordered[0]!),
          'upper-bound': serializeValue(column.type, ordered.at(-1)!),
        }
      : {}),
  };
}
