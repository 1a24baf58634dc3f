import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  DateMillisecond,
  Decimal,
  Dictionary,
  Duration,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  Interval,
  IntervalUnit,
  LargeBinary,
  LargeUtf8,
  List,
  Map_,
  Null,
  Schema,
  SparseUnion,
  Struct,
  Time,
  Timestamp,
  TimeUnit,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import type { CSchema } from './c-schema.ts';
import { DuckDbError } from './error.ts';

const plainTypes: Readonly<Record<string, () => DataType>> = {
  n: () => new Null(),
  b: () => new Bool(),
  c: () => new Int8(),
  C: () => new Uint8(),
  s: () => new Int16(),
  S: () => new Uint16(),
  i: () => new Int32(),
  I: () => new Uint32(),
  l: () => new Int64(),
  L: () => new Uint64(),
  e: () => new Float16(),
  f: () => new Float32(),
  g: () => new Float64(),
  z: () => new Binary(),
  Z: () => new LargeBinary(),
  u: () => new Utf8(),
  U: () => new LargeUtf8(),
  tdD: () => new DateDay(),
  tdm: () => new DateMillisecond(),
  tts: () => new Time(TimeUnit.SECOND, 32),
  ttm: () => new Time(TimeUnit.MILLISECOND, 32),
  ttu: () => new Time(TimeUnit.MICROSECOND, 64),
  ttn: () => new Time(TimeUnit.NANOSECOND, 64),
  tDs: () => new Duration(TimeUnit.SECOND),
  tDm: () => new Duration(TimeUnit.MILLISECOND),
  tDu: () => new Duration(TimeUnit.MICROSECOND),
  tDn: () => new Duration(TimeUnit.NANOSECOND),
  tiM: () => new Interval(IntervalUnit.YEAR_MONTH),
  tiD: () => new Interval(IntervalUnit.DAY_TIME),
  tin: () => new Interval(IntervalUnit.MONTH_DAY_NANO),
};

const timeUnits: Readonly<Record<string, TimeUnit>> = {
  s: TimeUnit.SECOND,
  m: TimeUnit.MILLISECOND,
  u: TimeUnit.MICROSECOND,
  n: TimeUnit.NANOSECOND,
};

/** The Arrow schema of a C schema's root struct. @throws DuckDbError `Unsupported`, naming the column */
export function toSchema(root: CSchema): Schema {
  return new Schema(root.children.map((child) => toField(child)));
}

/** @see https://arrow.apache.org/docs/format/CDataInterface.html#data-type-description-format-strings */
export function toField(c: CSchema): Field {
  return new Field(c.name, toType(c), c.nullable);
}

/** Lists' items as Arrow's other writers name them; DuckDB calls them `l`, or nothing. */
function itemOf({ children: [item] }: CSchema): Field {
  return new Field('item', toType(item!), item!.nullable);
}

function toType(c: CSchema): DataType {
  if (c.dictionary !== undefined) {
    return new Dictionary(toType(c.dictionary), plainType(c) as Dictionary['indices']);
  }
  const [kind, argument = ''] = splitFormat(c.format);
  switch (kind) {
    case '+l':
      return new List(itemOf(c));
    case '+w':
      return new FixedSizeList(Number(argument), itemOf(c));
    case '+s':
      return new Struct(c.children.map((child) => toField(child)));
    case '+m': {
      // Arrow's maps have entries and keys that are never null, whatever the flags say.
      const [key, value] = c.children[0]!.children;
      const entries = new Struct([new Field('key', toType(key!), false), new Field('value', toType(value!), true)]);
      return new Map_(new Field('entries', entries, false) as never);
    }
    case '+us':
      return new SparseUnion(
        argument.split(',').map(Number),
        c.children.map((child) => toField(child)),
      );
    case 'd': {
      const [precision = 0, scale = 0, bits = 128] = argument.split(',').map(Number);
      return new Decimal(scale, precision, bits);
    }
    case 'w':
      return new FixedSizeBinary(Number(argument));
    case 'tss':
    case 'tsm':
    case 'tsu':
    case 'tsn':
      return new Timestamp(timeUnits[kind[2]!]!, argument === '' ? null : argument);
    default:
      return plainType(c);
  }
}

function plainType(c: CSchema): DataType {
  const make = plainTypes[c.format];
  if (make === undefined) {
    throw new DuckDbError(
      'Unsupported',
      `column "${c.name}" has an Arrow type (${c.format}) that can't be sent; cast it, for example to VARCHAR`,
    );
  }
  return make();
}

function splitFormat(format: string): [kind: string, argument?: string] {
  const colon = format.indexOf(':');
  return colon < 0 ? [format] : [format.slice(0, colon), format.slice(colon + 1)];
}
