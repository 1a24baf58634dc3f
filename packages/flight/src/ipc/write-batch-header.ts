import type { Compression } from './compression.ts';
import { CompressionCodec } from './compression.ts';

/** Where a buffer lies in the body. */
export interface BufferRegion {
  readonly offset: number;
  readonly length: number;
}

export interface BatchHeader {
  readonly rows: number;
  /** Length and null count of each node, one after the other. */
  readonly nodes: readonly number[];
  readonly regions: readonly BufferRegion[];
  readonly variadicCounts: readonly number[];
  readonly bodyLength: number;
  readonly compression: Compression | undefined;
  /** Makes it a dictionary batch. */
  readonly dictionary?: { readonly id: number; readonly isDelta: boolean };
  /** The message's custom metadata. */
  readonly metadata?: ReadonlyMap<string, string>;
}

const METADATA_V5 = 4;
const DICTIONARY_BATCH = 2;
const RECORD_BATCH = 3;

/**
 * Writes the flatbuffer of a record batch or dictionary batch. The tables of such a message always have the same shape,
 * so they are put down from front to back at places known beforehand, a good deal faster than through a builder.
 * Message.fbs; https://flatbuffers.dev/internals/
 */
export function writeBatchHeader(header: BatchHeader): Uint8Array {
  const { nodes, regions, variadicCounts } = header;
  const pairs = [...(header.metadata ?? [])].flat().map((text) => encoder.encode(text));
  const textBytes = pairs.reduce((sum, text) => sum + text.length + 32, 0);
  const bytes = new Uint8Array(208 + nodes.length * 8 + regions.length * 16 + variadicCounts.length * 8 + textBytes);
  const writer = new FlatWriter(bytes);
  writer.position = 4;
  const message = writer.table([16, 18, 4, 8, pairs.length > 0 ? 20 : 0], 24);
  writer.pointer(0, message);
  writer.view.setBigInt64(message + 8, BigInt(header.bodyLength), true);
  writer.view.setInt16(message + 16, METADATA_V5, true);
  writer.view.setUint8(message + 18, header.dictionary ? DICTIONARY_BATCH : RECORD_BATCH);
  let parent = message + 4;
  if (header.dictionary) {
    const batch = writer.table([8, 4, 16], 17);
    writer.pointer(parent, batch);
    writer.view.setBigInt64(batch + 8, BigInt(header.dictionary.id), true);
    writer.view.setUint8(batch + 16, header.dictionary.isDelta ? 1 : 0);
    parent = batch + 4;
  }
  writeRecordBatch(writer, parent, header);
  if (pairs.length > 0) writePairs(writer, message + 20, pairs);
  return bytes.subarray(0, writer.position);
}

function writeRecordBatch(writer: FlatWriter, parent: number, header: BatchHeader): void {
  const { compression, variadicCounts } = header;
  const batch = writer.table([8, 4, 16, compression ? 20 : 0, variadicCounts.length > 0 ? 24 : 0], 28);
  writer.pointer(parent, batch);
  writer.view.setBigInt64(batch + 8, BigInt(header.rows), true);
  if (compression) {
    const table = writer.table([4, 5], 6);
    writer.pointer(batch + 20, table);
    writer.view.setUint8(table + 4, CompressionCodec[compression]);
  }
  writer.pointer(batch + 4, writer.vector(header.nodes.length / 2));
  for (const value of header.nodes) writer.int64(value);
  writer.pointer(batch + 16, writer.vector(header.regions.length));
  for (const region of header.regions) {
    writer.int64(region.offset);
    writer.int64(region.length);
  }
  if (variadicCounts.length > 0) {
    writer.pointer(batch + 24, writer.vector(variadicCounts.length));
    for (const count of variadicCounts) writer.int64(count);
  }
}

function writePairs(writer: FlatWriter, parent: number, pairs: readonly Uint8Array[]): void {
  const vector = writer.vector(pairs.length / 2);
  writer.pointer(parent, vector);
  writer.position += pairs.length * 2;
  for (let i = 0; i < pairs.length; i += 2) {
    const table = writer.table([4, 8], 12);
    writer.pointer(vector + 4 + i * 2, table);
    writer.pointer(table + 4, writer.string(pairs[i]!));
    writer.pointer(table + 8, writer.string(pairs[i + 1]!));
  }
}

const encoder = new TextEncoder();

class FlatWriter {
  readonly view: DataView;
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Puts down a table's description and leaves room for the table, at a multiple of 8; returns where it begins. */
  table(fieldOffsets: readonly number[], bytes: number): number {
    const vtable = this.position;
    const vtableBytes = 4 + fieldOffsets.length * 2;
    const table = (vtable + vtableBytes + 7) & ~7;
    this.view.setUint16(vtable, vtableBytes, true);
    this.view.setUint16(vtable + 2, bytes, true);
    fieldOffsets.forEach((offset, slot) => {
      this.view.setUint16(vtable + 4 + slot * 2, offset, true);
    });
    this.view.setInt32(table, table - vtable, true);
    this.position = (table + bytes + 3) & ~3;
    return table;
  }

  /** Puts down a vector's length so that its elements lie at a multiple of 8; they come next. */
  vector(length: number): number {
    const start = ((this.position + 4 + 7) & ~7) - 4;
    this.view.setUint32(start, length, true);
    this.position = start + 4;
    return start;
  }

  /** A string, with the zero byte that ends it. */
  string(text: Uint8Array): number {
    const start = this.position;
    this.view.setUint32(start, text.length, true);
    this.#bytes.set(text, start + 4);
    this.position = (start + 4 + text.length + 1 + 3) & ~3;
    return start;
  }

  pointer(at: number, target: number): void {
    this.view.setUint32(at, target - at, true);
  }

  int64(value: number): void {
    this.view.setUint32(this.position, value >>> 0, true);
    this.view.setInt32(this.position + 4, Math.floor(value / 0x1_0000_0000), true);
    this.position += 8;
  }
}
