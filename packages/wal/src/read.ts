import type { LogEvents } from './log.ts';
import type { LogIo } from './log-io.ts';
import { decodeRecord, type LogRecord } from './record.ts';
import { copyAside } from './recover.ts';
import { scanSegment } from './scan.ts';
import { offsetBefore, type Segment } from './segments.ts';

export interface ReadPlan {
  readonly io: LogIo;
  readonly dir: string;
  /** The log's segments at the time of the call. */
  readonly segments: readonly Segment[];
  /** Where the last one's records ended then. */
  readonly lastOffset: number;
  readonly fromLsn: number;
  readonly throughLsn: number;
  readonly signal?: AbortSignal | undefined;
  readonly onBroken?: LogEvents['onBroken'] | undefined;
}

/**
 * Records in order. A segment that is trimmed before it is read is left out; what has become broken since the log was
 * opened is kept aside, reported and passed over.
 */
export async function* readRecords(plan: ReadPlan): AsyncGenerator<LogRecord, void> {
  const { io, dir, segments, fromLsn, throughLsn, signal } = plan;
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1;
    if (!isLast && segment.lastLsn < fromLsn) continue;
    signal?.throwIfAborted();
    const file = await io.open(segment.path, 'read').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (file === undefined) continue;
    try {
      const scan = {
        salt: segment.header.salt,
        from: offsetBefore(segment, fromLsn),
        to: isLast ? plan.lastOffset : segment.bytes,
      };
      for await (const found of scanSegment(file, { ...scan, fromLsn })) {
        signal?.throwIfAborted();
        if (found.type === 'record') {
          if (found.header.lsn > throughLsn) return;
          yield decodeRecord(found.buffer, found.at, found.header);
          continue;
        }
        const bytes = found.type === 'broken' ? found.bytes : found.torn;
        if (bytes > 0) {
          const part = { offset: found.offset, bytes };
          plan.onBroken?.(await copyAside(io, dir, segment.path, file, part, 'it was good when the log was opened'));
        }
      }
    } finally {
      await file.close();
    }
  }
}
