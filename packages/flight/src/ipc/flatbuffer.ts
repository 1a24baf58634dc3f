import { isUtf8 } from 'node:buffer';
import { malformed } from './ipc-error.ts';

/** A vector inside a flatbuffer: where its first element lies, and how many there are (checked against the buffer). */
export interface FlatVector {
  readonly start: number;
  readonly length: number;
}

/** Bytes that may still be read out of one message: many offsets to one place would else let a small message grow. */
interface Budget {
  left: number;
}

function spend(budget: Budget, bytes: number): void {
  budget.left -= bytes;
  if (budget.left < 0) throw malformed('flatbuffer: the message refers to the same bytes again and again');
}

/**
 * A flatbuffer table, read with every offset checked against the buffer: whatever the bytes are, a read ends in a value
 * or in an IpcError. Offsets are read unsigned, so they only ever point forward and no table can contain itself.
 * https://flatbuffers.dev/internals/
 */
export class FlatTable {
  readonly #view: DataView;
  readonly #position: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;
  readonly #budget: Budget;

  private constructor(view: DataView, position: number, budget: Budget) {
    this.#view = view;
    this.#position = position;
    this.#budget = budget;
    spend(budget, 4);
    if (position + 4 > view.byteLength) throw malformed('flatbuffer: a table lies outside the message');
    this.#vtable = position - view.getInt32(position, true);
    if (this.#vtable < 0 || this.#vtable + 4 > view.byteLength) {
      throw malformed('flatbuffer: a table description lies outside the message');
    }
    this.#vtableBytes = view.getUint16(this.#vtable, true);
    if (this.#vtable + this.#vtableBytes > view.byteLength) {
      throw malformed('flatbuffer: a table description is cut off');
    }
  }

  static root(bytes: Uint8Array): FlatTable {
    if (bytes.byteLength < 8) throw malformed(`flatbuffer: ${bytes.byteLength} bytes are too few for a message`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, view.getUint32(0, true), { left: bytes.byteLength * 8 });
  }

  get view(): DataView {
    return this.#view;
  }

  /** Where the field's bytes lie, or 0 where the table doesn't have it. */
  #field(slot: number, bytes: number): number {
    const entry = 4 + slot * 2;
    if (entry + 2 > this.#vtableBytes) return 0;
    const offset = this.#view.getUint16(this.#vtable + entry, true);
    if (offset === 0) return 0;
    const position = this.#position + offset;
    if (position + bytes > this.#view.byteLength) throw malformed('flatbuffer: a field lies outside the message');
    return position;
  }

  #target(slot: number): number {
    const position = this.#field(slot, 4);
    if (position === 0) return 0;
    const target = position + this.#view.getUint32(position, true);
    if (target + 4 > this.#view.byteLength) throw malformed('flatbuffer: an offset points outside the message');
    return target;
  }

  boolean(slot: number, otherwise = false): boolean {
    const position = this.#field(slot, 1);
    return position === 0 ? otherwise : this.#view.getUint8(position) !== 0;
  }

  uint8(slot: number, otherwise = 0): number {
    const position = this.#field(slot, 1);
    return position === 0 ? otherwise : this.#view.getUint8(position);
  }

  int16(slot: number, otherwise = 0): number {
    const position = this.#field(slot, 2);
    return position === 0 ? otherwise : this.#view.getInt16(position, true);
  }

  int32(slot: number, otherwise = 0): number {
    const position = this.#field(slot, 4);
    return position === 0 ? otherwise : this.#view.getInt32(position, true);
  }

  /** A 64-bit integer, as a number; `what` names it in the error where it is too large for one. */
  int64(slot: number, what: string): number {
    const position = this.#field(slot, 8);
    return position === 0 ? 0 : int64At(this.#view, position, what);
  }

  table(slot: number): FlatTable | undefined {
    const target = this.#target(slot);
    return target === 0 ? undefined : new FlatTable(this.#view, target, this.#budget);
  }

  string(slot: number): string | undefined {
    const vector = this.vector(slot, 1);
    if (!vector) return undefined;
    spend(this.#budget, vector.length);
    const bytes = new Uint8Array(this.#view.buffer, this.#view.byteOffset + vector.start, vector.length);
    if (!isUtf8(bytes)) throw malformed('flatbuffer: a name or a value of custom metadata is not UTF-8');
    return decoder.decode(bytes);
  }

  vector(slot: number, elementBytes: number): FlatVector | undefined {
    const target = this.#target(slot);
    if (target === 0) return undefined;
    const length = this.#view.getUint32(target, true);
    if (target + 4 + length * elementBytes > this.#view.byteLength) {
      throw malformed(`flatbuffer: a vector of ${length} elements doesn't fit into the message`);
    }
    return { start: target + 4, length };
  }

  /** Element `index` of a vector of tables. */
  element(vector: FlatVector, index: number): FlatTable {
    const position = vector.start + index * 4;
    return new FlatTable(this.#view, position + this.#view.getUint32(position, true), this.#budget);
  }
}

/** The signed 64-bit integer at `position`; one beyond what a number holds exactly is malformed. */
export function int64At(view: DataView, position: number, what: string): number {
  const value = view.getInt32(position + 4, true) * 0x1_0000_0000 + view.getUint32(position, true);
  if (!Number.isSafeInteger(value)) throw malformed(`${what} is out of range`);
  return value;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
