import { decimalOf, doubleOf } from '../attributes/json-text.ts';
import { WireReader } from '../wire/reader.ts';
import type { FieldSpec, MessageSpec, ScalarType } from './messages.ts';

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };
export type JsonObject = { [name: string]: JsonValue };

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A protobuf message as OTLP's JSON: ids in hexadecimal, enums as numbers, 64-bit integers as strings. */
export function toJson(spec: MessageSpec, bytes: Uint8Array): JsonObject {
  return readMessage(spec, new WireReader(bytes), bytes.length);
}

function readMessage(spec: MessageSpec, wire: WireReader, end: number): JsonObject {
  const object: JsonObject = {};
  while (wire.pos < end) {
    const tag = wire.tag(end);
    const field = spec.byNumber.get(tag >>> 3);
    if (!field) {
      wire.skip(tag, end);
      continue;
    }
    if (field.repeated) {
      object[field.name] ??= [];
      readRepeated(field, wire, tag, end, object[field.name] as JsonValue[]);
    } else object[field.name] = readValue(field.type, wire, end);
  }
  return object;
}

function readRepeated(field: FieldSpec, wire: WireReader, tag: number, end: number, into: JsonValue[]): void {
  const packed = (tag & 7) === 2 && typeof field.type === 'string' && field.type !== 'string';
  if (!packed) {
    into.push(readValue(field.type, wire, end));
    return;
  }
  const next = wire.length(end) + wire.pos;
  while (wire.pos < next) into.push(readValue(field.type, wire, next));
}

function readValue(type: ScalarType | MessageSpec, wire: WireReader, end: number): JsonValue {
  if (typeof type !== 'string') {
    const next = wire.length(end) + wire.pos;
    return readMessage(type, wire, next);
  }
  switch (type) {
    case 'string':
      return decoder.decode(readBytes(wire, end));
    case 'bytes':
      return Buffer.from(readBytes(wire, end)).toString('base64');
    case 'id':
      return Buffer.from(readBytes(wire, end)).toString('hex');
    case 'double': {
      wire.fixed64(end);
      const value = doubleOf(wire.lo, wire.hi);
      return Number.isFinite(value) ? value : String(value);
    }
    case 'fixed32':
      return wire.fixed32(end) >>> 0;
    case 'fixed64':
      wire.fixed64(end);
      return unsigned(wire.lo, wire.hi);
    case 'sfixed64':
      wire.fixed64(end);
      return decimalOf(wire.lo, wire.hi);
    default:
      wire.varint(end);
      return ofVarint(type, wire.lo, wire.hi);
  }
}

function ofVarint(type: 'bool' | 'enum' | 'uint32' | 'sint32' | 'int64' | 'uint64', lo: number, hi: number): JsonValue {
  switch (type) {
    case 'bool':
      return (lo | hi) !== 0;
    case 'enum':
      return lo;
    case 'uint32':
      return lo >>> 0;
    case 'sint32':
      return (lo >>> 1) ^ -(lo & 1);
    case 'int64':
      return decimalOf(lo, hi);
    default:
      return unsigned(lo, hi);
  }
}

function unsigned(lo: number, hi: number): string {
  return hi < 0 ? BigInt.asUintN(64, BigInt(decimalOf(lo, hi))).toString() : decimalOf(lo, hi);
}

function readBytes(wire: WireReader, end: number): Uint8Array {
  const length = wire.length(end);
  wire.pos += length;
  return wire.bytes.subarray(wire.pos - length, wire.pos);
}
