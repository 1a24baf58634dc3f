import { Buffer } from 'node:buffer';
import { AvroError } from './avro-error.ts';
import { type AvroCodec, avroType, readAvroFile, writeAvroFile } from './avro-file.ts';
import type { Bounds, Counts, DataFile, EntryStatus, FileContent, FileFormat, ManifestEntry } from './data-file.ts';
import { type Long, stringifyJson } from './json.ts';
import { avroName, decimalBytes, manifestEntrySchema } from './manifest-schema.ts';
import { type PartitionColumn, type PartitionSpec, partitionColumns } from './partition-spec.ts';
import type { IcebergSchema } from './schema.ts';
import { deserializeDecimal, deserializeValue, type Value } from './single-value.ts';

const statuses: readonly EntryStatus[] = ['existing', 'added', 'deleted'];
const contents: readonly FileContent[] = ['data', 'position-deletes', 'equality-deletes'];

/** The bytes of a manifest: one row a file. All files are of one spec and one kind (data, or deletes). */
export async function writeManifest(options: {
  readonly schema: IcebergSchema;
  readonly spec: PartitionSpec;
  readonly content?: 'data' | 'deletes';
  readonly entries: readonly ManifestEntry[];
  readonly codec?: AvroCodec;
  readonly sync?: Uint8Array;
}): Promise<Uint8Array> {
  const partition = partitionColumns(options.spec, options.schema);
  const { schema, type } = entryType(partition);
  return writeAvroFile({
    schema,
    type,
    metadata: {
      schema: stringifyJson(options.schema),
      'schema-id': String(options.schema['schema-id']),
      'partition-spec': stringifyJson(options.spec.fields),
      'partition-spec-id': String(options.spec['spec-id']),
      'format-version': '2',
      content: options.content ?? 'data',
    },
    records: options.entries.map((entry) => entryToAvro(entry, partition)),
    ...(options.codec ? { codec: options.codec } : {}),
    ...(options.sync ? { sync: options.sync } : {}),
  });
}

/**
 * The rows of a manifest, of whatever engine, without inheritance applied. The spec's id is the manifest list's.
 * Throws AvroError.
 */
export async function readManifest(
  bytes: Uint8Array,
  spec: PartitionSpec,
  schema: IcebergSchema,
): Promise<ManifestEntry[]> {
  const file = await readAvroFile(bytes);
  try {
    const order = partitionOrder(file.schema, partitionColumns(spec, schema));
    return file.records.map((record) => entryFromAvro(record as ReadEntry, spec['spec-id'], order));
  } catch (error) {
    if (error instanceof AvroError) throw error;
    throw new AvroError(`an Avro file, but not a manifest: ${error instanceof Error ? error.message : error}`);
  }
}

/** Avro types by partition, as building one takes a while. */
const entryTypes = new Map<string, ReturnType<typeof buildEntryType>>();
const entryTypesMax = 64;

function entryType(partition: readonly PartitionColumn[]): ReturnType<typeof buildEntryType> {
  const key = JSON.stringify(partition);
  const known = entryTypes.get(key);
  if (known) return known;
  if (entryTypes.size >= entryTypesMax) entryTypes.clear();
  const built = buildEntryType(partition);
  entryTypes.set(key, built);
  return built;
}

function buildEntryType(partition: readonly PartitionColumn[]) {
  const schema = manifestEntrySchema(partition);
  return { schema, type: avroType(schema) };
}

interface AvroPair<T> {
  readonly key: number;
  readonly value: T;
}

/** A row as Avro has it. Maps are written as lists of pairs, and read as maps. */
interface AvroEntry<C, B> {
  readonly status: number;
  readonly snapshot_id: Long | null;
  readonly sequence_number?: number | null;
  readonly file_sequence_number?: number | null;
  readonly data_file: {
    readonly content?: number;
    readonly file_path: string;
    readonly file_format: string;
    readonly partition: Readonly<Record<string, unknown>>;
    readonly record_count: number;
    readonly file_size_in_bytes: number;
    readonly column_sizes?: C | null;
    readonly value_counts?: C | null;
    readonly null_value_counts?: C | null;
    readonly nan_value_counts?: C | null;
    readonly lower_bounds?: B | null;
    readonly upper_bounds?: B | null;
    readonly key_metadata?: Uint8Array | null;
    readonly split_offsets?: readonly number[] | null;
    readonly equality_ids?: readonly number[] | null;
    readonly sort_order_id?: number | null;
    readonly referenced_data_file?: string | null;
  };
}

type WrittenEntry = AvroEntry<AvroPair<number>[], AvroPair<Uint8Array>[]>;
type ReadEntry = AvroEntry<Counts, Bounds>;

