import type { RecordBatch } from 'apache-arrow';
import type { Cut } from './cut.ts';
import type { LogStream } from './log-stream.ts';
import type { ReceivedRows } from './runs.ts';

/** Nanoseconds, both ends included; an absent end is open. */
export interface TimeRange {
  readonly minTime?: bigint | undefined;
  readonly maxTime?: bigint | undefined;
}

/** What a log has brought for one table and isn't committed: batches that wait, then cuts, in the order of LSNs. */
export class LogTable {
  readonly log: LogStream;
  /** Rows up to this LSN are in the table already, or have come: they are skipped. */
  skipThrough: number;
  /** Cut and not yet committed, oldest first. */
  cuts: Cut[] = [];
  #waiting: ReceivedRows[] = [];
  #rows = 0;
  #bytes = 0;
  #since = 0;
  readonly #timeColumn: string | undefined;

  constructor(log: LogStream, skipThrough: number, timeColumn: string | undefined) {
    this.log = log;
    this.skipThrough = skipThrough;
    this.#timeColumn = timeColumn;
  }

  get waitingRows(): number {
    return this.#rows;
  }

  get waitingBytes(): number {
    return this.#bytes;
  }

  /** When the oldest row that waits came, by `performance.now()`. */
  get waitingSince(): number {
    return this.#since;
  }

  /** Whether a row that waits may have a time in the range. */
  mayHold(range: TimeRange): boolean {
    if (!this.#timeColumn || (range.minTime === undefined && range.maxTime === undefined))
      return this.#waiting.length > 0;
    return this.#waiting.some(({ batch }) => hasTimeIn(batch, this.#timeColumn!, range));
  }

  /** Whether rows that may be in the range are in no hot file yet. */
  isUnwritten(range: TimeRange): boolean {
    return this.cuts.some((cut) => cut.state === 'encoding') || this.mayHold(range);
  }

  get firstUncommittedLsn(): number | undefined {
    return this.cuts[0]?.firstLsn ?? this.#waiting[0]?.firstLsn;
  }

  add(rows: ReceivedRows, bytes: number): void {
    if (this.#waiting.length === 0) this.#since = performance.now();
    this.#waiting.push(rows);
    this.#rows += rows.batch.numRows;
    this.#bytes += bytes;
    this.skipThrough = rows.lastLsn;
  }

  /** Takes out what waits. */
  take(): { readonly rows: readonly ReceivedRows[]; readonly bytes: number } | undefined {
    if (this.#waiting.length === 0) return undefined;
    const taken = { rows: this.#waiting, bytes: this.#bytes };
    this.#waiting = [];
    this.#rows = 0;
    this.#bytes = 0;
    return taken;
  }

  /** Called when the log's stream has ended: its rows will come again. */
  onDrop: (table: LogTable) => void = () => {};

  drop(): void {
    this.onDrop(this);
  }
}

function hasTimeIn(batch: RecordBatch, column: string, { minTime, maxTime }: TimeRange): boolean {
  for (const { values } of batch.getChild(column)?.data ?? []) {
    for (const time of values as BigInt64Array) {
      if ((minTime === undefined || time >= minTime) && (maxTime === undefined || time <= maxTime)) return true;
    }
  }
  return false;
}
