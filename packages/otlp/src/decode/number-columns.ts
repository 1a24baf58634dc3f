import type { WordsColumn } from '../columns/words.ts';
import type { WireReader } from '../wire/reader.ts';

const scratch = new DataView(new ArrayBuffer(8));

/** A number that is a double or an integer: `value` has it either way (an integer rounded), `value_int` integers exactly. */
export class NumberColumns {
  readonly #value: WordsColumn;
  readonly #integer: WordsColumn;

  constructor(value: WordsColumn, integer: WordsColumn) {
    this.#value = value;
    this.#integer = integer;
  }

  /** Reads a double. */
  setDouble(row: number, wire: WireReader, end: number): void {
    wire.fixed64(end);
    this.#value.append(row, wire.lo, wire.hi);
    this.#integer.truncate(row); // of several values the last counts
  }

  /** Reads a signed 64-bit integer. */
  setInteger(row: number, wire: WireReader, end: number): void {
    wire.fixed64(end);
    this.#integer.append(row, wire.lo, wire.hi);
    scratch.setFloat64(0, wire.hi * 0x1_0000_0000 + (wire.lo >>> 0), true);
    this.#value.append(row, scratch.getInt32(0, true), scratch.getInt32(4, true));
  }
}
