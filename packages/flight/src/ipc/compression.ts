import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { malformed, unsupported } from './ipc-error.ts';
import { lz4Compress, lz4Decompress } from './lz4-frame.ts';

/** Message.fbs, CompressionType. */
export const CompressionCodec = { lz4: 0, zstd: 1 } as const;

/** How the buffers of a message are compressed. */
export type Compression = keyof typeof CompressionCodec;

/** Decompresses one buffer, which must come to exactly `length` bytes; never allocates more than that. */
export function decompress(codec: number, bytes: Uint8Array, length: number): Uint8Array {
  switch (codec) {
    case CompressionCodec.lz4:
      return lz4Decompress(bytes, length);
    case CompressionCodec.zstd:
      return zstdDecompress(bytes, length);
    default:
      throw unsupported(`body compression ${codec} is not supported, LZ4 frame (0) and ZSTD (1) are`);
  }
}

export function compress(codec: number, bytes: Uint8Array): Uint8Array {
  return codec === CompressionCodec.lz4
    ? lz4Compress(bytes)
    : zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}

/** Into one piece of memory: where the length is a lie, its pages are never touched. */
function zstdDecompress(bytes: Uint8Array, length: number): Uint8Array {
  let result: Uint8Array;
  try {
    result = zstdDecompressSync(bytes, { maxOutputLength: Math.max(length, 1), chunkSize: Math.max(64, length + 1) });
  } catch (error) {
    throw malformed(`a ZSTD buffer of ${length} bytes can't be decompressed: ${(error as Error).message}`);
  }
  if (result.length !== length) throw malformed(`a ZSTD buffer holds ${result.length} bytes, ${length} were announced`);
  return result;
}
