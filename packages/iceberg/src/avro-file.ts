import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, deflateRawSync, inflateRaw, inflateRawSync, zstdDecompress } from 'node:zlib';
import avro from 'avsc';
import { AvroCursor } from './avro-cursor.ts';
import { AvroError } from './avro-error.ts';
import { type AvroReader, compileAvroReader } from './avro-reader.ts';
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

export type AvroCodec = 'null' | 'deflate';

const magic = Buffer.from('Obj\x01', 'latin1');
const syncLength = 16;

/** Decompressed blocks beyond this are refused: a manifest of this size would be a mistake or an attack. */
const blockBytesMax = 1 << 30;

// Iceberg's 64-bit ids don't fit a number: a long may be written as either.
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

/** How records of a schema are written. Logical types are left alone: values are what Avro stores. */
export function avroType(schema: unknown): avro.Type {
  return avro.Type.forSchema(withWideLongs(schema) as avro.Schema, {
    wrapUnions: 'never',
    typeHook: (part) => ((part as { wide?: unknown }).wide === true ? longType : undefined),
  });
}

/** Longs inside of arrays are counts, sizes and offsets, hundreds a file: as plain numbers they are written much faster. */
function withWideLongs(schema: unknown): unknown {
  if (schema === 'long') return { type: 'long', wide: true };
  if (Array.isArray(schema)) return schema.map(withWideLongs);
  if (schema === null || typeof schema !== 'object') return schema;
  const { type, fields } = schema as { type?: unknown; fields?: readonly { readonly type: unknown }[] };
  if (type === 'long') return { ...schema, wide: true };
  if (type === 'record')
    return { ...schema, fields: fields?.map((field) => ({ ...field, type: withWideLongs(field.type) })) };
  return typeof type === 'object' ? { ...schema, type: withWideLongs(type) } : schema;
}

/** Records of one block: large files are written in pieces, with room for other work in between. */
const blockRecordsMax = 100;

/** Below this, another thread would cost more than it saves. */
const asyncBytesMin = 32 * 1024;

const deflateAsync = promisify(deflateRaw) as (bytes: Uint8Array) => Promise<Buffer>;
const inflateAsync = promisify(inflateRaw) as (bytes: Uint8Array, options: object) => Promise<Buffer>;
const zstdAsync = promisify(zstdDecompress) as (bytes: Uint8Array, options: object) => Promise<Buffer>;

/** Writes an object container file. */
export async function writeAvroFile(options: {
  readonly schema: AvroSchema;
  readonly type: avro.Type;
  readonly metadata: Readonly<Record<string, string>>;
  readonly records: readonly unknown[];
  readonly codec?: AvroCodec;
  /** Settable, so that equal contents give equal bytes. */
  readonly sync?: Uint8Array;
}): Promise<Uint8Array> {
  const { codec = 'deflate', records, type, sync = randomBytes(syncLength) } = options;
  const entries = { ...options.metadata, 'avro.schema': JSON.stringify(options.schema), 'avro.codec': codec };
  const header = Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, Buffer.from(value)]));
  const parts = [magic, headerMetadata.toBuffer(header), sync];
  for (let begin = 0; begin < records.length; begin += blockRecordsMax) {
    const some = records.slice(begin, begin + blockRecordsMax);
    const plain = Buffer.concat(some.map((record) => type.toBuffer(record)));
    const block = codec === 'deflate' ? await deflate(plain) : plain;
    parts.push(encodeLong(some.length), encodeLong(block.length), block, sync);
  }
  return Buffer.concat(parts);
}

const deflate = async (plain: Buffer) => (plain.length < asyncBytesMin ? deflateRawSync(plain) : deflateAsync(plain));

/** Reads a whole object container file (codecs null, deflate, zstandard). Throws AvroError. */
export async function readAvroFile(bytes: Uint8Array): Promise<AvroFile> {
  try {
    return await read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    if (error instanceof AvroError) throw error;
    throw new AvroError(`broken Avro file: ${error instanceof Error ? error.message : error}`);
  }
}

const readHeaderMetadata = compileAvroReader({ type: 'map', values: 'bytes' });

async function read(bytes: Buffer): Promise<AvroFile> {
  if (!bytes.subarray(0, magic.length).equals(magic)) throw new AvroError('not an Avro file: no magic at its start');
  const cursor = new AvroCursor(bytes, magic.length);
  const metadata = readHeaderMetadata(cursor) as Map<string, Uint8Array>;
  const schema = JSON.parse(text(metadata.get('avro.schema')) || 'null');
  const decompress = decompressor(text(metadata.get('avro.codec')) || 'null');
  const readRecord = compileAvroReader(schema);
  const sync = cursor.take(syncLength);
  const records: unknown[] = [];
  while (cursor.remaining > 0) {
    const count = cursor.size();
    const block = cursor.take(cursor.size());
    if (!cursor.take(syncLength).equals(sync)) throw new AvroError('an Avro block without its sync marker');
    readBlock(await decompress(block), count, readRecord, records);
  }
  return { schema, metadata, records };
}

function readBlock(block: Buffer, count: number, readRecord: AvroReader, into: unknown[]): void {
  // Every record takes bytes, so a count beyond the block's length is a lie.
  if (count < 0 || count > block.length)
    throw new AvroError(`an Avro block of ${block.length} bytes with ${count} records`);
  const cursor = new AvroCursor(block);
  for (let i = 0; i < count; i++) into.push(readRecord(cursor));
  if (cursor.remaining > 0) throw new AvroError('bytes are left behind the last record of an Avro block');
}

function decompressor(codec: string): (block: Buffer) => Buffer | Promise<Buffer> {
  const limits = { maxOutputLength: blockBytesMax };
  if (codec === 'null') return (block) => block;
  if (codec === 'deflate') {
    return (block) => (block.length < asyncBytesMin / 8 ? inflateRawSync(block, limits) : inflateAsync(block, limits));
  }
  if (codec === 'zstandard') return (block) => zstdAsync(block, limits);
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
