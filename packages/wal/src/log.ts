import type { LogRecord } from './record.ts';
import type { BrokenPart, RecoveryReport } from './recover.ts';

/** What the caller gives the log to keep. */
export interface Append {
  /** 0 to 255. */
  readonly kind: number;
  /** At most 255 bytes. */
  readonly tenant: string;
  /** At most 1024 bytes. The log only remembers it; look before you append. */
  readonly idempotencyKey?: string | undefined;
  /** Parts are joined. They must not change until `durable` settles. */
  readonly payload: Uint8Array | readonly Uint8Array[];
}

export interface Appended {
  /** The record's place in the order of all records, given at once. */
  readonly lsn: number;
  /**
   * Resolves when this record and all before it are on disk, and never earlier. Rejects when the record isn't in the
   * log (NO_SPACE: its LSN stays unused) or may not be (FAILED). A rejection that nobody waits for is no error.
   */
  readonly durable: Promise<void>;
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * A write-ahead log in a folder. Records are kept in the order of `append`, forced to disk in groups, and read back
 * byte for byte until they are trimmed. One holder a folder.
 */
export interface Log {
  /** A UUID, the same for the folder's whole life. */
  readonly id: string;
  /** The lowest LSN that may still be in the log; `nextLsn` when it is empty. */
  readonly firstLsn: number;
  /** What the next `append` will be given. */
  readonly nextLsn: number;
  /** All records up to here are on disk. */
  readonly durableLsn: number;
  /** The highest LSN given to `trim`. It survives a restart, give or take the last second. */
  readonly trimmedLsn: number;
  /** Bytes of all segments. */
  readonly bytes: number;
  /** Bytes appended that aren't on disk yet. */
  readonly waitingBytes: number;
  readonly recovery: RecoveryReport;
  /** Why the log takes nothing more, if so. */
  readonly failure: Error | undefined;
  /** Throws LOG_FULL, QUEUE_FULL, INVALID_RECORD, FAILED or CLOSED, and then the record has no LSN. */
  append(record: Append): Appended;
  /** Resolves when the record with this LSN is on disk or its LSN is known to stay unused; rejects with FAILED, CLOSED. */
  whenDurable(lsn: number): Promise<void>;
  /** Records from `fromLsn` (or the first one left) to the last one that is on disk at the time of the call. */
  read(fromLsn: number, options?: ReadOptions): AsyncIterable<LogRecord>;
  /** Says that nothing up to `throughLsn` is needed; whole segments are deleted, subject to retention. */
  trim(throughLsn: number): Promise<void>;
  /** The LSN of the record first appended with this key, which may still be on its way to the disk. */
  findIdempotencyKey(tenant: string, key: string): number | undefined;
  /** Waits for what was appended, then lets the folder go. May be called twice. */
  close(): Promise<void>;
}

/** What a log tells while it runs. */
export interface LogEvents {
  onCommit?(commit: { readonly lastLsn: number; readonly bytes: number; readonly syncSeconds: number }): void;
  /** A record that was good is broken now; reading goes on behind it. */
  onBroken?(part: BrokenPart): void;
  onFailed?(error: Error): void;
}
