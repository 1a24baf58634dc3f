import { join } from 'node:path';
import type { LogFile, LogIo } from './log-io.ts';
import { encodeSegmentHeader, type SegmentHeader, segmentHeaderBytes, segmentName } from './segment.ts';

/** A segment that the log knows: its place, what is in it, and how to get into its middle. */
export interface Segment {
  readonly path: string;
  readonly header: SegmentHeader;
  /** The last LSN in it; `firstLsn - 1` and less when it holds none. */
  lastLsn: number;
  /** Where its records end. */
  bytes: number;
  /** When its last record was appended, milliseconds since 1970. */
  lastTimeMs: number;
  /** Where about every millionth byte's record begins, in order. */
  readonly index: { readonly lsn: number; readonly offset: number }[];
}

const indexStepBytes = 1 << 20;

export function newSegment(path: string, header: SegmentHeader): Segment {
  return { path, header, lastLsn: header.previousLsn, bytes: segmentHeaderBytes, lastTimeMs: 0, index: [] };
}

/** Notes that a record stands at `offset`. */
export function noteRecord(segment: Segment, lsn: number, offset: number, bytes: number, timeMs: number): void {
  const last = segment.index.at(-1);
  if (last === undefined || offset - last.offset >= indexStepBytes) segment.index.push({ lsn, offset });
  segment.lastLsn = lsn;
  segment.bytes = offset + bytes;
  segment.lastTimeMs = timeMs;
}

/** The last noted offset whose record's LSN is not above `lsn`. */
export function offsetBefore(segment: Segment, lsn: number): number {
  let offset = segmentHeaderBytes;
  for (const entry of segment.index) {
    if (entry.lsn > lsn) break;
    offset = entry.offset;
  }
  return offset;
}

/**
 * Makes a segment's file with its header, on disk under its name before the promise resolves. The file is given its
 * full length at once (a hole): `fdatasync` then has no new length to write down, which takes a fifth to a half off it.
 */
export async function createSegment(
  io: LogIo,
  dir: string,
  header: SegmentHeader,
  length: number,
): Promise<[Segment, LogFile]> {
  const path = join(dir, segmentName(header.firstLsn));
  const file = await io.open(path, 'create');
  try {
    await file.write([encodeSegmentHeader(header)], 0);
    await file.truncate(length);
    await file.sync();
    await io.syncFolder(dir);
  } catch (error) {
    await file.close().catch(() => {});
    await io.remove(path).catch(() => {});
    throw error;
  }
  return [newSegment(path, header), file];
}
