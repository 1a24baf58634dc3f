import { OtlpDecodeError } from '../errors.ts';
import { WireWriter } from '../wire/writer.ts';
import { booleanOf, bytesOf, enumOf, hexOf, integerOf, JsonFault, numberOf, shown, textOf } from './json-scalars.ts';
import type { FieldSpec, MessageSpec, ScalarType } from './messages.ts';
import { parseJson } from './parse-json.ts';

const DEPTH_MAX = 256; // of JSON objects; the depth of values is counted where they are decoded
const encoder = new TextEncoder();

/**
 * An OTLP message in JSON, as protobuf. Unknown members are ignored; a member that is null counts as absent. Errors name the
 * member's path.
 */
export function toProtobuf(spec: MessageSpec, body: Uint8Array): Uint8Array {
  const json = parseJson(body);
  const out = new WireWriter();
  writeMessage(out, spec, json, '', 0);
  return out.finish();
}

/** The same for a value that was parsed already. */
export function writeJson(out: WireWriter, spec: MessageSpec, json: unknown): void {
  writeMessage(out, spec, json, '', 0);
}

function writeMessage(out: WireWriter, spec: MessageSpec, json: unknown, path: string, depth: number): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) fail(path, `${shown(json)} is not an object`);
  if (depth > DEPTH_MAX) fail(path, `nested deeper than ${DEPTH_MAX} levels`);
  for (const [name, value] of Object.entries(json)) {
    if (value === null) continue;
    const field = spec.byName.get(name);
    if (!field) continue;
    const at = path === '' ? name : `${path}.${name}`;
    if (field.repeated) writeRepeated(out, field, value, at, depth);
    else writeField(out, field, value, at, depth);
  }
}

function writeRepeated(out: WireWriter, field: FieldSpec, json: unknown, path: string, depth: number): void {
  if (!Array.isArray(json)) fail(path, `${shown(json)} is not an array`);
  const { type } = field;
  const packed = typeof type === 'string' && type !== 'string';
  const start = packed && json.length > 0 ? out.open(field.number) : -1;
  json.forEach((value, i) => {
    if (packed) writeScalar(out, field, type, value, `${path}[${i}]`);
    else writeField(out, field, value, `${path}[${i}]`, depth);
  });
  if (start >= 0) out.close(start);
}

function writeField(out: WireWriter, field: FieldSpec, json: unknown, path: string, depth: number): void {
  if (typeof field.type !== 'string') {
    const start = out.open(field.number);
    writeMessage(out, field.type, json, path, depth + 1);
    out.close(start);
    return;
  }
  out.tag(field.number, wireTypes[field.type]);
  writeScalar(out, field, field.type, json, path);
}

const wireTypes: Record<ScalarType, number> = {
  string: 2,
  bytes: 2,
  id: 2,
  bool: 0,
  enum: 0,
  uint32: 0,
  sint32: 0,
  int64: 0,
  uint64: 0,
  double: 1,
  fixed64: 1,
  sfixed64: 1,
  fixed32: 5,
};

const INT32: readonly [bigint, bigint] = [-(2n ** 31n), 2n ** 31n - 1n];
const UINT32: readonly [bigint, bigint] = [0n, 2n ** 32n - 1n];
const INT64: readonly [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];
const UINT64: readonly [bigint, bigint] = [0n, 2n ** 64n - 1n];

function writeScalar(out: WireWriter, field: FieldSpec, type: ScalarType, json: unknown, path: string): void {
  try {
    scalarWriters[type](out, json, field);
  } catch (error) {
    if (error instanceof JsonFault) fail(path, error.message);
    throw error;
  }
}

const scalarWriters: Record<ScalarType, (out: WireWriter, json: unknown, field: FieldSpec) => void> = {
  string: (out, json) => writeBlob(out, encoder.encode(textOf(json))),
  bytes: (out, json) => writeBlob(out, bytesOf(json)),
  id: (out, json) => writeBlob(out, hexOf(json)),
  bool: (out, json) => out.varint32(booleanOf(json) ? 1 : 0),
  double: (out, json) => out.double(numberOf(json)),
  enum: (out, json, field) => writeInteger(out, enumOf(json, field.names ?? {}), 'varint64'),
  uint32: (out, json) => writeInteger(out, integerOf(json, ...UINT32), 'varint64'),
  fixed32: (out, json) => out.fixed32(Number(integerOf(json, ...UINT32)) | 0),
  sint32: (out, json) => {
    const value = Number(integerOf(json, ...INT32));
    out.varint32((value << 1) ^ (value >> 31));
  },
  int64: (out, json) => writeInteger(out, integerOf(json, ...INT64), 'varint64'),
  uint64: (out, json) => writeInteger(out, integerOf(json, ...UINT64), 'varint64'),
  fixed64: (out, json) => writeInteger(out, integerOf(json, ...UINT64), 'fixed64'),
  sfixed64: (out, json) => writeInteger(out, integerOf(json, ...INT64), 'fixed64'),
};

function writeInteger(out: WireWriter, value: bigint, as: 'varint64' | 'fixed64'): void {
  out[as](Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
}

function writeBlob(out: WireWriter, bytes: Uint8Array): void {
  out.varint32(bytes.length);
  out.raw(bytes);
}

function fail(path: string, message: string): never {
  throw new OtlpDecodeError(path === '' ? `the request: ${message}` : `${path}: ${message}`);
}
