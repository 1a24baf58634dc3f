// The structs of Parquet's metadata (https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift):
// interfaces, and the tables that the Thrift codec reads and writes them by.
import type { ThriftStruct } from './thrift.ts';

export const PhysicalType = {
  BOOLEAN: 0,
  INT32: 1,
  INT64: 2,
  INT96: 3,
  FLOAT: 4,
  DOUBLE: 5,
  BYTE_ARRAY: 6,
  FIXED_LEN_BYTE_ARRAY: 7,
} as const;
export const Repetition = { REQUIRED: 0, OPTIONAL: 1, REPEATED: 2 } as const;
export const ConvertedType = {
  UTF8: 0,
  MAP: 1,
  LIST: 3,
  DECIMAL: 5,
  DATE: 6,
  TIME_MILLIS: 7,
  TIME_MICROS: 8,
  TIMESTAMP_MILLIS: 9,
  TIMESTAMP_MICROS: 10,
} as const;
export const Encoding = {
  PLAIN: 0,
  PLAIN_DICTIONARY: 2,
  RLE: 3,
  BIT_PACKED: 4,
  DELTA_BINARY_PACKED: 5,
  DELTA_LENGTH_BYTE_ARRAY: 6,
  DELTA_BYTE_ARRAY: 7,
  RLE_DICTIONARY: 8,
  BYTE_STREAM_SPLIT: 9,
} as const;
export const Codec = { UNCOMPRESSED: 0, SNAPPY: 1, GZIP: 2, LZO: 3, BROTLI: 4, LZ4: 5, ZSTD: 6, LZ4_RAW: 7 } as const;
export const PageType = { DATA_PAGE: 0, INDEX_PAGE: 1, DICTIONARY_PAGE: 2, DATA_PAGE_V2: 3 } as const;

/** A union of Thrift: exactly one member is set. */
export interface TimeUnit {
  readonly MILLIS?: object;
  readonly MICROS?: object;
  readonly NANOS?: object;
}
export interface LogicalType {
  readonly STRING?: object;
  readonly MAP?: object;
  readonly LIST?: object;
  readonly ENUM?: object;
  readonly DECIMAL?: { readonly scale: number; readonly precision: number };
  readonly DATE?: object;
  readonly TIME?: { readonly isAdjustedToUTC: boolean; readonly unit: TimeUnit };
  readonly TIMESTAMP?: { readonly isAdjustedToUTC: boolean; readonly unit: TimeUnit };
  readonly INTEGER?: { readonly bitWidth: number; readonly isSigned: boolean };
  readonly UNKNOWN?: object;
  readonly JSON?: object;
  readonly BSON?: object;
  readonly UUID?: object;
  readonly FLOAT16?: object;
}
export interface SchemaElement {
  readonly type?: number;
  readonly type_length?: number;
  readonly repetition_type?: number;
  readonly name: string;
  readonly num_children?: number;
  readonly converted_type?: number;
  readonly scale?: number;
  readonly precision?: number;
  readonly field_id?: number;
  readonly logicalType?: LogicalType;
}
export interface Statistics {
  readonly max?: Uint8Array;
  readonly min?: Uint8Array;
  readonly null_count?: number;
  readonly distinct_count?: number;
  readonly max_value?: Uint8Array;
  readonly min_value?: Uint8Array;
  readonly is_max_value_exact?: boolean;
  readonly is_min_value_exact?: boolean;
}
export interface KeyValue {
  readonly key: string;
  readonly value?: string;
}
export interface PageEncodingStats {
  readonly page_type: number;
  readonly encoding: number;
  readonly count: number;
}
export interface ColumnMetaData {
  readonly type: number;
  readonly encodings: readonly number[];
  readonly path_in_schema: readonly string[];
  readonly codec: number;
  readonly num_values: number;
  readonly total_uncompressed_size: number;
  readonly total_compressed_size: number;
  readonly key_value_metadata?: readonly KeyValue[];
  readonly data_page_offset: number;
  readonly index_page_offset?: number;
  readonly dictionary_page_offset?: number;
  readonly statistics?: Statistics;
  readonly encoding_stats?: readonly PageEncodingStats[];
  readonly bloom_filter_offset?: number;
  readonly bloom_filter_length?: number;
}
export interface ColumnChunk {
  readonly file_path?: string;
  readonly file_offset: number;
  readonly meta_data: ColumnMetaData;
  readonly offset_index_offset?: number;
  readonly offset_index_length?: number;
  readonly column_index_offset?: number;
  readonly column_index_length?: number;
}
export interface SortingColumn {
  readonly column_idx: number;
  readonly descending: boolean;
  readonly nulls_first: boolean;
}
export interface RowGroup {
  readonly columns: readonly ColumnChunk[];
  readonly total_byte_size: number;
  readonly num_rows: number;
  readonly sorting_columns?: readonly SortingColumn[];
  readonly file_offset?: number;
  readonly total_compressed_size?: number;
  readonly ordinal?: number;
}
export interface FileMetaData {
  readonly version: number;
  readonly schema: readonly SchemaElement[];
  readonly num_rows: number;
  readonly row_groups: readonly RowGroup[];
  readonly key_value_metadata?: readonly KeyValue[];
  readonly created_by?: string;
  readonly column_orders?: readonly { readonly TYPE_ORDER?: object }[];
}
export interface PageHeader {
  readonly type: number;
  readonly uncompressed_page_size: number;
  readonly compressed_page_size: number;
  readonly crc?: number;
  readonly data_page_header?: {
    readonly num_values: number;
    readonly encoding: number;
    readonly definition_level_encoding: number;
    readonly repetition_level_encoding: number;
  };
  readonly dictionary_page_header?: {
    readonly num_values: number;
    readonly encoding: number;
    readonly is_sorted?: boolean;
  };
}

