import type { TextColumn } from '../columns/text.ts';
import { WireError } from '../errors.ts';
import type { WireReader } from '../wire/reader.ts';
import { validUtf8 } from '../wire/utf8.ts';

/** Pieces of JSON written straight into a text column, in the forms that OTLP's JSON encoding asks for. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ESCAPES: Record<number, string> = { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r', 34: '\\"', 92: '\\\\' };

/** Bytes [pos, end) as a JSON string. */
export function writeJsonString(out: TextColumn, { bytes }: { bytes: Uint8Array }, pos: number, end: number): void {
  if (!validUtf8(bytes, pos, end)) throw new WireError('the text is not UTF-8', pos);
  out.writeAscii('"');
  let from = pos;
  for (let i = pos; i < end; i++) {
    const byte = bytes[i]!;
    if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) continue;
    if (i > from) out.writeBytes(bytes.subarray(from, i));
    out.writeAscii(ESCAPES[byte] ?? `\\u${byte.toString(16).padStart(4, '0')}`);
    from = i + 1;
  }
  if (end > from) out.writeBytes(bytes.subarray(from, end));
  out.writeAscii('"');
}

/** Bytes [pos, end) as a JSON string of base64. */
export function writeJsonBytes(out: TextColumn, wire: WireReader, pos: number, end: number): void {
  const { buffer, byteOffset } = wire.bytes;
  out.writeAscii(`"${Buffer.from(buffer, byteOffset + pos, end - pos).toString('base64')}"`);
}

/** A signed 64-bit integer, given as two halves, in decimal. */
export function decimalOf(lo: number, hi: number): string {
  if (hi === lo >> 31) return String(lo);
  return ((BigInt(hi) << 32n) | BigInt(lo >>> 0)).toString();
}

const scratch = new DataView(new ArrayBuffer(8));

/** The number whose IEEE 754 bits are given as two halves. */
export function doubleOf(lo: number, hi: number): number {
  scratch.setInt32(0, lo, true);
  scratch.setInt32(4, hi, true);
  return scratch.getFloat64(0, true);
}

/** A double as JSON: what JSON has no number for is a string, as protobuf's JSON mapping has it. */
export function jsonOfDouble(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? '-0' : String(value);
}