function entryToAvro(entry: ManifestEntry, partition: readonly PartitionColumn[]): WrittenEntry {
  const { file } = entry;
  if (file.partition.length !== partition.length) {
    throw new RangeError(
      `${file['file-path']}: ${file.partition.length} partition values, the spec has ${partition.length}`,
    );
  }
  return {
    status: statuses.indexOf(entry.status),
    snapshot_id: entry['snapshot-id'],
    sequence_number: entry['sequence-number'],
    file_sequence_number: entry['file-sequence-number'],
    data_file: {
      content: contents.indexOf(file.content),
      file_path: file['file-path'],
      file_format: file['file-format'],
      partition: Object.fromEntries(
        partition.map((column, i) => [avroName(column.name), toAvro(column, file.partition[i]!)]),
      ),
      record_count: file['record-count'],
      file_size_in_bytes: file['file-size-in-bytes'],
      column_sizes: pairs(file['column-sizes']),
      value_counts: pairs(file['value-counts']),
      null_value_counts: pairs(file['null-value-counts']),
      nan_value_counts: pairs(file['nan-value-counts']),
      lower_bounds: pairs(file['lower-bounds'], asBuffer),
      upper_bounds: pairs(file['upper-bounds'], asBuffer),
      key_metadata: file['key-metadata'] ? asBuffer(file['key-metadata']) : null,
      split_offsets: file['split-offsets'] ?? null,
      equality_ids: file['equality-ids'] ?? null,
      sort_order_id: file['sort-order-id'] ?? null,
      referenced_data_file: file['referenced-data-file'] ?? null,
    },
  };
}

function entryFromAvro(entry: ReadEntry, specId: number, order: readonly PartitionSource[]): ManifestEntry {
  const file = entry.data_file;
  const status = statuses[entry.status];
  const content = contents[file.content ?? 0];
  if (!status || !content) throw new AvroError(`a manifest entry of status ${entry.status}, content ${file.content}`);
  const data: { -readonly [key in keyof DataFile]: DataFile[key] } = {
    content,
    'file-path': file.file_path,
    'file-format': file.file_format.toUpperCase() as FileFormat,
    'spec-id': specId,
    partition: order.map(({ name, column }) => (name === undefined ? null : fromAvro(column, file.partition[name]))),
    'record-count': file.record_count,
    'file-size-in-bytes': file.file_size_in_bytes,
  };
  if (file.column_sizes) data['column-sizes'] = file.column_sizes;
  if (file.value_counts) data['value-counts'] = file.value_counts;
  if (file.null_value_counts) data['null-value-counts'] = file.null_value_counts;
  if (file.nan_value_counts) data['nan-value-counts'] = file.nan_value_counts;
  if (file.lower_bounds) data['lower-bounds'] = file.lower_bounds;
  if (file.upper_bounds) data['upper-bounds'] = file.upper_bounds;
  if (file.key_metadata) data['key-metadata'] = file.key_metadata;
  if (file.split_offsets) data['split-offsets'] = file.split_offsets;
  if (file.equality_ids) data['equality-ids'] = file.equality_ids;
  if (typeof file.sort_order_id === 'number') data['sort-order-id'] = file.sort_order_id;
  if (file.referenced_data_file) data['referenced-data-file'] = file.referenced_data_file;
  return {
    status,
    'snapshot-id': entry.snapshot_id,
    'sequence-number': entry.sequence_number ?? null,
    'file-sequence-number': entry.file_sequence_number ?? null,
    file: data,
  };
}

/** Which field of a file's partition record holds a column of the spec. */
interface PartitionSource {
  readonly column: PartitionColumn;
  readonly name: string | undefined;
}

interface AvroRecordSchema {
  readonly fields: readonly { readonly name: string; readonly type: AvroRecordSchema; readonly 'field-id'?: number }[];
}

/** Partition fields are found by id, as names may be written differently or have changed. */
function partitionOrder(schema: unknown, columns: readonly PartitionColumn[]): PartitionSource[] {
  const child = (record: AvroRecordSchema | undefined, name: string) =>
    record?.fields?.find((field) => field.name === name)?.type;
  const partition = child(child(schema as AvroRecordSchema, 'data_file'), 'partition');
  return columns.map((column) => {
    const field =
      partition?.fields.find((candidate) => candidate['field-id'] === column.id) ??
      partition?.fields.find((candidate) => candidate.name === avroName(column.name));
    return { column, name: field?.name };
  });
}

const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function pairs<T, U = T>(map: ReadonlyMap<number, T> | undefined, convert?: (value: T) => U): AvroPair<U>[] | null {
  if (!map) return null;
  return Array.from(map, ([key, value]) => ({ key, value: convert ? convert(value) : (value as unknown as U) }));
}

function toAvro({ type }: PartitionColumn, value: Value | null): unknown {
  if (value === null) return null;
  if (type === 'uuid') return Buffer.from((value as string).replaceAll('-', ''), 'hex');
  if (type.startsWith('decimal')) {
    const size = decimalBytes(Number(/\d+/.exec(type)![0]));
    return Buffer.from(
      BigInt.asUintN(size * 8, value as bigint)
        .toString(16)
        .padStart(size * 2, '0'),
      'hex',
    );
  }
  return value instanceof Uint8Array ? asBuffer(value) : value;
}

function fromAvro({ type }: PartitionColumn, value: unknown): Value | null {
  if (value === null || value === undefined) return null;
  if (type === 'long' || type.startsWith('time')) return BigInt(value as number);
  if (type === 'uuid' && value instanceof Uint8Array) return deserializeValue('uuid', value);
  if (type.startsWith('decimal')) return deserializeDecimal(value as Uint8Array);
  return value as Value;
}
