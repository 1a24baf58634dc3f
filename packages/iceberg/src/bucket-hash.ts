import { Buffer } from 'node:buffer';
import type { PrimitiveType } from './schema.ts';
import { serializeDecimal, serializeValue, type Value } from './single-value.ts';

/** The 32-bit hash behind `bucket[N]`. https://iceberg.apache.org/spec/#appendix-b-32-bit-hash-requirements Throws RangeError for types without one. */
export function bucketHash(type: PrimitiveType, value: Value): number {
  if (type === 'int' || type === 'long' || type === 'date' || type.startsWith('time')) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value as bigint));
    return murmur3(bytes);
  }
  if (type.startsWith('decimal')) return murmur3(serializeDecimal(value as bigint));
  if (type === 'string' || type === 'binary' || type === 'uuid' || type.startsWith('fixed')) {
    return murmur3(serializeValue(type, value));
  }
  throw new RangeError(`transform bucket doesn't take ${type}`);
}

/** MurmurHash3, x86, 32 bit, seed 0; signed. */
export function murmur3(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length & ~3;
  let hash = 0;
  for (let i = 0; i < whole; i += 4) {
    hash ^= scramble(view.getUint32(i, true));
    hash = (Math.imul(rotate(hash, 13), 5) + 0xe654_6b64) | 0;
  }
  let tail = 0;
  for (let i = bytes.length - 1; i >= whole; i--) tail = (tail << 8) | bytes[i]!;
  if (whole < bytes.length) hash ^= scramble(tail);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}

const rotate = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits));
const scramble = (block: number) => Math.imul(rotate(Math.imul(block, 0xcc9e_2d51), 15), 0x1b87_3593);
