import { writeJsonString } from '../attributes/json-text.ts';
import type { TextColumn } from '../columns/text.ts';
import type { WireReader } from '../wire/reader.ts';

const ENTITY_REF_FIELDS = 0b1_1110;
const NAMES: Record<number, string> = { 1: '"schemaUrl":', 2: '"type":', 3: '"idKeys":[', 4: '"descriptionKeys":[' };

/** Writes the EntityRef in [pos, end) as OTLP's JSON into a value that has begun. */
export function writeEntityRef(out: TextColumn, wire: WireReader, pos: number, end: number): void {
  out.writeAscii('{');
  let first = true;
  for (let field = 1; field <= 4; field++) {
    const repeated = field >= 3;
    let count = 0;
    wire.pos = pos;
    while (wire.pos < end) {
      const tag = wire.tag(end);
      if ((tag & 7) !== 2 || tag >>> 3 !== field) {
        wire.skip(tag, end, (tag & 7) === 2 ? 0 : ENTITY_REF_FIELDS);
        continue;
      }
      const next = wire.length(end) + wire.pos;
      if (!repeated && count > 0) {
        wire.pos = next;
        continue;
      }
      if (count === 0) out.writeAscii((first ? '' : ',') + NAMES[field]);
      else out.writeAscii(',');
      first = false;
      count++;
      writeJsonString(out, wire, wire.pos, next);
      wire.pos = next;
    }
    if (repeated && count > 0) out.writeAscii(']');
  }
  out.writeAscii('}');
}
