import {
  Binary,
  BinaryView,
  Bool,
  type DataType,
  Date_,
  Decimal,
  Duration,
  type Field,
  FixedSizeBinary,
  FixedSizeList,
  Float,
  Int,
  Interval,
  LargeBinary,
  LargeList,
  LargeUtf8,
  List,
  Map_,
  Null,
  Struct,
  Time,
  Timestamp,
  Union,
  Utf8,
  Utf8View,
} from 'apache-arrow';
import type { IntBitWidth, TimeBitWidth } from 'apache-arrow/type';
import type { FlatTable } from './flatbuffer.ts';
import { malformed, unsupported } from './ipc-error.ts';

/** Schema.fbs, Type. */
const typeNames = [
  'none',
  'null',
  'int',
  'floating point',
  'binary',
  'utf8',
  'bool',
  'decimal',
  'date',
  'time',
  'timestamp',
  'interval',
  'list',
  'struct',
  'union',
  'fixed size binary',
  'fixed size list',
  'map',
  'duration',
  'large binary',
  'large utf8',
  'large list',
  'run-end encoded',
  'binary view',
  'utf8 view',
  'list view',
  'large list view',
];

/** Builds the Arrow type that a Field of Schema.fbs describes; `where` names the field in errors. */
export function readType(kind: number, type: FlatTable | undefined, children: Field[], where: string): DataType {
  const table = (): FlatTable => {
    if (!type) throw malformed(`${where}: type ${typeNames[kind]} without its parameters`);
    return type;
  };
  const childCount = (count: number): void => {
    if (children.length !== count) {
      throw malformed(`${where}: type ${typeNames[kind]} needs ${count} child fields, has ${children.length}`);
    }
  };
  switch (kind) {
    case 1:
      return new Null();
    case 2:
      return readInt(table(), where);
    case 3:
      return new Float(oneOf(table().int16(0), [0, 1, 2], where, 'floating point precision'));
    case 4:
      return new Binary();
    case 5:
      return new Utf8();
    case 6:
      return new Bool();
    case 7:
      return readDecimal(table(), where);
    case 8:
      return new Date_(oneOf(table().int16(0, 1), [0, 1], where, 'date unit'));
    case 9:
      return readTime(table(), where);
    case 10:
      return new Timestamp(oneOf(table().int16(0), [0, 1, 2, 3], where, 'timestamp unit'), table().string(1) ?? null);
    case 11:
      return new Interval(oneOf(table().int16(0), [0, 1, 2], where, 'interval unit'));
    case 12:
      childCount(1);
      return new List(children[0]!);
    case 13:
      return new Struct(children);
    case 14:
      return readUnion(table(), children, where);
    case 15:
      return new FixedSizeBinary(width(table().int32(0), where, 'byte width'));
    case 16:
      childCount(1);
      return new FixedSizeList(width(table().int32(0), where, 'list size'), children[0]!);
    case 17:
      childCount(1);
      if (!(children[0]!.type instanceof Struct) || children[0]!.type.children.length !== 2) {
        throw malformed(`${where}: the entries of a map must be a struct of key and value`);
      }
      return new Map_(children[0]!, table().boolean(0));
    case 18:
      return new Duration(oneOf(table().int16(0, 1), [0, 1, 2, 3], where, 'duration unit'));
    case 19:
      return new LargeBinary();
    case 20:
      return new LargeUtf8();
    case 21:
      childCount(1);
      return new LargeList(children[0]!);
    case 23:
      return new BinaryView();
    case 24:
      return new Utf8View();
    default:
      throw unsupported(`${where}: type ${typeNames[kind] ?? kind} is not supported`);
  }
}

/** Schema.fbs, Int: also the type of a dictionary's indices. */
export function readInt(table: FlatTable, where: string): Int {
  const bitWidth = oneOf(table.int32(0), [8, 16, 32, 64], where, 'integer width');
  return new Int(table.boolean(1), bitWidth as IntBitWidth);
}

function readDecimal(table: FlatTable, where: string): Decimal {
  const bitWidth = oneOf(table.int32(2, 128), [32, 64, 128, 256], where, 'decimal width');
  const precision = table.int32(0);
  const precisionMax = { 32: 9, 64: 18, 128: 38, 256: 76 }[bitWidth];
  if (precision < 1 || precision > precisionMax!) {
    throw malformed(`${where}: a decimal of ${bitWidth} bits can't have precision ${precision}`);
  }
  return new Decimal(table.int32(1), precision, bitWidth);
}

function readTime(table: FlatTable, where: string): Time {
  const unit = oneOf(table.int16(0, 1), [0, 1, 2, 3], where, 'time unit');
  const bitWidth = oneOf(table.int32(1, 32), [unit < 2 ? 32 : 64], where, 'time width');
  return new Time(unit, bitWidth as TimeBitWidth);
}

function readUnion(table: FlatTable, children: Field[], where: string): Union {
  const mode = oneOf(table.int16(0), [0, 1], where, 'union mode');
  const vector = table.vector(1, 4);
  if ((vector?.length ?? children.length) !== children.length) {
    throw malformed(`${where}: a union has ${vector!.length} type ids for its ${children.length} children`);
  }
  const ids = vector
    ? Array.from({ length: vector.length }, (_, i) => table.view.getInt32(vector.start + i * 4, true))
    : children.map((_, i) => i);
  if (new Set(ids).size !== ids.length || ids.some((id) => id < 0 || id > 127)) {
    throw malformed(`${where}: a union needs one type id from 0 to 127 for each of its ${children.length} children`);
  }
  return new Union(mode, ids, children);
}

function oneOf<T extends number>(value: number, allowed: readonly T[], where: string, what: string): T {
  if (!allowed.includes(value as T)) throw malformed(`${where}: ${what} ${value} is none of ${allowed.join(', ')}`);
  return value as T;
}

function width(value: number, where: string, what: string): number {
  if (value < 0) throw malformed(`${where}: ${what} ${value} is negative`);
  return value;
}
