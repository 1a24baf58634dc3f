import type { TextColumn } from '../columns/text.ts';
import { WireError } from '../errors.ts';
import type { WireReader } from '../wire/reader.ts';
import { decimalOf, doubleOf, jsonOfDouble, writeJsonBytes, writeJsonString } from './json-text.ts';
import { ValueKind } from './kinds.ts';
import { ValueCursor } from './value-cursor.ts';

/** How deep arrays and key-value lists may be nested in a value. */
export const VALUE_DEPTH_MAX = 64;

const ARRAY_FIELDS = 0b10;
const KEY_VALUE_FIELDS = 0b110;

/** Writes the AnyValue in [pos, end) as OTLP's JSON (`{"stringValue":"x"}`, `{}` when empty) into a value that has begun. */
export function writeAnyValue(out: TextColumn, wire: WireReader, pos: number, end: number, depth = 1): void {
  if (depth > VALUE_DEPTH_MAX) throw new WireError(`values nested deeper than ${VALUE_DEPTH_MAX} levels`, pos);
  const value = new ValueCursor();
  value.read(wire, pos, end);
  switch (value.kind) {
    case ValueKind.Text:
      out.writeAscii('{"stringValue":');
      writeJsonString(out, wire, value.pos, value.end);
      break;
    case ValueKind.Bool:
      out.writeAscii(value.lo === 0 ? '{"boolValue":false' : '{"boolValue":true');
      break;
    case ValueKind.Int:
      out.writeAscii(`{"intValue":"${decimalOf(value.lo, value.hi)}"`);
      break;
    case ValueKind.Double:
      out.writeAscii(`{"doubleValue":${jsonOfDouble(doubleOf(value.lo, value.hi))}`);
      break;
    case ValueKind.Array:
      out.writeAscii('{"arrayValue":{"values":[');
      writeElements(out, wire, value.pos, value.end, depth);
      out.writeAscii(']}');
      break;
    case ValueKind.KeyValueList:
      out.writeAscii('{"kvlistValue":{"values":[');
      writeEntries(out, wire, value.pos, value.end, depth);
      out.writeAscii(']}');
      break;
    case ValueKind.Bytes:
      out.writeAscii('{"bytesValue":');
      writeJsonBytes(out, wire, value.pos, value.end);
      break;
    default:
      out.writeAscii('{');
  }
  out.writeAscii('}');
}

function writeElements(out: TextColumn, wire: WireReader, pos: number, end: number, depth: number): void {
  let first = true;
  wire.pos = pos;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag !== 0x0a) {
      wire.skip(tag, end, ARRAY_FIELDS);
      continue;
    }
    const length = wire.length(end);
    const next = wire.pos + length;
    if (!first) out.writeAscii(',');
    first = false;
    writeAnyValue(out, wire, wire.pos, next, depth + 1);
    wire.pos = next;
  }
}

function writeEntries(out: TextColumn, wire: WireReader, pos: number, end: number, depth: number): void {
  const entry = new KeyValueCursor();
  let first = true;
  wire.pos = pos;
  while (wire.pos < end) {
    const tag = wire.tag(end);
    if (tag !== 0x0a) {
      wire.skip(tag, end, ARRAY_FIELDS);
      continue;
    }
    const next = (wire.length(end) + wire.pos) | 0;
    entry.read(wire, wire.pos, next);
    out.writeAscii(first ? '{"key":' : ',{"key":');
    first = false;
    writeJsonString(out, wire, entry.keyPos, entry.keyEnd);
    out.writeAscii(',"value":');
    writeAnyValue(out, wire, entry.valuePos, entry.valueEnd, depth + 1);
    out.writeAscii('}');
    wire.pos = next;
  }
}

/** Where a KeyValue's key and value lie. A missing one is empty. */
export class KeyValueCursor {
  keyPos = 0;
  keyEnd = 0;
  valuePos = 0;
  valueEnd = 0;

  read(wire: WireReader, pos: number, end: number): void {
    this.keyPos = this.keyEnd = this.valuePos = this.valueEnd = pos;
    wire.pos = pos;
    while (wire.pos < end) {
      const tag = wire.tag(end);
      if (tag !== 0x0a && tag !== 0x12) {
        wire.skip(tag, end, KEY_VALUE_FIELDS);
        continue;
      }
      const length = wire.length(end);
      if (tag === 0x0a) {
        this.keyPos = wire.pos;
        this.keyEnd = wire.pos + length;
      } else {
        this.valuePos = wire.pos;
        this.valueEnd = wire.pos + length;
      }
      wire.pos = (wire.pos + length) | 0;
    }
  }
}
