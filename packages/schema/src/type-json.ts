import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  DateMillisecond,
  DateUnit,
  Decimal,
  Duration,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float,
  Int,
  Interval,
  IntervalUnit,
  LargeBinary,
  LargeUtf8,
  List,
  Map_,
  Null,
  Precision,
  Struct,
  Time,
  Timestamp,
  TimeUnit,
  Type,
  Utf8,
} from 'apache-arrow';
import { SchemaError } from './schema-error.ts';

/** A type as Arrow's integration tests write it: `{"name": "int", "bitWidth": 64, "isSigned": true}`. */
export interface TypeJson {
  readonly name: string;
  readonly [property: string]: unknown;
}

const timeUnits = ['SECOND', 'MILLISECOND', 'MICROSECOND', 'NANOSECOND'] as const;
const intervalUnits = ['YEAR_MONTH', 'DAY_TIME', 'MONTH_DAY_NANO'] as const;
const precisions = ['HALF', 'SINGLE', 'DOUBLE'] as const;
const dateUnits = ['DAY', 'MILLISECOND'] as const;

/** The JSON of a type without its children. SchemaError for unions, views and the like. */
export function typeToJson(type: DataType, path: string): TypeJson {
  switch (type.typeId) {
    case Type.Null:
      return { name: 'null' };
    case Type.Bool:
      return { name: 'bool' };
    case Type.Int:
      return { name: 'int', bitWidth: (type as Int).bitWidth, isSigned: (type as Int).isSigned };
    case Type.Float:
      return { name: 'floatingpoint', precision: precisions[(type as Float).precision] };
    case Type.Utf8:
      return { name: 'utf8' };
    case Type.LargeUtf8:
      return { name: 'largeutf8' };
    case Type.Binary:
      return { name: 'binary' };
    case Type.LargeBinary:
      return { name: 'largebinary' };
    case Type.FixedSizeBinary:
      return { name: 'fixedsizebinary', byteWidth: (type as FixedSizeBinary).byteWidth };
    case Type.Decimal: {
      const { precision, scale, bitWidth } = type as Decimal;
      return { name: 'decimal', precision, scale, bitWidth };
    }
    case Type.Date:
      return { name: 'date', unit: dateUnits[(type as DateDay).unit] };
    case Type.Time:
      return { name: 'time', unit: timeUnits[(type as Time).unit], bitWidth: (type as Time).bitWidth };
    case Type.Timestamp: {
      const { unit, timezone } = type as Timestamp;
      return { name: 'timestamp', unit: timeUnits[unit], ...(timezone ? { timezone } : {}) };
    }
    case Type.Duration:
      return { name: 'duration', unit: timeUnits[(type as Duration).unit] };
    case Type.Interval:
      return { name: 'interval', unit: intervalUnits[(type as Interval).unit] };
    case Type.List:
      return { name: 'list' };
    case Type.FixedSizeList:
      return { name: 'fixedsizelist', listSize: (type as FixedSizeList).listSize };
    case Type.Struct:
      return { name: 'struct' };
    case Type.Map:
      return { name: 'map', keysSorted: (type as Map_).keysSorted };
    default:
      throw new SchemaError(path, `the type ${type} has no place here`);
  }
}

/** The type that a JSON type and its children say. */
export function typeFromJson(json: unknown, children: readonly Field[], path: string): DataType {
  if (typeof json === 'string') return typeFromShortForm(json, children, path);
  if (typeof json !== 'object' || json === null || typeof (json as TypeJson).name !== 'string') {
    throw new SchemaError(path, 'a type is a name or an object with a name');
  }
  const type = json as TypeJson;
  const name = type.name.toLowerCase();
  const build = builders[name];
  if (build) return build(type, children, path);
  return typeFromShortForm(name, children, path);
}

type Builder = (type: TypeJson, children: readonly Field[], path: string) => DataType;

const builders: Record<string, Builder> = {
  int: (type, _, path) => {
    const bitWidth = oneOf(type, 'bitWidth', [8, 16, 32, 64] as const, path);
    return new Int((type.isSigned ?? true) !== false, bitWidth);
  },
  floatingpoint: (type, _, path) => new Float(Precision[oneOf(type, 'precision', precisions, path)]),
  fixedsizebinary: (type, _, path) => new FixedSizeBinary(natural(type, 'byteWidth', 1, path)),
  decimal: (type, _, path) =>
    new Decimal(
      natural(type, 'scale', 0, path),
      natural(type, 'precision', 1, path),
      type.bitWidth === undefined ? 128 : oneOf(type, 'bitWidth', [128, 256] as const, path),
    ),
  date: (type, _, path) =>
    type.unit !== undefined && DateUnit[oneOf(type, 'unit', dateUnits, path)] === DateUnit.MILLISECOND
      ? new DateMillisecond()
      : new DateDay(),
  time: (type, _, path) => {
    const unit = TimeUnit[oneOf(type, 'unit', timeUnits, path)];
    return new Time(unit, unit <= TimeUnit.MILLISECOND ? 32 : 64);
  },
  timestamp: (type, _, path) =>
    new Timestamp(TimeUnit[oneOf(type, 'unit', timeUnits, path)], type.timezone as string | undefined),
  duration: (type, _, path) => new Duration(TimeUnit[oneOf(type, 'unit', timeUnits, path)]),
  interval: (type, _, path) => new Interval(IntervalUnit[oneOf(type, 'unit', intervalUnits, path)]),
  list: (_, children, path) => new List(onlyChild(children, path)),
  fixedsizelist: (type, children, path) =>
    new FixedSizeList(natural(type, 'listSize', 1, path), onlyChild(children, path)),
  struct: (_, children) => new Struct([...children]),
  map: (type, children, path) => {
    const entries = onlyChild(children, path);
    if (entries.type.typeId !== Type.Struct || entries.type.children.length !== 2) {
      throw new SchemaError(path, 'a map has one child, a struct of key and value');
    }
    return new Map_(entries as Field<Struct>, type.keysSorted === true) as unknown as DataType;
  },
};

