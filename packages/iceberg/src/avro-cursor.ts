import { AvroError } from './avro-error.ts';
import { type Long, toLong } from './json.ts';

/** Walks over Avro's binary encoding; never beyond the end. Throws AvroError. */
export class AvroCursor {
  private readonly bytes: Buffer;
  private offset: number;

  constructor(bytes: Buffer, offset = 0) {
    this.bytes = bytes;
    this.offset = offset;
  }

  get position(): number {
    return this.offset;
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  /** A view, not a copy. */
  take(length: number): Buffer {
    if (length < 0 || length > this.remaining)
      throw new AvroError(`${length} bytes wanted where ${this.remaining} are left`);
    const begin = this.offset;
    this.offset += length;
    return this.bytes.subarray(begin, this.offset);
  }

  byte(): number {
    const byte = this.bytes[this.offset];
    if (byte === undefined) throw new AvroError('the data is cut');
    this.offset++;
    return byte;
  }

  /** An int or long: zig-zag, seven bits a byte. */
  long(): Long {
    let byte = this.byte();
    let value = byte & 0x7f;
    if (byte < 0x80) return value & 1 ? -(value + 1) / 2 : value / 2;
    for (let scale = 2 ** 7; scale < 2 ** 49; scale *= 2 ** 7) {
      byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    return this.wideLong(BigInt(value));
  }

  /** The rest of a long that has more than 49 bits. */
  private wideLong(low: bigint): Long {
    let value = low;
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return toLong(BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n)));
    }
    throw new AvroError('an integer of more than 64 bits');
  }

  /** A long that says how much of something follows. */
  size(): number {
    const size = this.long();
    if (typeof size !== 'number') throw new AvroError(`a size of ${size}`);
    return size;
  }

  float(): number {
    return this.take(4).readFloatLE();
  }

  double(): number {
    return this.take(8).readDoubleLE();
  }

  text(): string {
    return this.take(this.size()).toString('utf8');
  }
}
