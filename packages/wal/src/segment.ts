import { crc32c } from './crc32c.ts';
import { WalError } from './errors.ts';

export const segmentHeaderBytes = 64;
export const formatVersion = 1;
const magic = Buffer.from('SDBWAL\r\n', 'latin1');
const suffix = '.wal';

/** The first bytes of each segment. */
export interface SegmentHeader {
  /** The log's id, a UUID. */
  readonly logId: string;
  /** Starts the checksum of each record, so that bytes inside a payload can't pass for a record. */
  readonly salt: number;
  /** Its first record's LSN is not below this. */
  readonly firstLsn: number;
  /** The last LSN of the log when the segment was begun. */
  readonly previousLsn: number;
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  magic.copy(bytes, 0);
  bytes.writeUInt32LE(formatVersion, 8);
  bytes.writeUInt32LE(header.salt, 12);
  bytes.writeBigUInt64LE(BigInt(header.firstLsn), 16);
  bytes.writeBigUInt64LE(BigInt(header.previousLsn), 24);
  Buffer.from(header.logId.replaceAll('-', ''), 'hex').copy(bytes, 32);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 60)), 60);
  return bytes;
}

/** `undefined` when the header is broken. FORMAT when it is good, and of a version that this code doesn't know. */
export function decodeSegmentHeader(bytes: Buffer, path: string): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes || !bytes.subarray(0, 8).equals(magic)) return undefined;
  const version = bytes.readUInt32LE(8);
  if (crc32c(bytes.subarray(0, 60)) !== bytes.readUInt32LE(60)) return undefined;
  if (version !== formatVersion) {
    throw new WalError('FORMAT', `${path} is of log format ${version}; this program reads format ${formatVersion}`);
  }
  const id = bytes.toString('hex', 32, 48);
  return {
    logId: id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    salt: bytes.readUInt32LE(12),
    firstLsn: Number(bytes.readBigUInt64LE(16)),
    previousLsn: Number(bytes.readBigUInt64LE(24)),
  };
}

/** `0000000000000001.wal`: names sort as LSNs do. */
export function segmentName(firstLsn: number): string {
  return String(firstLsn).padStart(16, '0') + suffix;
}

/** The first LSN of a segment's name, or `undefined` when it isn't one. */
export function lsnOfName(name: string): number | undefined {
  const digits = /^(\d{16})\.wal$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
