export { columnsOfArrow } from './arrow-columns.ts';
export { type ColumnNode, type LeafColumn, type LeafType, leafColumns } from './column-tree.ts';
export { type EncodedFile, type EncodeOptions, encodePacked } from './encode.ts';
export { createEncoder, type Encoder, type EncoderOptions, unionSchema } from './encoder.ts';
export { type ByteReader, bytesReader, ParquetError, readFooter, writeFooter } from './footer.ts';
export type { ColumnChunk, ColumnMetaData, FileMetaData, RowGroup, SchemaElement, Statistics } from './format.ts';
export { type PackedRows, packBatches } from './pack.ts';
export type { RowOrder } from './sort.ts';