const units: Record<string, TimeUnit> = {
  s: TimeUnit.SECOND,
  ms: TimeUnit.MILLISECOND,
  us: TimeUnit.MICROSECOND,
  ns: TimeUnit.NANOSECOND,
};

const plain: Record<string, () => DataType> = {
  null: () => new Null(),
  bool: () => new Bool(),
  boolean: () => new Bool(),
  int8: () => new Int(true, 8),
  int16: () => new Int(true, 16),
  int32: () => new Int(true, 32),
  int64: () => new Int(true, 64),
  uint8: () => new Int(false, 8),
  uint16: () => new Int(false, 16),
  uint32: () => new Int(false, 32),
  uint64: () => new Int(false, 64),
  float16: () => new Float(Precision.HALF),
  halffloat: () => new Float(Precision.HALF),
  float32: () => new Float(Precision.SINGLE),
  float: () => new Float(Precision.SINGLE),
  float64: () => new Float(Precision.DOUBLE),
  double: () => new Float(Precision.DOUBLE),
  utf8: () => new Utf8(),
  string: () => new Utf8(),
  largeutf8: () => new LargeUtf8(),
  largestring: () => new LargeUtf8(),
  binary: () => new Binary(),
  largebinary: () => new LargeBinary(),
  date: () => new DateDay(),
  date32: () => new DateDay(),
  date64: () => new DateMillisecond(),
  timestamp: () => new Timestamp(TimeUnit.MICROSECOND),
};

/** `int64`, `utf8`, `timestamp[us, UTC]`, `decimal128(10, 2)`, `fixed_size_binary[16]`, `list<utf8>` and the like. */
function typeFromShortForm(text: string, children: readonly Field[], path: string): DataType {
  const name = text.trim().toLowerCase().replaceAll('_', '');
  const simple = plain[name.replace(/\[day\]|\[ms\]$/, (unit) => (name.startsWith('date') ? '' : unit))];
  if (simple) return simple();
  const timed = /^(timestamp|time32|time64|duration)\[(s|ms|us|ns)(?:,\s*(?:tz=)?([^\]]+))?\]$/i.exec(text.trim());
  if (timed) return timeType(timed[1]!.toLowerCase(), units[timed[2]!.toLowerCase()]!, timed[3], text, path);
  const decimal = /^decimal(128|256)?\((\d+),\s*(\d+)\)$/.exec(name);
  if (decimal) return new Decimal(Number(decimal[3]), Number(decimal[2]), decimal[1] === '256' ? 256 : 128);
  const fixed = /^fixedsizebinary[[(](\d+)[\])]$/.exec(name);
  if (fixed) return new FixedSizeBinary(Number(fixed[1]));
  const list = /^list<(.+)>$/.exec(text.trim());
  if (list) return new List(new Field('item', typeFromShortForm(list[1]!.replace(/^item:\s*/, ''), [], path), true));
  if (name === 'list' || name === 'struct') return builders[name]!({ name }, children, path);
  throw new SchemaError(path, `unknown type "${text.slice(0, 100)}"`);
}

function timeType(name: string, unit: TimeUnit, timezone: string | undefined, text: string, path: string): DataType {
  if (name === 'timestamp') return new Timestamp(unit, timezone?.trim());
  if (name === 'duration') return new Duration(unit);
  if ((name === 'time32') !== unit <= TimeUnit.MILLISECOND) throw new SchemaError(path, `there is no type "${text}"`);
  return new Time(unit, name === 'time32' ? 32 : 64);
}

function oneOf<T extends string | number>(type: TypeJson, property: string, allowed: readonly T[], path: string): T {
  const value = type[property] as T;
  if (allowed.includes(value)) return value;
  throw new SchemaError(`${path}.${property}`, `${JSON.stringify(value)} is none of ${allowed.join(', ')}`);
}

function natural(type: TypeJson, property: string, least: number, path: string): number {
  const value = type[property];
  if (Number.isInteger(value) && (value as number) >= least && (value as number) < 2 ** 31) return value as number;
  throw new SchemaError(`${path}.${property}`, `${JSON.stringify(value)} is no integer from ${least}`);
}

function onlyChild(children: readonly Field[], path: string): Field {
  if (children.length !== 1) throw new SchemaError(path, `this type has one child, not ${children.length}`);
  return children[0]!;
}
