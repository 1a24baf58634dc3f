import { WireError } from '../errors.ts';

/** Protobuf's wire types (https://protobuf.dev/programming-guides/encoding/#structure). */
export const WireType = { Varint: 0, Fixed64: 1, Bytes: 2, StartGroup: 3, EndGroup: 4, Fixed32: 5 } as const;

const GROUP_DEPTH_MAX = 64;
const SIZE_MAX = 0x7fff_ff00; // so that positions are 32-bit integers, which is what makes this fast

/**
 * A cursor over protobuf bytes. It reads in place: nothing is copied, no object is made, 64-bit values come as two 32-bit
 * halves in `lo` and `hi`. Every read is checked against a limit that the caller has checked against its own.
 */
export class WireReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The number of bytes. (A typed array's own length makes the engine calculate with doubles.) */
  readonly size: number;
  pos = 0;
  lo = 0;
  hi = 0;

  constructor(bytes: Uint8Array) {
    if (bytes.length > SIZE_MAX) throw new WireError(`more than ${SIZE_MAX} bytes`, -1, 'TOO_LARGE');
    this.bytes = bytes;
    this.size = bytes.length;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A field's tag (number << 3 | wire type), as an unsigned 32-bit integer. */
  tag(end: number): number {
    const start = this.pos;
    const first = this.bytes[start]!;
    if (first < 0x80 && first >= 8 && start < end) {
      this.pos = (start + 1) | 0;
      return first;
    }
    this.varint(end);
    const tag = this.lo >>> 0;
    if (this.hi !== 0) throw new WireError('the field number is out of range', start);
    if (tag < 8) throw new WireError('field number 0 is not allowed', start);
    return tag;
  }

  /** The length of what follows; it is inside `end`. */
  length(end: number): number {
    const { bytes, pos } = this;
    let length: number = bytes[pos]!;
    if (pos < end && length < 0x80) this.pos = (pos + 1) | 0;
    else {
      this.varint(end);
      length = this.lo;
      if (this.hi !== 0 || length < 0) this.#tooLong(pos, end);
    }
    if (length > ((end - this.pos) | 0)) this.#tooLong(pos, end);
    return length;
  }

  #tooLong(at: number, end: number): never {
    this.pos = at;
    this.varint(end);
    const length = (BigInt(this.hi >>> 0) << 32n) | BigInt(this.lo >>> 0);
    const left = Math.max(0, end - this.pos);
    throw new WireError(`a length of ${length} bytes runs past the ${left} that are left`, at);
  }

  /** A varint of up to 64 bits into `lo` and `hi`. */
  varint(end: number): void {
    const { bytes } = this;
    const first = bytes[this.pos]!;
    if (first < 0x80 && this.pos < end) {
      this.pos = (this.pos + 1) | 0;
      this.lo = first;
      this.hi = 0;
      return;
    }
    let pos = this.pos;
    let lo = 0;
    let hi = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (pos >= end) throw new WireError('the message ends within a number', this.pos);
      const byte = bytes[pos++]!;
      const bits = byte & 0x7f;
      if (shift < 28) lo |= bits << shift;
      else if (shift === 28) {
        lo |= bits << 28;
        hi = bits >>> 4;
      } else hi |= bits << (shift - 32);
      if (byte < 0x80) {
        this.pos = pos;
        this.lo = lo | 0;
        this.hi = hi | 0;
        return;
      }
    }
    throw new WireError('a number of more than ten bytes', this.pos);
  }

  /** Eight little-endian bytes into `lo` and `hi`. */
  fixed64(end: number): void {
    const { pos, view } = this;
    if (((pos + 8) | 0) > end) throw new WireError('the message ends within a 64-bit number', pos);
    this.lo = view.getInt32(pos, true);
    this.hi = view.getInt32((pos + 4) | 0, true);
    this.pos = (pos + 8) | 0;
  }

  /** Four little-endian bytes, signed. */
  fixed32(end: number): number {
    const { pos } = this;
    if (((pos + 4) | 0) > end) throw new WireError('the message ends within a 32-bit number', pos);
    this.pos = (pos + 4) | 0;
    return this.view.getInt32(pos, true);
  }

  /**
   * Goes over a field whose tag was read. `known` has a bit set for each field number that the message has: such a number
   * with another wire type is another schema, and refused; an unknown number is skipped, as protobuf asks.
   */
  skip(tag: number, end: number, known = 0, depth = 0): void {
    const field = tag >>> 3;
    if (field < 32 && (known >>> field) & 1 && (tag & 7) <= WireType.Fixed32) {
      throw new WireError(`field ${field} has wire type ${tag & 7}, which is not its own`, this.pos);
    }
    switch (tag & 7) {
      case WireType.Varint:
        this.varint(end);
        return;
      case WireType.Fixed64:
        this.fixed64(end);
        return;
      case WireType.Bytes: {
        const length = this.length(end); // moves pos
        this.pos = (this.pos + length) | 0;
        return;
      }
      case WireType.StartGroup:
        this.#skipGroup(field, end, depth);
        return;
      case WireType.Fixed32:
        this.fixed32(end);
        return;
      default:
        throw new WireError(
          (tag & 7) === WireType.EndGroup ? 'a group ends that never began' : `wire type ${tag & 7} does not exist`,
          this.pos,
        );
    }
  }

  #skipGroup(field: number, end: number, depth: number): void {
    if (depth >= GROUP_DEPTH_MAX) throw new WireError(`groups nested deeper than ${GROUP_DEPTH_MAX}`, this.pos);
    for (;;) {
      if (this.pos >= end) throw new WireError('the message ends within a group', this.pos);
      const tag = this.tag(end);
      if ((tag & 7) !== WireType.EndGroup) this.skip(tag, end, 0, depth + 1);
      else if (tag >>> 3 === field) return;
      else throw new WireError('a group ends that never began', this.pos);
    }
  }
}
