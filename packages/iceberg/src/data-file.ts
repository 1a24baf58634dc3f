import type { Long } from './json.ts';
import type { Value } from './single-value.ts';

export type FileContent = 'data' | 'position-deletes' | 'equality-deletes';

/** One number a column, by field id. */
export type Counts = ReadonlyMap<number, number>;

/** One bound a column, by field id, in single-value serialization. */
export type Bounds = ReadonlyMap<number, Uint8Array>;

/** What is known of a file's columns. A field that is absent isn't known. */
export interface FileMetrics {
  readonly 'record-count': number;
  readonly 'column-sizes'?: Counts;
  readonly 'value-counts'?: Counts;
  readonly 'null-value-counts'?: Counts;
  readonly 'nan-value-counts'?: Counts;
  readonly 'lower-bounds'?: Bounds;
  readonly 'upper-bounds'?: Bounds;
  /** Where the row groups begin. */
  readonly 'split-offsets'?: readonly number[];
}

/** A data file before it is part of a table: what {@link appendFiles} takes. */
export interface NewDataFile extends FileMetrics {
  /** Full URI. */
  readonly 'file-path': string;
  readonly 'file-size-in-bytes': number;
  /** Default PARQUET. */
  readonly 'file-format'?: FileFormat;
  /** Default: the table's default spec. */
  readonly 'spec-id'?: number;
  /** The partition tuple, in the order of the spec's fields (hours since 1970 for `hour`). */
  readonly partition: readonly (Value | null)[];
  readonly 'sort-order-id'?: number;
}

export type FileFormat = 'AVRO' | 'ORC' | 'PARQUET' | 'PUFFIN';

/** A data or delete file of a snapshot. Names as in the REST specification; counts and bounds are maps. */
export interface DataFile extends NewDataFile {
  readonly content: FileContent;
  readonly 'file-format': FileFormat;
  readonly 'spec-id': number;
  readonly 'key-metadata'?: Uint8Array;
  /** Of an equality delete: the columns compared. */
  readonly 'equality-ids'?: readonly number[];
  /** Of a position delete for one file only: that file. */
  readonly 'referenced-data-file'?: string;
}

export type EntryStatus = 'existing' | 'added' | 'deleted';

/** A row of a manifest. https://iceberg.apache.org/spec/#manifest-entry-fields */
export interface ManifestEntry {
  readonly status: EntryStatus;
  /** The snapshot that added the file, or deleted it; null is inherited from the manifest. */
  readonly 'snapshot-id': Long | null;
  /** When the rows became part of the table; null is inherited from the manifest. */
  readonly 'sequence-number': number | null;
  readonly 'file-sequence-number': number | null;
  readonly file: DataFile;
}
