import { addressOf, copyBytes } from './memory.ts';

/**
 * Bytes that are appended to from C's memory. `take` starts anew: in new memory, or, where the buffer was made to be `reused`, in
 * the same memory once more.
 */
export class GrowingBuffer {
  readonly #reused: boolean;
  #buffer: Buffer | undefined;
  #address = 0;
  #capacity = 0;
  length = 0;

  constructor(reused = false) {
    this.#reused = reused;
  }

  /** Appends what lies at an address. */
  appendFrom(address: number, bytes: number): void {
    this.reserve(bytes);
    copyBytes(this.#address + this.length, address, bytes);
    this.length += bytes;
  }

  /** Makes room for more bytes after the present end. */
  reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.#capacity) return;
    const capacity = Math.max(64, needed, Math.min(2 * this.#capacity, needed + (32 << 20)));
    const grown = Buffer.allocUnsafeSlow(capacity);
    const address = addressOf(grown);
    copyBytes(address, this.#address, this.length);
    this.#buffer = grown;
    this.#address = address;
    this.#capacity = capacity;
  }

  /** All the memory, of which `length` bytes are set: for writing in place after `reserve`. */
  get bytes(): Buffer {
    this.reserve(0);
    this.#buffer ??= Buffer.allocUnsafeSlow(0);
    return this.#buffer;
  }

  /** What was appended, in memory that starts at offset 0; its own, unless it is `reused`. */
  take(): Uint8Array<ArrayBuffer> {
    const buffer = this.#buffer;
    const taken =
      buffer === undefined
        ? new Uint8Array(0)
        : new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, this.length);
    this.length = 0;
    if (this.#reused) return taken;
    this.#buffer = undefined;
    this.#address = 0;
    this.#capacity = 0;
    return taken;
  }
}
