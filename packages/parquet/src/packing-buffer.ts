/** Where packed columns get their memory. What is given holds anything unless it says zeros. */
export interface Allocator {
  bytes(n: number): Uint8Array;
  /** All zeros. */
  zeros(n: number): Uint8Array;
  ints(n: number): Int32Array;
}

/** A buffer for each array. */
export const freshMemory: Allocator = {
  bytes: (n) => new Uint8Array(n),
  zeros: (n) => new Uint8Array(n),
  ints: (n) => new Int32Array(n),
};

/** Arrays out of one buffer that is used again and again, as far as it reaches; behind that, a buffer each. */
export class PackingBuffer implements Allocator {
  readonly buffer: SharedArrayBuffer;
  #at = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
  }

  /** Bytes that were asked for: what a buffer would have to have for all of it. */
  get bytesWanted(): number {
    return this.#at;
  }

  bytes(n: number): Uint8Array {
    const start = this.#at;
    this.#at += (n + 7) & ~7;
    return this.#at <= this.buffer.byteLength ? new Uint8Array(this.buffer, start, n) : new Uint8Array(n);
  }

  zeros(n: number): Uint8Array {
    return this.bytes(n).fill(0);
  }

  ints(n: number): Int32Array {
    const { buffer, byteOffset } = this.bytes(n * 4);
    return new Int32Array(buffer, byteOffset, n);
  }
}

const keptMax = 2;
const bufferBytesMax = 128 << 20;
const granule = 1 << 20;

/**
 * The buffers that are filled for one thread, one at a time each. Their size follows what was wanted lately. They are
 * shared rather than handed over, because V8 marks its heap for each large buffer that changes hands.
 */
export class PackingBufferPool {
  readonly #free: SharedArrayBuffer[] = [];
  #wanted = 0;

  take(): PackingBuffer {
    const kept = this.#free.pop();
    const size = Math.min(Math.ceil((this.#wanted * 1.2) / granule) * granule, bufferBytesMax);
    return new PackingBuffer(kept && kept.byteLength >= this.#wanted ? kept : new SharedArrayBuffer(size));
  }

  /** Tells how much was wanted of a buffer. */
  note({ bytesWanted }: PackingBuffer): void {
    this.#wanted = Math.max(bytesWanted, this.#wanted * 0.9);
  }

  give({ buffer }: PackingBuffer): void {
    const isTooLarge = buffer.byteLength > 4 * this.#wanted + granule;
    if (this.#free.length < keptMax && buffer.byteLength > 0 && !isTooLarge) this.#free.push(buffer);
  }
}
