import type { WireReader } from '../wire/reader.ts';
import { ValueKind } from './kinds.ts';

const ANY_VALUE_FIELDS = 0b1111_1110;

/** Where an AnyValue's content lies: [pos, end) for texts, bytes, arrays and lists; `lo` and `hi` for numbers and booleans. */
export class ValueCursor {
  kind: number = ValueKind.Empty;
  pos = 0;
  end = 0;
  lo = 0;
  hi = 0;

  /** Reads the AnyValue in [pos, end). Of several members the last counts, as protobuf has it. */
  read(wire: WireReader, pos: number, end: number): void {
    this.kind = ValueKind.Empty;
    wire.pos = pos;
    if (pos < end && wire.bytes[pos] === 0x18) {
      // an integer and nothing else, as nearly all of them are
      wire.pos = (pos + 1) | 0;
      wire.varint(end);
      this.kind = ValueKind.Int;
      this.lo = wire.lo;
      this.hi = wire.hi;
    }
    while (wire.pos < end) {
      const tag = wire.tag(end);
      switch (tag) {
        case 0x0a: // string_value
        case 0x2a: // array_value
        case 0x32: // kvlist_value
        case 0x3a: // bytes_value
          this.end = wire.length(end);
          this.pos = wire.pos;
          this.end += wire.pos;
          wire.pos = this.end;
          break;
        case 0x10: // bool_value
          wire.varint(end);
          this.lo = (wire.lo | wire.hi) === 0 ? 0 : 1;
          break;
        case 0x18: // int_value
          wire.varint(end);
          this.lo = wire.lo;
          this.hi = wire.hi;
          break;
        case 0x21: // double_value
          wire.fixed64(end);
          this.lo = wire.lo;
          this.hi = wire.hi;
          break;
        default:
          wire.skip(tag, end, ANY_VALUE_FIELDS);
          continue;
      }
      this.kind = tag >>> 3;
    }
  }
}
