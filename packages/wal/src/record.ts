import { crc32c } from './crc32c.ts';
import { WalError } from './errors.ts';

/** What a log holds: any bytes, of a kind and a tenant that the caller knows. See docs/formats/wal.md. */
export interface LogRecord {
  /** Log sequence number: 1, 2, 3 ...; larger for later records, without repetition. */
  readonly lsn: number;
  /** 0 to 255; its meaning is the caller's. */
  readonly kind: number;
  readonly tenant: string;
  readonly idempotencyKey?: string | undefined;
  /** When it was appended, milliseconds since 1970. */
  readonly timeMs: number;
  readonly payload: Uint8Array;
}

export const recordHeaderBytes = 40;
export const recordMagic = Buffer.from('SDBR', 'latin1');
const magic = recordMagic.readUInt32LE(0);
const tenantBytesMax = 255;
const keyBytesMax = 1024;
/** Payloads up to this size are copied behind their header, which is cheaper than one more part to write. */
const copiedBytesMax = 4096;

/** A record ready to be written: parts whose bytes follow one another. */
export interface EncodedRecord {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
}

export interface RecordToEncode {
  readonly lsn: number;
  readonly kind: number;
  readonly tenant: string;
  readonly idempotencyKey?: string | undefined;
  readonly timeMs: number;
  readonly payload: Uint8Array | readonly Uint8Array[];
}

/** Payload parts larger than 4 KiB are referred to, not copied: they must not change until they are written. */
export function encodeRecord(record: RecordToEncode, salt: number): EncodedRecord {
  const tenant = Buffer.from(record.tenant);
  const key = record.idempotencyKey === undefined ? Buffer.alloc(0) : Buffer.from(record.idempotencyKey);
  checkFields(record, tenant, key);
  const payload = record.payload instanceof Uint8Array ? [record.payload] : record.payload;
  const payloadBytes = payload.reduce((sum, part) => sum + part.length, 0);
  if (payloadBytes > 0x7fff_ffff) throw new WalError('INVALID_RECORD', `a record of ${payloadBytes} bytes`);
  const prefixBytes = recordHeaderBytes + tenant.length + key.length;
  const copied = payloadBytes <= copiedBytesMax;
  const head = Buffer.allocUnsafe(prefixBytes + (copied ? payloadBytes : 0));
  head.writeUInt32LE(magic, 0);
  head.writeUInt32LE(payloadBytes, 8);
  head[12] = record.kind;
  head[13] = tenant.length;
  head.writeUInt16LE(record.idempotencyKey === undefined ? noKey : key.length, 14);
  head.writeBigUInt64LE(BigInt(record.lsn), 16);
  head.writeBigUInt64LE(BigInt(record.timeMs), 24);
  head.writeUInt32LE(0, 32);
  tenant.copy(head, recordHeaderBytes);
  key.copy(head, recordHeaderBytes + tenant.length);
  if (copied) {
    let at = prefixBytes;
    for (const part of payload) {
      head.set(part, at);
      at += part.length;
    }
  }
  const parts = copied ? [head] : [head, ...payload];
  seal(parts, salt);
  return { parts, bytes: prefixBytes + payloadBytes };
}

/** Stands for the key's length where there is no key. */
const noKey = 0xffff;

function checkFields(record: RecordToEncode, tenant: Buffer, key: Buffer): void {
  const { kind, lsn, timeMs } = record;
  if (!Number.isInteger(kind) || kind < 0 || kind > 255) throw new WalError('INVALID_RECORD', `kind ${kind}`);
  if (tenant.length > tenantBytesMax) throw new WalError('INVALID_RECORD', `a tenant of ${tenant.length} bytes`);
  if (key.length > keyBytesMax) {
    throw new WalError('INVALID_RECORD', `an idempotency key of ${key.length} bytes (${keyBytesMax} at most)`);
  }
  if (!Number.isSafeInteger(lsn) || !Number.isSafeInteger(timeMs)) throw new WalError('INVALID_RECORD', 'a bad number');
}

/** Says in an encoded record that `gap` LSNs before it were never used. */
export function setGap(record: EncodedRecord, gap: number, salt: number): void {
  (record.parts[0] as Buffer).writeUInt32LE(gap, 32);
  seal(record.parts, salt);
}

function seal(parts: readonly Uint8Array[], salt: number): void {
  const head = parts[0] as Buffer;
  head.writeUInt32LE(headerChecksum(head, 0, salt), 36);
  let crc = crc32c(head.subarray(8), salt);
  for (let i = 1; i < parts.length; i++) crc = crc32c(parts[i]!, crc);
  head.writeUInt32LE(crc, 4);
}

/** Of the fixed fields alone, so that a length can be believed before all that it spans is read. */
function headerChecksum(buffer: Buffer, at: number, salt: number): number {
  return crc32c(buffer.subarray(at + 8, at + 36), salt);
}

/** A record's fixed fields. */
export interface RecordHeader {
  readonly lsn: number;
  /** LSNs before this one that were never used. */
  readonly gap: number;
  /** Header, tenant, key and payload. */
  readonly bytes: number;
}

/** The header at `at` of a buffer that holds it whole, or `undefined` when none is there. */
export function decodeHeader(buffer: Buffer, at: number, salt: number): RecordHeader | undefined {
  if (buffer.readUInt32LE(at) !== magic) return undefined;
  if (headerChecksum(buffer, at, salt) !== buffer.readUInt32LE(at + 36)) return undefined;
  const lsn = buffer.readUInt32LE(at + 20) * 2 ** 32 + buffer.readUInt32LE(at + 16);
  if (!Number.isSafeInteger(lsn) || lsn === 0) return undefined;
  const names = buffer[at + 13]! + (keyLength(buffer, at) ?? 0);
  return { lsn, gap: buffer.readUInt32LE(at + 32), bytes: recordHeaderBytes + names + buffer.readUInt32LE(at + 8) };
}

function keyLength(buffer: Buffer, at: number): number | undefined {
  const length = buffer.readUInt16LE(at + 14);
  return length === noKey ? undefined : length;
}

/** Whether the checksum of the record of `bytes` bytes at `at` is right. */
export function isIntact(buffer: Buffer, at: number, bytes: number, salt: number): boolean {
  return crc32c(buffer.subarray(at + 8, at + bytes), salt) === buffer.readUInt32LE(at + 4);
}

/** The record at `at`, whose checksum is known to be right. The payload is a view into `buffer`. */
export function decodeRecord(buffer: Buffer, at: number, header: RecordHeader): LogRecord {
  const tenantEnd = at + recordHeaderBytes + buffer[at + 13]!;
  const keyBytes = keyLength(buffer, at);
  const keyEnd = tenantEnd + (keyBytes ?? 0);
  return {
    lsn: header.lsn,
    kind: buffer[at + 12]!,
    tenant: buffer.toString('utf8', at + recordHeaderBytes, tenantEnd),
    idempotencyKey: keyBytes === undefined ? undefined : buffer.toString('utf8', tenantEnd, keyEnd),
    timeMs: Number(buffer.readBigUInt64LE(at + 24)),
    payload: buffer.subarray(keyEnd, at + header.bytes),
  };
}