const empty: ThriftStruct = { fields: {} };
const timeUnit: ThriftStruct = { fields: { 1: ['MILLIS', empty], 2: ['MICROS', empty], 3: ['NANOS', empty] } };
const time: ThriftStruct = { fields: { 1: ['isAdjustedToUTC', 'bool'], 2: ['unit', timeUnit] } };
const logicalType: ThriftStruct = {
  fields: {
    1: ['STRING', empty],
    2: ['MAP', empty],
    3: ['LIST', empty],
    4: ['ENUM', empty],
    5: ['DECIMAL', { fields: { 1: ['scale', 'i32'], 2: ['precision', 'i32'] } }],
    6: ['DATE', empty],
    7: ['TIME', time],
    8: ['TIMESTAMP', time],
    10: ['INTEGER', { fields: { 1: ['bitWidth', 'i8'], 2: ['isSigned', 'bool'] } }],
    11: ['UNKNOWN', empty],
    12: ['JSON', empty],
    13: ['BSON', empty],
    14: ['UUID', empty],
    15: ['FLOAT16', empty],
  },
};
const schemaElement: ThriftStruct = {
  fields: {
    1: ['type', 'i32'],
    2: ['type_length', 'i32'],
    3: ['repetition_type', 'i32'],
    4: ['name', 'string'],
    5: ['num_children', 'i32'],
    6: ['converted_type', 'i32'],
    7: ['scale', 'i32'],
    8: ['precision', 'i32'],
    9: ['field_id', 'i32'],
    10: ['logicalType', logicalType],
  },
};
const statistics: ThriftStruct = {
  fields: {
    1: ['max', 'binary'],
    2: ['min', 'binary'],
    3: ['null_count', 'i64'],
    4: ['distinct_count', 'i64'],
    5: ['max_value', 'binary'],
    6: ['min_value', 'binary'],
    7: ['is_max_value_exact', 'bool'],
    8: ['is_min_value_exact', 'bool'],
  },
};
const keyValue: ThriftStruct = { fields: { 1: ['key', 'string'], 2: ['value', 'string'] } };
const columnMetaData: ThriftStruct = {
  fields: {
    1: ['type', 'i32'],
    2: ['encodings', { list: 'i32' }],
    3: ['path_in_schema', { list: 'string' }],
    4: ['codec', 'i32'],
    5: ['num_values', 'i64'],
    6: ['total_uncompressed_size', 'i64'],
    7: ['total_compressed_size', 'i64'],
    8: ['key_value_metadata', { list: keyValue }],
    9: ['data_page_offset', 'i64'],
    10: ['index_page_offset', 'i64'],
    11: ['dictionary_page_offset', 'i64'],
    12: ['statistics', statistics],
    13: [
      'encoding_stats',
      { list: { fields: { 1: ['page_type', 'i32'], 2: ['encoding', 'i32'], 3: ['count', 'i32'] } } },
    ],
    14: ['bloom_filter_offset', 'i64'],
    15: ['bloom_filter_length', 'i32'],
  },
};
const columnChunk: ThriftStruct = {
  fields: {
    1: ['file_path', 'string'],
    2: ['file_offset', 'i64'],
    3: ['meta_data', columnMetaData],
    4: ['offset_index_offset', 'i64'],
    5: ['offset_index_length', 'i32'],
    6: ['column_index_offset', 'i64'],
    7: ['column_index_length', 'i32'],
  },
};
const rowGroup: ThriftStruct = {
  fields: {
    1: ['columns', { list: columnChunk }],
    2: ['total_byte_size', 'i64'],
    3: ['num_rows', 'i64'],
    4: [
      'sorting_columns',
      { list: { fields: { 1: ['column_idx', 'i32'], 2: ['descending', 'bool'], 3: ['nulls_first', 'bool'] } } },
    ],
    5: ['file_offset', 'i64'],
    6: ['total_compressed_size', 'i64'],
    7: ['ordinal', 'i16'],
  },
};
export const fileMetaDataType: ThriftStruct = {
  fields: {
    1: ['version', 'i32'],
    2: ['schema', { list: schemaElement }],
    3: ['num_rows', 'i64'],
    4: ['row_groups', { list: rowGroup }],
    5: ['key_value_metadata', { list: keyValue }],
    6: ['created_by', 'string'],
    7: ['column_orders', { list: { fields: { 1: ['TYPE_ORDER', empty] } } }],
  },
};
const dataPageHeader: ThriftStruct = {
  fields: {
    1: ['num_values', 'i32'],
    2: ['encoding', 'i32'],
    3: ['definition_level_encoding', 'i32'],
    4: ['repetition_level_encoding', 'i32'],
  },
};
export const pageHeaderType: ThriftStruct = {
  fields: {
    1: ['type', 'i32'],
    2: ['uncompressed_page_size', 'i32'],
    3: ['compressed_page_size', 'i32'],
    4: ['crc', 'i32'],
    5: ['data_page_header', dataPageHeader],
    7: [
      'dictionary_page_header',
      { fields: { 1: ['num_values', 'i32'], 2: ['encoding', 'i32'], 3: ['is_sorted', 'bool'] } },
    ],
  },
};
