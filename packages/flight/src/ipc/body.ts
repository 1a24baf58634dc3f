import { type Compression, CompressionCodec, compress } from './compression.ts';
import type { BufferRegion } from './write-batch-header.ts';

/** The buffers of a message one after the other, each at a multiple of 8. */
export interface Body {
  /** Views of the columns' memory; between them `padding(length)` zeros are to be written. */
  readonly parts: readonly Uint8Array[];
  readonly regions: readonly BufferRegion[];
  readonly length: number;
}

/** Zeros that follow a buffer of `length` bytes. */
export function padding(length: number): number {
  return -length & 7;
}

export function layoutBody(buffers: readonly Uint8Array[], compression: Compression | undefined): Body {
  const parts = compression ? buffers.map((bytes) => compressBuffer(bytes, compression)) : buffers;
  const regions: BufferRegion[] = [];
  let offset = 0;
  for (const part of parts) {
    regions.push({ offset, length: part.length });
    offset += part.length + padding(part.length);
  }
  return { parts, regions, length: offset };
}

/** Message.fbs, BodyCompressionMethod: the uncompressed length (-1: not compressed after all), then the data. */
function compressBuffer(bytes: Uint8Array, compression: Compression): Uint8Array {
  if (bytes.length === 0) return bytes;
  const compressed = compress(CompressionCodec[compression], bytes);
  const smaller = compressed.length < bytes.length;
  const content = smaller ? compressed : bytes;
  const result = new Uint8Array(8 + content.length);
  new DataView(result.buffer).setBigInt64(0, smaller ? BigInt(bytes.length) : -1n, true);
  result.set(content, 8);
  return result;
}
