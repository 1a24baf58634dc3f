import type { LogFile } from './log-io.ts';
import { decodeHeader, isIntact, type RecordHeader, recordHeaderBytes, recordMagic } from './record.ts';

const windowBytes = 1 << 20;

/** What stands in a segment from one position on. */
export type Scanned =
  /** A record with the right checksum at `at` of `buffer`, which isn't used again. */
  | {
      readonly type: 'record';
      readonly offset: number;
      readonly header: RecordHeader;
      readonly buffer: Buffer;
      readonly at: number;
    }
  /** Bytes that are no record, with a record behind them. */
  | { readonly type: 'broken'; readonly offset: number; readonly bytes: number }
  /** Nothing but zeros and then the end (`torn` 0), or `torn` bytes that are no record and have none behind them. */
  | { readonly type: 'end'; readonly offset: number; readonly torn: number };

export interface ScanOptions {
  readonly salt: number;
  /** Where a record begins. */
  readonly from: number;
  /** Where reading ends. */
  readonly to: number;
  /** Records below this LSN are passed over without looking at their payload. Default: none. */
  readonly fromLsn?: number;
}

/** Reads a segment's records in order and finds its way again behind broken ones. */
export async function* scanSegment(file: LogFile, options: ScanOptions): AsyncGenerator<Scanned, void> {
  const { salt, to, fromLsn = 0 } = options;
  const view = createWindow(file, to);
  let offset = options.from;
  let lastLsn = 0;
  while (offset < to) {
    const found = await recordAt(view, offset, to, salt, lastLsn, fromLsn);
    if (found) {
      if (found.header.lsn >= fromLsn) yield { type: 'record', offset, ...found };
      lastLsn = found.header.lsn;
      offset += found.header.bytes;
      continue;
    }
    const next = await findRecord(view, offset + 1, to, salt, lastLsn);
    if (next === undefined) break;
    yield { type: 'broken', offset, bytes: next - offset };
    offset = next;
  }
  yield { type: 'end', offset, torn: await bytesThatAreNotZero(view, offset, to) };
}

/**
 * A moving view of a file: `view(offset, bytes)` gives a buffer that holds these bytes at `at`; `bytes` of the answer says
 * how many there are, which is less at the end and may be more.
 */
type Window = (offset: number, bytes: number) => Promise<{ buffer: Buffer; at: number; bytes: number }>;

function createWindow(file: LogFile, to: number): Window {
  let buffer = Buffer.alloc(0);
  let start = 0;
  return async (offset, bytes) => {
    const wanted = Math.min(bytes, to - offset);
    if (offset < start || offset + wanted > start + buffer.length) {
      const size = Math.min(Math.max(windowBytes, wanted), to - offset);
      const fresh = Buffer.allocUnsafeSlow(size); // records keep views of it
      const read = await file.read(fresh, offset);
      buffer = fresh.subarray(0, read);
      start = offset;
    }
    return { buffer, at: offset - start, bytes: start + buffer.length - offset };
  };
}

async function recordAt(view: Window, offset: number, to: number, salt: number, lastLsn: number, fromLsn: number) {
  const head = await view(offset, recordHeaderBytes);
  if (head.bytes < recordHeaderBytes) return undefined;
  const header = decodeHeader(head.buffer, head.at, salt);
  if (header === undefined || header.lsn <= lastLsn) return undefined;
  if (header.lsn < fromLsn) return { header, buffer: head.buffer, at: head.at };
  if (offset + header.bytes > to) return undefined;
  const { buffer, at, bytes } = await view(offset, header.bytes);
  if (bytes < header.bytes || !isIntact(buffer, at, header.bytes, salt)) return undefined;
  return { header, buffer, at };
}

/** Where the next whole record begins. */
async function findRecord(
  view: Window,
  from: number,
  to: number,
  salt: number,
  lastLsn: number,
): Promise<number | undefined> {
  for (let offset = from; ; ) {
    const { buffer, at, bytes } = await view(offset, recordHeaderBytes);
    if (bytes < recordHeaderBytes) return undefined;
    const found = buffer.subarray(at, at + bytes).indexOf(recordMagic);
    if (found < 0) {
      offset += bytes - (recordMagic.length - 1);
      continue;
    }
    if (await recordAt(view, offset + found, to, salt, lastLsn, 0)) return offset + found;
    offset += found + 1;
  }
}

async function bytesThatAreNotZero(view: Window, from: number, to: number): Promise<number> {
  let end = from;
  for (let offset = from; offset < to; ) {
    const { buffer, at, bytes } = await view(offset, 1);
    if (bytes <= 0) break;
    for (let i = at + bytes - 1; i >= at; i--) {
      if (buffer[i] !== 0) {
        end = offset + (i - at) + 1;
        break;
      }
    }
    offset += bytes;
  }
  return end - from;
}
