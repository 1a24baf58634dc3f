import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync, zstdDecompressSync } from 'node:zlib';
import avro from 'avsc';
import { toLong } from './json.ts';

/** Avro schemas as JSON; attributes such as `field-id` are kept in the file as they stand here. */
export type AvroSchema =
  | string
  | AvroSchema[]
  | { readonly type: string | object; readonly [attribute: string]: unknown };

export interface AvroFile {
  /** As its writer wrote it. */
  readonly schema: unknown;
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  readonly records: readonly unknown[];
}

/** Bytes that aren't an Avro object container file, or one that can't be read. */
export class AvroError extends Error {
  override readonly name = 'AvroError';
}

export type AvroCodec = 'null' | 'deflate';

const magic = Buffer.from('Obj\x01', 'latin1');
const syncLength = 16;

/** Decompressed blocks beyond this are refused: a manifest of this size would be a mistake or an attack. */
const blockBytesMax = 1 << 30;

// Iceberg's 64-bit ids don't fit a number: every long is read as Long and may be written as either.
const longType = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => toLong(bytes.readBigInt64LE()),
  toBuffer: (value: number | bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  fromJSON: (value: number) => value,
  toJSON: (value: number | bigint) => value,
  isValid: (value: unknown) => typeof value === 'bigint' || Number.isSafeInteger(value),
  compare: (a: number | bigint, b: number | bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

const headerMetadata = avro.Type.forSchema({ type: 'map', values: 'bytes' });

/** How records of a schema are read and written. Logical types are left alone: values stay what Avro stores. */
export function avroType(schema: unknown): avro.Type {
  return avro.Type.forSchema(schema as avro.Schema, {
    wrapUnions: 'never',
    typeHook: (part) => (part === 'long' || (part as { type?: unknown }).type === 'long' ? longType : undefined),
  });
}

/** Writes an object container file of one block. */
export function writeAvroFile(options: {
  readonly schema: AvroSchema;
  readonly type: avro.Type;
  readonly metadata: Readonly<Record<string, string>>;
  readonly records: readonly unknown[];
  readonly codec?: AvroCodec;
  /** Settable, so that equal contents give equal bytes. */
  readonly sync?: Uint8Array;
}): Uint8Array {
  const codec = options.codec ?? 'deflate';
  const entries = { ...options.metadata, 'avro.schema': JSON.stringify(options.schema), 'avro.codec': codec };
  const header = Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, Buffer.from(value)]));
  const sync = options.sync ?? randomBytes(syncLength);
  const start = [magic, headerMetadata.toBuffer(header), sync];
  if (options.records.length === 0) return Buffer.concat(start);
  const plain = Buffer.concat(options.records.map((record) => options.type.toBuffer(record)));
  const block = codec === 'deflate' ? deflateRawSync(plain) : plain;
  return Buffer.concat([...start, encodeLong(options.records.length), encodeLong(block.length), block, sync]);
}

/** Reads a whole object container file (codecs null, deflate, zstandard). Throws AvroError. */
export function readAvroFile(bytes: Uint8Array): AvroFile {
  try {
    return read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    if (error instanceof AvroError) throw error;
    throw new AvroError(`broken Avro file: ${error instanceof Error ? error.message : error}`);
  }
}

function read(bytes: Buffer): AvroFile {
  if (!bytes.subarray(0, magic.length).equals(magic)) throw new AvroError('not an Avro file: no magic at its start');
  const header = headerMetadata.decode(bytes, magic.length);
  if (header.offset < 0) throw new AvroError('the Avro header is cut');
  const metadata = new Map<string, Uint8Array>(Object.entries(header.value));
  const schema = JSON.parse(text(metadata.get('avro.schema')) || 'null');
  const decompress = decompressor(text(metadata.get('avro.codec')) || 'null');
  const type = avroType(schema);
  const sync = bytes.subarray(header.offset, header.offset + syncLength);
  if (sync.length < syncLength) throw new AvroError('the Avro header is cut');
  const records: unknown[] = [];
  const cursor = { bytes, offset: header.offset + syncLength };
  while (cursor.offset < bytes.length) {
    const count = decodeLong(cursor);
    const length = decodeLong(cursor);
    const end = cursor.offset + length;
    if (count < 0 || length < 0 || end + syncLength > bytes.length) throw new AvroError('an Avro block is cut');
    readBlock(decompress(bytes.subarray(cursor.offset, end)), count, type, records);
    if (!bytes.subarray(end, end + syncLength).equals(sync))
      throw new AvroError('an Avro block without its sync marker');
    cursor.offset = end + syncLength;
  }
  return { schema, metadata, records };
}

function readBlock(block: Buffer, count: number, type: avro.Type, into: unknown[]): void {
  let offset = 0;
  for (let i = 0; i < count; i++) {
    const decoded = type.decode(block, offset);
    if (decoded.offset < 0) throw new AvroError('an Avro record is cut');
    into.push(decoded.value);
    offset = decoded.offset;
  }
}

function decompressor(codec: string): (block: Buffer) => Buffer {
  const limits = { maxOutputLength: blockBytesMax };
  if (codec === 'null') return (block) => block;
  if (codec === 'deflate') return (block) => inflateRawSync(block, limits);
  if (codec === 'zstandard') return (block) => zstdDecompressSync(block, limits);
  throw new AvroError(`Avro codec ${codec} isn't supported`);
}

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('utf8');

/** Zig-zag, seven bits a byte. */
function encodeLong(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value * 2; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

function decodeLong(cursor: { readonly bytes: Buffer; offset: number }): number {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = cursor.bytes[cursor.offset++];
    if (byte === undefined || scale > 2 ** 49) throw new AvroError('a broken number between Avro blocks');
    value += (byte % 128) * scale;
    if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
