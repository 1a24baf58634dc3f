import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { Refusal } from '../refusal.ts';

export interface BodyLimits {
  /** Of one body, as it comes and uncompressed. */
  readonly requestBytesMax: number;
  /** Of all bodies that are being read or worked on. */
  readonly inflightBytesMax: number;
}

/** Reads request bodies, with a bound for each and one for all of them together. */
export interface BodyReader {
  /**
   * Reads a body, uncompresses it, and hands it to `use`; its bytes count as in flight until that has settled.
   * Throws Refusal: too large, broken, or too much in flight.
   */
  read<T>(request: IncomingMessage, encoding: BodyEncoding, use: (body: Buffer) => Promise<T>): Promise<T>;
}

export type BodyEncoding = 'identity' | 'gzip' | 'deflate' | 'zstd';

const decoders = {
  gzip: promisify(zlib.gunzip),
  deflate: promisify(zlib.inflate),
  zstd: promisify(zlib.zstdDecompress),
} satisfies Record<Exclude<BodyEncoding, 'identity'>, unknown>;

export function createBodyReader(limits: BodyLimits): BodyReader {
  const { requestBytesMax, inflightBytesMax } = limits;
  let inflight = 0;

  return {
    read: async (request, encoding, use) => {
      const announced = Number(request.headers['content-length'] ?? 0);
      if (announced > requestBytesMax) throw tooLarge(requestBytesMax);
      let held = 0;
      const hold = (bytes: number) => {
        if (inflight + bytes > inflightBytesMax && inflight > 0) {
          throw new Refusal('busy', `${inflight} bytes of requests are being worked on`);
        }
        inflight += bytes;
        held += bytes;
      };
      try {
        hold(announced);
        const parts: Buffer[] = [];
        let length = 0;
        // Leaving the loop must not destroy the request: its answer is still to come.
        for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
          length += part.length;
          if (length > requestBytesMax) throw tooLarge(requestBytesMax);
          if (length > held) hold(length - held);
          parts.push(part);
        }
        const raw = parts.length === 1 ? parts[0]! : Buffer.concat(parts, length);
        if (encoding === 'identity') return await use(raw);
        const body = await uncompress(raw, encoding, requestBytesMax);
        hold(body.length);
        return await use(body);
      } finally {
        inflight -= held;
      }
    },
  };
}

async function uncompress(raw: Buffer, encoding: Exclude<BodyEncoding, 'identity'>, bytesMax: number): Promise<Buffer> {
  try {
    return await decoders[encoding](raw, { maxOutputLength: bytesMax });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(bytesMax);
    throw new Refusal('invalid', `the body is not ${encoding}: ${(error as Error).message}`, error);
  }
}

function tooLarge(bytesMax: number): Refusal {
  return new Refusal('too_large', `the request is larger than ${bytesMax} bytes, which is the limit here`);
}
