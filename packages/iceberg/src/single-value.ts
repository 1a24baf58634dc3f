import { Buffer } from 'node:buffer';
import type { PrimitiveType } from './schema.ts';

/**
 * A value of a primitive type: boolean; number for int, float, double and date (days); bigint for long, time,
 * timestamps (microseconds) and decimal (unscaled); string for string and uuid; bytes for binary and fixed.
 */
export type Value = boolean | number | bigint | string | Uint8Array;

/** Binary single-value serialization, as bounds are kept. https://iceberg.apache.org/spec/#appendix-d-single-value-serialization Throws RangeError for other types. */
export function serializeValue(type: PrimitiveType, value: Value): Uint8Array {
  switch (type) {
    case 'boolean':
      return Buffer.from([value ? 1 : 0]);
    case 'int':
    case 'date':
      return fixedWidth(4, (bytes) => bytes.writeInt32LE(Number(value)));
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return fixedWidth(8, (bytes) => bytes.writeBigInt64LE(BigInt(value as bigint)));
    case 'float':
      return fixedWidth(4, (bytes) => bytes.writeFloatLE(value as number));
    case 'double':
      return fixedWidth(8, (bytes) => bytes.writeDoubleLE(value as number));
    case 'string':
      return Buffer.from(value as string, 'utf8');
    case 'uuid':
      return Buffer.from((value as string).replaceAll('-', ''), 'hex');
    default:
      if (type.startsWith('decimal')) return serializeDecimal(value as bigint);
      if (type === 'binary' || type.startsWith('fixed')) return value as Uint8Array;
      throw new RangeError(`no single-value serialization for ${type}`);
  }
}

/**
 * The inverse of {@link serializeValue}. Bounds written before a column was widened are still narrow: four bytes of a
 * long and of a double are read as the int and the float that they were. Throws RangeError when the length is wrong.
 */
export function deserializeValue(type: PrimitiveType, bytes: Uint8Array): Value {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case 'boolean':
      return expectLength(type, view, 1)[0] !== 0;
    case 'int':
    case 'date':
      return expectLength(type, view, 4).readInt32LE();
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      if (type === 'long' && view.length === 4) return BigInt(view.readInt32LE());
      return expectLength(type, view, 8).readBigInt64LE();
    case 'float':
      return expectLength(type, view, 4).readFloatLE();
    case 'double':
      return view.length === 4 ? view.readFloatLE() : expectLength(type, view, 8).readDoubleLE();
    case 'string':
      return view.toString('utf8');
    case 'uuid':
      return formatUuid(expectLength(type, view, 16).toString('hex'));
    default:
      if (type.startsWith('decimal')) return deserializeDecimal(view);
      if (type === 'binary' || type.startsWith('fixed')) return bytes;
      throw new RangeError(`no single-value serialization for ${type}`);
  }
}

/** Two's complement, big-endian, in as few bytes as hold it. */
export function serializeDecimal(unscaled: bigint): Uint8Array {
  let bytes = 1;
  while (BigInt.asIntN(bytes * 8, unscaled) !== unscaled) bytes++;
  return Buffer.from(
    BigInt.asUintN(bytes * 8, unscaled)
      .toString(16)
      .padStart(bytes * 2, '0'),
    'hex',
  );
}

export function deserializeDecimal(bytes: Uint8Array): bigint {
  if (bytes.length === 0) throw new RangeError('a decimal of no bytes');
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`));
}

/** Orders two values of the same type as Iceberg does (text and bytes by their unsigned bytes, false first). */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function fixedWidth(length: number, write: (bytes: Buffer) => void): Uint8Array {
  const bytes = Buffer.alloc(length);
  write(bytes);
  return bytes;
}

function expectLength(type: string, bytes: Buffer, length: number): Buffer {
  if (bytes.length !== length) throw new RangeError(`a ${type} of ${bytes.length} bytes instead of ${length}`);
  return bytes;
}

const formatUuid = (hex: string) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
