import { basename, join } from 'node:path';
import { orIoError, WalError } from './errors.ts';
import type { LogFile, LogIo } from './log-io.ts';
import { decodeHeader, decodeRecord, type LogRecord, recordHeaderBytes } from './record.ts';
import { scanSegment } from './scan.ts';
import { decodeSegmentHeader, lsnOfName, type SegmentHeader, segmentHeaderBytes } from './segment.ts';
import { newSegment, noteRecord, type Segment } from './segments.ts';

/** Bytes of a log that are no record and should be. They are kept in a file of their own. */
export interface BrokenPart {
  readonly segment: string;
  readonly offset: number;
  readonly bytes: number;
  /** Where they are kept. */
  readonly keptIn: string;
  /** The LSNs that are missing there, as far as the records around them tell. */
  readonly missing?: { readonly from: number; readonly to: number } | undefined;
  readonly reason: string;
}

/** What opening a log found. */
export interface RecoveryReport {
  readonly segments: number;
  readonly records: number;
  /** Bytes cut from the end: a write that was never acknowledged. */
  readonly tornBytes: number;
  readonly broken: readonly BrokenPart[];
  /** LSNs for which there is neither a record nor a broken part, as when a segment's file was taken away. */
  readonly missing: readonly { readonly from: number; readonly to: number }[];
}

export interface Recovered {
  readonly segments: Segment[];
  /** The LSN that comes next, larger than any that was ever given out. */
  readonly nextLsn: number;
  readonly report: RecoveryReport;
}

/** Reads all segments of a folder, cuts the torn end off the last one, and keeps broken parts aside. */
export async function recoverSegments(
  io: LogIo,
  dir: string,
  identity: LogIdentity | undefined,
  seen: (record: LogRecord) => void,
): Promise<Recovered | undefined> {
  const names = (await io.list(dir)).filter((name) => lsnOfName(name) !== undefined).sort();
  const report = { segments: 0, records: 0, tornBytes: 0, broken: [] as BrokenPart[], missing: [] as Gap[] };
  const segments: Segment[] = [];
  let lost = 0;
  for (const [i, name] of names.entries()) {
    const path = join(dir, name);
    const isLast = i === names.length - 1;
    await orIoError(`read ${path}`, async () => {
      const file = await io.open(path, 'write');
      try {
        const found = await recoverSegment({
          io,
          dir,
          path,
          file,
          isLast,
          before: segments.at(-1),
          identity,
          seen,
          report,
        });
        if (found === undefined) return;
        segments.push(found.segment);
        lost = found.lost;
      } finally {
        await file.close();
      }
    });
  }
  if (segments.length === 0) return undefined;
  report.segments = segments.length;
  const last = segments.at(-1)!;
  return { segments, nextLsn: Math.max(last.lastLsn + 1 + lost, last.header.firstLsn), report };
}

/** What makes a log's records its own. */
export interface LogIdentity {
  readonly id: string;
  readonly salt: number;
}

interface Gap {
  from: number;
  to: number;
}

interface SegmentToRecover {
  readonly io: LogIo;
  readonly dir: string;
  readonly path: string;
  readonly file: LogFile;
  readonly isLast: boolean;
  readonly before: Segment | undefined;
  readonly identity: LogIdentity | undefined;
  readonly seen: (record: LogRecord) => void;
  readonly report: { records: number; tornBytes: number; broken: BrokenPart[]; missing: Gap[] };
}

async function recoverSegment(o: SegmentToRecover): Promise<{ segment: Segment; lost: number } | undefined> {
  const { file, path, report } = o;
  const size = await file.size();
  const header = await readHeader(o);
  if (header === undefined) return undefined;
  const segment = newSegment(path, header);
  let lastLsn = header.previousLsn;
  if (o.before && o.before.lastLsn < header.previousLsn) {
    noteMissing(report, o.before.lastLsn + 1, header.previousLsn);
  }
  let broken: { offset: number; bytes: number } | undefined;
  for await (const found of scanSegment(file, { salt: header.salt, from: segmentHeaderBytes, to: size })) {
    if (found.type === 'broken') {
      broken = found;
    } else if (found.type === 'record') {
      const { lsn, gap, bytes } = found.header;
      const missing = lsn - gap - 1 > lastLsn ? { from: lastLsn + 1, to: lsn - gap - 1 } : undefined;
      if (broken) {
        report.broken.push(await keepAside(o, broken, 'the checksum or the length is wrong', missing));
      } else if (missing) {
        noteMissing(report, missing.from, missing.to);
      }
      broken = undefined;
      const record = decodeRecord(found.buffer, found.at, found.header);
      noteRecord(segment, lsn, found.offset, bytes, record.timeMs);
      o.seen(record);
      report.records++;
      lastLsn = lsn;
    } else {
      return { segment, lost: await finish(o, segment, found.offset, found.torn) };
    }
  }
  throw new WalError('IO', `${path} has no end`);
}

