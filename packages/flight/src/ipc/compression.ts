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

/** What compresses as usual goes into one piece of memory; a length that is a lie must not cost the memory that it says. */
function pieceBytes(bytes: Uint8Array, length: number): number {
  return Math.max(64, Math.min(length + 1, Math.max(65_536, bytes.length * 256)));
}

function zstdDecompress(bytes: Uint8Array, length: number): Uint8Array {
  let result: Uint8Array;
  try {
    result = zstdDecompressSync(bytes, { maxOutputLength: Math.max(length, 1), chunkSize: pieceBytes(bytes, length) });
  } catch (error) {
    throw malformed(`a ZSTD buffer of ${length} bytes can't be decompressed: ${(error as Error).message}`);
  }
  if (result.length !== length) throw malformed(`a ZSTD buffer holds ${result.length} bytes, ${length} were announced`);
  return result;
}
