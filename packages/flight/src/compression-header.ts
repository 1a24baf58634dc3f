import { GrpcError, type Metadata, Status } from '@signaldb/grpc';
import type { Compression } from './ipc/compression.ts';

/**
 * The header by which a client asks how the bodies of an answer (DoGet, DoExchange) shall be compressed: `none`, `lz4` or
 * `zstd`. Without it the server decides.
 */
export const COMPRESSION_HEADER = 'x-arrow-body-compression';

export type AskedCompression = Compression | 'none';

/** How a call's answer is to be compressed. Throws INVALID_ARGUMENT where the client asks for what there isn't. */
export function askedCompression(metadata: Metadata, otherwise: Compression | undefined): Compression | undefined {
  const asked = metadata.get(COMPRESSION_HEADER);
  if (asked === undefined) return otherwise;
  if (asked === 'none') return undefined;
  if (asked === 'lz4' || asked === 'zstd') return asked;
  throw new GrpcError(
    Status.INVALID_ARGUMENT,
    `the header ${COMPRESSION_HEADER} says ${JSON.stringify(asked.slice(0, 40))}, which is none of none, lz4, zstd`,
  );
}
