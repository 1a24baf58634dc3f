/**
 * A message in parts, handed to @grpc/grpc-js as if it were a Buffer. Of a message that grpc-js sends it asks two things:
 * its `length`, and to `copy` itself behind the length prefix. Answering them from the parts saves putting the parts
 * together first, a copy of every byte. It is no Buffer on purpose: anything else asked of it fails, and never sends
 * other bytes.
 */
export class PartsMessage {
  readonly length: number;
  readonly #parts: readonly Uint8Array[];

  constructor(parts: readonly Uint8Array[], length: number) {
    this.#parts = parts;
    this.length = length;
  }

  copy(target: Uint8Array, start: number): number {
    for (const part of this.#parts) {
      target.set(part, start);
      start += part.length;
    }
    return this.length;
  }
}

/** Below this, putting the parts together costs nothing. */
const SMALL_BYTES = 16 << 10;

/** The message as grpc-js takes it. */
export function toGrpcMessage(parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return length < SMALL_BYTES ? Buffer.concat(parts, length) : (new PartsMessage(parts, length) as unknown as Buffer);
}
