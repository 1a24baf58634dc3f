import type { WordsColumn } from '../columns/words.ts';

const WORD = 0x1_0000_0000;
const TICKS_PER_HOUR = 878_906_250; // of 4096 ns: an hour is a whole number of them, and a time in them is exact in a double
const HOUR_MIN = Date.UTC(2000, 0) / 3_600_000;
const HOUR_MAX = Date.UTC(2100, 0) / 3_600_000;
const MICROSECONDS_PER_HOUR = 3_600_000_000;

/** The hour in which a row lies: tables are partitioned by it. Times outside 2000 to 2100 count as 1970-01-01T00. */
export class HourColumn {
  readonly #column: WordsColumn;
  #hour = 0;
  #lo = 0;
  #hi = 0;

  constructor(column: WordsColumn) {
    this.#column = column;
  }

  /** The time is in nanoseconds since 1970, unsigned. */
  append(row: number, lo: number, hi: number): void {
    const hour = Math.floor(((hi >>> 0) * 0x10_0000 + (lo >>> 12)) / TICKS_PER_HOUR);
    if (hour !== this.#hour) this.#moveTo(hour);
    this.#column.append(row, this.#lo, this.#hi);
  }

  #moveTo(hour: number): void {
    this.#hour = hour;
    const microseconds = hour >= HOUR_MIN && hour < HOUR_MAX ? hour * MICROSECONDS_PER_HOUR : 0;
    this.#lo = microseconds | 0;
    this.#hi = Math.floor(microseconds / WORD);
  }
}
