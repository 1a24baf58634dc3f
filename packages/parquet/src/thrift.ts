// Thrift's compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md),
// as far as Parquet's metadata needs it: structs described by tables, read and written by one pair of functions.

/** The type of a field. Integers become JavaScript numbers: Parquet's sizes, offsets and counts are safe integers. */
export type ThriftType = 'bool' | 'i8' | 'i16' | 'i32' | 'i64' | 'binary' | 'string' | ThriftStruct | ThriftList;
export interface ThriftList {
  readonly list: ThriftType;
}
/** A struct or union: its fields by id. Fields that the table lacks are skipped when read. */
export interface ThriftStruct {
  readonly fields: Readonly<Record<number, readonly [name: string, type: ThriftType]>>;
}

/** Bytes that aren't a well-formed struct: cut short, nested too deep, or sizes beyond the input. */
export class ThriftError extends Error {
  override readonly name = 'ThriftError';
}

const wire = {
  true: 1,
  false: 2,
  i8: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
};
const depthMax = 32;

interface Cursor {
  readonly bytes: Uint8Array;
  pos: number;
}

/** Reads one struct from `bytes` at `start`; `end` is the position behind it. Throws ThriftError. */
export function readThrift<T>(type: ThriftStruct, bytes: Uint8Array, start = 0): { value: T; end: number } {
  const cursor = { bytes, pos: start };
  return { value: readStruct(type, cursor, 0) as T, end: cursor.pos };
}

function readByte(c: Cursor): number {
  const byte = c.bytes[c.pos++];
  if (byte === undefined) throw new ThriftError('metadata is cut short');
  return byte;
}

function readVarint(c: Cursor): number {
  let value = 0;
  let factor = 1;
  for (let i = 0; i < 10; i++) {
    const byte = readByte(c);
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    factor *= 128;
  }
  throw new ThriftError('an integer is longer than ten bytes');
}

function readZigzag(c: Cursor): number {
  const n = readVarint(c);
  return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
}

function readBinary(c: Cursor): Uint8Array {
  const length = readVarint(c);
  if (length > c.bytes.length - c.pos) throw new ThriftError('a string reaches beyond the metadata');
  c.pos += length;
  return c.bytes.subarray(c.pos - length, c.pos);
}

function readListHeader(c: Cursor): { size: number; element: number } {
  const header = readByte(c);
  const size = header >> 4 === 15 ? readVarint(c) : header >> 4;
  if (size > c.bytes.length - c.pos) throw new ThriftError('a list reaches beyond the metadata');
  return { size, element: header & 15 };
}

const decoder = new TextDecoder();

function readValue(type: ThriftType, wireType: number, c: Cursor, depth: number): unknown {
  if (typeof type === 'object') {
    if ('list' in type) {
      if (wireType !== wire.list && wireType !== wire.set)
        throw new ThriftError(`a list was expected, wire type ${wireType} found`);
      const { size, element } = readListHeader(c);
      const values = [];
      for (let i = 0; i < size; i++)
        values.push(type.list === 'bool' ? readByte(c) === wire.true : readValue(type.list, element, c, depth + 1));
      return values;
    }
    if (wireType !== wire.struct) throw new ThriftError(`a struct was expected, wire type ${wireType} found`);
    return readStruct(type, c, depth + 1);
  }
  switch (type) {
    case 'bool':
      return wireType === wire.true;
    case 'i8':
      return (readByte(c) << 24) >> 24;
    case 'binary':
      return readBinary(c);
    case 'string':
      return decoder.decode(readBinary(c));
    default:
      return readZigzag(c);
  }
}

function readStruct(type: ThriftStruct, c: Cursor, depth: number): Record<string, unknown> {
  if (depth > depthMax) throw new ThriftError('metadata is nested too deep');
  const value: Record<string, unknown> = {};
  for (let id = 0; ; ) {
    const header = readByte(c);
    if (header === 0) return value;
    id = header >> 4 === 0 ? readZigzag(c) : id + (header >> 4);
    const field = type.fields[id];
    if (field) value[field[0]] = readValue(field[1], header & 15, c, depth);
    else skip(header & 15, c, depth);
  }
}

