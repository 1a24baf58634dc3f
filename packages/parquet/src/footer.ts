import { type FileMetaData, fileMetaDataType } from './format.ts';
import { readThrift, ThriftError, writeThrift } from './thrift.ts';

/** Where bytes of a file come from: `read(start, end)` gives exactly those, or throws. */
export interface ByteReader {
  readonly size: number;
  read(start: number, end: number): Promise<Uint8Array>;
}

/** A file that isn't Parquet, is cut short, or uses what this package doesn't read (encryption). */
export class ParquetError extends Error {
  override readonly name = 'ParquetError';
}

const magic = Uint8Array.of(0x50, 0x41, 0x52, 0x31); // PAR1
const tailBytes = 8;
/** One read usually brings the whole footer: a row group of 70 columns takes some 10 KB of it. */
const footerGuessBytes = 64 * 1024;

/** A reader over bytes in memory. */
export function bytesReader(bytes: Uint8Array): ByteReader {
  return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}

/** Reads a file's metadata (https://parquet.apache.org/docs/file-format/). Throws ParquetError where it isn't a Parquet file. */
export async function readFooter(source: Uint8Array | ByteReader): Promise<FileMetaData> {
  const reader = source instanceof Uint8Array ? bytesReader(source) : source;
  if (reader.size < tailBytes + 4) throw new ParquetError(`not a Parquet file: ${reader.size} bytes`);
  let start = Math.max(0, reader.size - footerGuessBytes);
  let tail = await reader.read(start, reader.size);
  const length = footerLength(tail);
  if (length > reader.size - tailBytes - 4) throw new ParquetError('the footer is longer than the file');
  if (length + tailBytes > tail.length) {
    start = reader.size - tailBytes - length;
    tail = await reader.read(start, reader.size);
  }
  return parseFooter(tail.subarray(tail.length - tailBytes - length, tail.length - tailBytes));
}

function footerLength(tail: Uint8Array): number {
  const view = new DataView(tail.buffer, tail.byteOffset + tail.length - tailBytes, tailBytes);
  for (let i = 0; i < 4; i++)
    if (view.getUint8(4 + i) !== magic[i]) throw new ParquetError('not a Parquet file: it does not end in PAR1');
  return view.getUint32(0, true);
}

function parseFooter(bytes: Uint8Array): FileMetaData {
  try {
    const footer = readThrift<FileMetaData>(fileMetaDataType, bytes).value;
    if (!Array.isArray(footer.schema) || !Array.isArray(footer.row_groups) || footer.schema.length === 0)
      throw new ParquetError('the footer lacks its schema or row groups');
    return footer;
  } catch (error) {
    if (error instanceof ThriftError) throw new ParquetError(`broken footer: ${error.message}`);
    throw error;
  }
}

/** The end of a file: metadata, its length, magic. */
export function writeFooter(footer: FileMetaData): Uint8Array {
  const metadata = writeThrift(fileMetaDataType, footer, 16 * 1024);
  const bytes = new Uint8Array(metadata.length + tailBytes);
  bytes.set(metadata);
  new DataView(bytes.buffer).setUint32(metadata.length, metadata.length, true);
  bytes.set(magic, metadata.length + 4);
  return bytes;
}

/** The first four bytes of a file. */
export const fileHeader = magic;
