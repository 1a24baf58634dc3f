import { GrowingBuffer } from './growing-buffer.ts';
import { addressOf, copyBytes } from './memory.ts';

/** A bitmap that is appended to, least significant bit first as in Arrow. */
export class BitBuffer {
  readonly #bytes: GrowingBuffer;
  #scratch = Buffer.allocUnsafeSlow(1024);
  #scratchAddress = addressOf(this.#scratch);
  length = 0;

  /** `reused`: as a GrowingBuffer. */
  constructor(reused = false) {
    this.#bytes = new GrowingBuffer(reused);
  }

  /** Appends `count` bits of C's bitmap at an address. */
  appendFrom(address: number, count: number): void {
    if (count === 0) return;
    const bytes = (count + 7) >> 3;
    if (bytes > this.#scratch.length) {
      this.#scratch = Buffer.allocUnsafeSlow(bytes);
      this.#scratchAddress = addressOf(this.#scratch);
    }
    copyBytes(this.#scratchAddress, address, bytes);
    this.#append(count, (i) => this.#scratch[i]!);
  }

  /** Appends `count` set bits. */
  appendOnes(count: number): void {
    if (count > 0) this.#append(count, () => 0xff);
  }

  #append(count: number, byteAt: (index: number) => number): void {
    const shift = this.length & 7;
    const first = this.length >> 3;
    const bytes = (count + 7) >> 3;
    const end = (this.length + count + 7) >> 3;
    this.#bytes.reserve(first + bytes + 1 - this.#bytes.length);
    const target = this.#bytes.bytes;
    if (shift === 0) {
      for (let i = 0; i < bytes; i++) target[first + i] = byteAt(i);
    } else {
      target[first] = target[first]! & ((1 << shift) - 1);
      for (let i = 0; i < bytes; i++) {
        const byte = byteAt(i);
        target[first + i] = target[first + i]! | ((byte << shift) & 0xff);
        target[first + i + 1] = byte >> (8 - shift);
      }
    }
    this.length += count;
    this.#bytes.length = end;
    // Bits past the end stay clear, so that equal bitmaps are equal bytes.
    if ((this.length & 7) !== 0) target[end - 1] = target[end - 1]! & ((1 << (this.length & 7)) - 1);
  }

  /** The bitmap; the memory as that of a GrowingBuffer. */
  take(): Uint8Array<ArrayBuffer> {
    this.length = 0;
    return this.#bytes.take();
  }
}
