import { GrpcError } from './grpc-error.ts';
import { Status } from './status.ts';

const prefixBytes = 5;
// How much more memory is taken for a message than has come of it.
const growth = 16;
const firstBytesMin = 4 << 10;

/** Takes a message's bytes; a view that nobody else will change. */
export type OnMessage = (body: Buffer, compressed: boolean) => void;

/** How many bytes to leave free before a message in the buffer that is made for it, from what has come of it so far. */
export type PaddingOf = (head: Uint8Array) => number;

/**
 * Cuts a stream of bytes into gRPC's length-prefixed messages, wherever its chunks may be cut.
 *
 * A message within one chunk is handed over as a view of it; one that spans chunks is copied once into a buffer of its
 * own, as it comes. That buffer grows with what arrives, so that a length that is only claimed costs nothing.
 * Specification: PROTOCOL-HTTP2.md, Length-Prefixed-Message.
 */
export class MessageDecoder {
  readonly #bytesMax: number;
  readonly #onMessage: OnMessage;
  readonly #paddingOf: PaddingOf | undefined;
  readonly #prefix = Buffer.alloc(prefixBytes);
  #prefixFilled = 0;
  #length = 0;
  #compressed = false;
  #body: Buffer | undefined;
  #bodyFilled = 0;
  #padding = 0;

  constructor(bytesMax: number, onMessage: OnMessage, paddingOf?: PaddingOf) {
    this.#bytesMax = bytesMax;
    this.#onMessage = onMessage;
    this.#paddingOf = paddingOf;
  }

  /** Bytes held of a message that isn't complete. */
  get partialBytes(): number {
    return this.#prefixFilled + this.#bodyFilled;
  }

  /** Takes the next bytes. Throws a GrpcError at a broken prefix or at a message over the limit; nothing may follow it. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body) {
        at = this.#fillBody(this.#body, chunk, at);
        continue;
      }
      at = this.#readPrefix(chunk, at);
      if (this.#prefixFilled < prefixBytes) return;
      if (this.#length <= chunk.length - at) {
        chunk = frugal(chunk);
        this.#finish(chunk.subarray(at, at + this.#length));
        at += this.#length;
      } else {
        const come = Math.max(chunk.length - at, firstBytesMin);
        this.#padding = this.#compressed ? 0 : (this.#paddingOf?.(chunk.subarray(at)) ?? 0);
        this.#body = this.#allocate(come);
      }
    }
  }

  #readPrefix(chunk: Buffer, at: number): number {
    if (this.#prefixFilled === 0 && chunk.length - at >= prefixBytes) {
      this.#prefixFilled = prefixBytes;
      this.#takePrefix(chunk, at);
      return at + prefixBytes;
    }
    const taken = chunk.copy(this.#prefix, this.#prefixFilled, at);
    this.#prefixFilled += taken;
    if (this.#prefixFilled === prefixBytes) this.#takePrefix(this.#prefix, 0);
    return at + taken;
  }

  #takePrefix(bytes: Buffer, at: number): void {
    const flag = bytes[at]!;
    if (flag > 1)
      throw new GrpcError(Status.INTERNAL, `A message begins with the flag ${flag}, which gRPC doesn't know`);
    this.#compressed = flag === 1;
    this.#length = bytes.readUInt32BE(at + 1);
    if (this.#length > this.#bytesMax) throw messageTooLarge(this.#length, this.#bytesMax);
  }

  #fillBody(body: Buffer, chunk: Buffer, at: number): number {
    if (this.#bodyFilled === body.length) body = this.#body = this.#grown(body);
    const taken = chunk.copy(body, this.#bodyFilled, at);
    this.#bodyFilled += taken;
    if (this.#bodyFilled === this.#length) this.#finish(body);
    return at + taken;
  }

  #grown(body: Buffer): Buffer {
    const larger = this.#allocate(body.length);
    body.copy(larger);
    return larger;
  }

  #allocate(come: number): Buffer {
    const bytes = Math.min(this.#length, come * growth);
    return Buffer.allocUnsafeSlow(this.#padding + bytes).subarray(this.#padding);
  }

  #finish(body: Buffer): void {
    this.#prefixFilled = 0;
    this.#bodyFilled = 0;
    this.#body = undefined;
    this.#onMessage(body, this.#compressed);
  }
}

// A view keeps all the memory that it is part of: up to 64 KiB, as Node reads them from the socket for all of a
// connection's streams.
function frugal(chunk: Buffer): Buffer {
  return chunk.length * 4 < chunk.buffer.byteLength ? Buffer.from(chunk) : chunk;
}

export function messageTooLarge(bytes: number | undefined, bytesMax: number): GrpcError {
  const size = bytes === undefined ? 'A request message is, decompressed,' : `A request message of ${bytes} bytes is`;
  return new GrpcError(Status.RESOURCE_EXHAUSTED, `${size} over the limit receiveMessageBytesMax (${bytesMax} bytes)`);
}