/** Deals with what stands behind the last record; tells how many LSNs that may have been. */
async function finish(o: SegmentToRecover, segment: Segment, end: number, torn: number): Promise<number> {
  const lsns = Math.ceil(torn / recordHeaderBytes);
  if (!o.isLast) {
    if (torn > 0)
      o.report.broken.push(await keepAside(o, { offset: end, bytes: torn }, 'no record, and more segments follow'));
    return lsns;
  }
  if (torn > 0) {
    await keepTorn(o, segment, end, torn);
    o.report.tornBytes += torn;
    await o.file.truncate(end);
    await o.file.sync();
  }
  return lsns;
}

/** A torn end is cut; it is also kept, and reported as broken when the record is whole, for then it may have been acknowledged. */
async function keepTorn(o: SegmentToRecover, segment: Segment, end: number, torn: number): Promise<void> {
  if (torn < recordHeaderBytes) return;
  const head = Buffer.alloc(recordHeaderBytes);
  await o.file.read(head, end);
  const header = decodeHeader(head, 0, segment.header.salt);
  const isWhole = header !== undefined && header.bytes <= torn;
  const missing = { from: segment.lastLsn + 1, to: segment.lastLsn + 1 };
  const reason = isWhole ? 'the last record is wrong, it may have been acknowledged' : 'a write that was not finished';
  const part = await keepAside(o, { offset: end, bytes: torn }, reason, missing);
  if (isWhole) o.report.broken.push(part);
}

async function readHeader(o: SegmentToRecover): Promise<SegmentHeader | undefined> {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  const read = await o.file.read(bytes, 0);
  const header = decodeSegmentHeader(bytes.subarray(0, read), o.path);
  if (header) {
    const id = o.before?.header.logId ?? o.identity?.id;
    if (id !== undefined && id !== header.logId) {
      throw new WalError('FORMAT', `${o.path} belongs to log ${header.logId}, and its folder to log ${id}`);
    }
    return header;
  }
  const neverUsed = o.isLast && (read < segmentHeaderBytes || bytes.every((byte) => byte === 0));
  if (neverUsed) {
    await o.io.remove(o.path); // the process ended while it made the file
    return undefined;
  }
  const { logId, salt } = o.before?.header ?? { logId: o.identity?.id, salt: o.identity?.salt };
  if (logId === undefined || salt === undefined) {
    throw new WalError('FORMAT', `${o.path} has no readable header: it is no segment of a log, or a broken one`);
  }
  o.report.broken.push(await keepAside(o, { offset: 0, bytes: read }, 'the header is broken'));
  const firstLsn = lsnOfName(basename(o.path))!;
  return { logId, salt, firstLsn, previousLsn: o.before?.lastLsn ?? firstLsn - 1 };
}

function noteMissing(report: SegmentToRecover['report'], from: number, to: number): void {
  const covered = report.broken.some(
    (part) => part.missing === undefined || (part.missing.from <= from && part.missing.to >= to),
  );
  if (!covered) report.missing.push({ from, to });
}

/** Copies broken bytes into `aside/`. */
async function keepAside(
  o: SegmentToRecover,
  part: { offset: number; bytes: number },
  reason: string,
  missing?: Gap,
): Promise<BrokenPart> {
  return copyAside(o.io, o.dir, o.path, o.file, part, reason, missing);
}

/** Copies a part of a segment's file into the folder `aside`, under a name that says whence it came. */
export async function copyAside(
  io: LogIo,
  dir: string,
  path: string,
  file: LogFile,
  part: { readonly offset: number; readonly bytes: number },
  reason: string,
  missing?: { readonly from: number; readonly to: number },
): Promise<BrokenPart> {
  const folder = join(dir, 'aside');
  await io.makeFolder(folder);
  const name = `${basename(path, '.wal')}-${part.offset}-${part.bytes}.part`;
  const keptIn = join(folder, name);
  if (!(await io.list(folder)).includes(name)) {
    const copy = await io.open(keptIn, 'create');
    try {
      const piece = Buffer.alloc(Math.min(part.bytes, 1 << 20));
      for (let done = 0; done < part.bytes; ) {
        const read = await file.read(piece.subarray(0, Math.min(piece.length, part.bytes - done)), part.offset + done);
        if (read === 0) break;
        await copy.write([piece.subarray(0, read)], done);
        done += read;
      }
      await copy.sync();
    } finally {
      await copy.close();
    }
    await io.syncFolder(folder);
  }
  return { segment: path, offset: part.offset, bytes: part.bytes, keptIn, missing, reason };
}
