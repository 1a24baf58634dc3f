import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { GrpcError } from './grpc-error.ts';
import { messageTooLarge } from './message-decoder.ts';
import { Status } from './status.ts';

/** The message encodings that a server reads and writes, best first. gRPC's `deflate` is zlib's format (RFC 1950). */
export const acceptedEncodings = 'identity,deflate,gzip';

export type Encoding = 'gzip' | 'deflate';

// Up to here a message is decompressed at once: the way through the thread pool would cost more. At deflate's best
// ratio of about 1000 this holds the event loop for a few milliseconds.
const syncBytesMax = 4 << 10;
const concurrentMax = 4;

const gunzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip);
const inflate = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate);
const gzip = promisify<Uint8Array, Buffer>(zlib.gzip);
const deflate = promisify<Uint8Array, Buffer>(zlib.deflate);

/** The encoding that a `grpc-encoding` header names: undefined for identity. Throws UNIMPLEMENTED for one that isn't known. */
export function parseEncoding(header: string | undefined): Encoding | undefined {
  if (header === undefined || header === 'identity') return undefined;
  if (header === 'gzip' || header === 'deflate') return header;
  throw new GrpcError(
    Status.UNIMPLEMENTED,
    `Messages in the encoding "${header}" can't be read; there are ${acceptedEncodings}`,
  );
}

/** The encoding to answer in, of those that a `grpc-accept-encoding` header names. */
export function chooseEncoding(header: string | undefined): Encoding | undefined {
  const accepted = header?.split(',').map((name) => name.trim()) ?? [];
  if (accepted.includes('gzip')) return 'gzip';
  return accepted.includes('deflate') ? 'deflate' : undefined;
}

/**
 * Decompresses messages, a few at a time, so that the memory of bombs being found out is bounded too.
 * Fails with RESOURCE_EXHAUSTED where a message is over the limit, with INTERNAL where it is broken.
 */
export class Decompressor {
  readonly #bytesMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  async decompress(body: Buffer, encoding: Encoding): Promise<Buffer> {
    // zlib wants at least 1, and refuses what Node can't hold in a buffer anyway.
    const maxOutputLength = Math.max(1, Math.min(this.#bytesMax, 2 ** 32));
    try {
      if (body.length <= syncBytesMax) {
        return encoding === 'gzip'
          ? zlib.gunzipSync(body, { maxOutputLength })
          : zlib.inflateSync(body, { maxOutputLength });
      }
      await this.#enter();
      try {
        return await (encoding === 'gzip' ? gunzip : inflate)(body, { maxOutputLength });
      } finally {
        this.#leave();
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
        throw messageTooLarge(undefined, this.#bytesMax);
      throw new GrpcError(Status.INTERNAL, `A message isn't valid ${encoding}`, undefined, { cause: error });
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < concurrentMax) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running--;
  }
}

/** Compresses one message. */
export function compress(message: Uint8Array, encoding: Encoding): Promise<Buffer> {
  return (encoding === 'gzip' ? gzip : deflate)(message);
}