function skip(wireType: number, c: Cursor, depth: number): void {
  if (depth > depthMax) throw new ThriftError('metadata is nested too deep');
  if (wireType === wire.true || wireType === wire.false) return;
  if (wireType === wire.i8) c.pos += 1;
  else if (wireType === wire.double) c.pos += 8;
  else if (wireType >= wire.i16 && wireType <= wire.i64) readVarint(c);
  else if (wireType === wire.binary) readBinary(c);
  else if (wireType === wire.struct) readStruct({ fields: {} }, c, depth + 1);
  else if (wireType === wire.list || wireType === wire.set) {
    const { size, element } = readListHeader(c);
    for (let i = 0; i < size; i++) element <= wire.false ? readByte(c) : skip(element, c, depth + 1);
  } else if (wireType === wire.map) {
    const size = readVarint(c);
    if (size > c.bytes.length - c.pos) throw new ThriftError('a map reaches beyond the metadata');
    const types = size > 0 ? readByte(c) : 0;
    for (let i = 0; i < size; i++)
      for (const t of [types >> 4, types & 15]) t <= wire.false ? readByte(c) : skip(t, c, depth + 1);
  } else throw new ThriftError(`unknown wire type ${wireType}`);
}

interface Sink {
  bytes: Uint8Array;
  pos: number;
}

/** Writes one struct. Fields that are undefined are left out; the result is a fresh array. */
export function writeThrift(type: ThriftStruct, value: object, sizeHint = 256): Uint8Array {
  const sink = { bytes: new Uint8Array(sizeHint), pos: 0 };
  writeStruct(type, value as Record<string, unknown>, sink);
  return sink.bytes.subarray(0, sink.pos);
}

function reserve(s: Sink, more: number): void {
  if (s.pos + more <= s.bytes.length) return;
  const bytes = new Uint8Array(Math.max(s.bytes.length * 2, s.pos + more));
  bytes.set(s.bytes.subarray(0, s.pos));
  s.bytes = bytes;
}

function writeByte(s: Sink, byte: number): void {
  reserve(s, 1);
  s.bytes[s.pos++] = byte;
}

function writeVarint(s: Sink, n: number): void {
  reserve(s, 10);
  while (n >= 128) {
    s.bytes[s.pos++] = (n % 128) | 0x80;
    n = Math.floor(n / 128);
  }
  s.bytes[s.pos++] = n;
}

const writeZigzag = (s: Sink, n: number) => writeVarint(s, n >= 0 ? n * 2 : -n * 2 - 1);

function writeBinary(s: Sink, bytes: Uint8Array): void {
  writeVarint(s, bytes.length);
  reserve(s, bytes.length);
  s.bytes.set(bytes, s.pos);
  s.pos += bytes.length;
}

const wireTypeOf = (type: ThriftType): number =>
  typeof type === 'object'
    ? 'list' in type
      ? wire.list
      : wire.struct
    : type === 'bool'
      ? wire.true
      : type === 'string'
        ? wire.binary
        : wire[type];

const encoder = new TextEncoder();

function writeValue(type: ThriftType, value: unknown, s: Sink): void {
  if (typeof type === 'object') {
    if (!('list' in type)) {
      writeStruct(type, value as Record<string, unknown>, s);
      return;
    }
    const values = value as unknown[];
    const element = wireTypeOf(type.list);
    writeByte(s, (Math.min(values.length, 15) << 4) | element);
    if (values.length >= 15) writeVarint(s, values.length);
    for (const v of values)
      type.list === 'bool' ? writeByte(s, v ? wire.true : wire.false) : writeValue(type.list, v, s);
  } else if (type === 'i8') writeByte(s, (value as number) & 0xff);
  else if (type === 'binary') writeBinary(s, value as Uint8Array);
  else if (type === 'string') writeBinary(s, encoder.encode(value as string));
  else writeZigzag(s, value as number);
}

function writeStruct(type: ThriftStruct, value: Record<string, unknown>, s: Sink): void {
  let last = 0;
  for (const key in type.fields) {
    const id = Number(key); // integer keys come in ascending order
    const [name, fieldType] = type.fields[id]!;
    const v = value[name];
    if (v === undefined) continue;
    const wireType = fieldType === 'bool' && !v ? wire.false : wireTypeOf(fieldType);
    if (id - last <= 15) writeByte(s, ((id - last) << 4) | wireType);
    else {
      writeByte(s, wireType);
      writeZigzag(s, id);
    }
    if (fieldType !== 'bool') writeValue(fieldType, v, s);
    last = id;
  }
  writeByte(s, 0);
}
