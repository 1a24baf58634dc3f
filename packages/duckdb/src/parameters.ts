import { DuckDbError } from './error.ts';
import { library, type Pointer } from './library.ts';
import { addressOf, cell, cString } from './memory.ts';

/**
 * A value for a `?`, `$1` or `$name` of a statement. Integers of a JavaScript number become BIGINT, others DOUBLE; a bigint becomes
 * BIGINT, UBIGINT or HUGEINT, the first that holds it; a Date becomes TIMESTAMP WITH TIME ZONE; an array becomes a list, for `= ANY(?)`.
 */
export type Parameter =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Date
  | TypedParameter
  | readonly Parameter[];

/** A time by its Arrow unit: days since 1970 for `date`, µs since midnight for `time`, µs or ns since 1970 for the timestamps. */
export interface TimeParameter {
  readonly type: 'date' | 'time' | 'timestamp' | 'timestamp_tz' | 'timestamp_ns';
  readonly value: bigint;
}

/** A value whose type JavaScript's own doesn't tell. */
export type TypedParameter =
  | TimeParameter
  /** DOUBLE, also of a whole number. */
  | { readonly type: 'double'; readonly value: number }
  /** `value` / 10^scale, of at most `width` digits. */
  | { readonly type: 'decimal'; readonly value: bigint; readonly width: number; readonly scale: number }
  | { readonly type: 'interval'; readonly months: number; readonly days: number; readonly micros: bigint }
  | { readonly type: 'struct'; readonly fields: readonly (readonly [name: string, value: Parameter])[] }
  | { readonly type: 'map'; readonly entries: readonly (readonly [key: Parameter, value: Parameter])[] };

/** By position (named ones in the order in which they first stand in the text), or by name. */
export type Parameters = readonly Parameter[] | Readonly<Record<string, Parameter>>;

/** Binds all parameters of a prepared statement. @throws DuckDbError `Parameter` when one is missing, unknown or of no usable type */
export function bindParameters(statement: Pointer, parameters: Parameters): void {
  const lib = library();
  const wanted = Number(lib.nparams(statement));
  const given = Array.isArray(parameters) ? parameters : Object.entries(parameters);
  if (given.length !== wanted) {
    throw new DuckDbError(
      'Parameter',
      `the statement has ${wanted} parameter${wanted === 1 ? '' : 's'}, ${given.length} given`,
    );
  }
  if (Array.isArray(parameters)) {
    parameters.forEach((value: Parameter, i: number) => {
      bindOne(statement, BigInt(i + 1), `$${i + 1}`, value);
    });
  } else {
    for (const [name, value] of Object.entries(parameters))
      bindOne(statement, indexOf(statement, name), `$${name}`, value);
  }
}

function indexOf(statement: Pointer, name: string): bigint {
  const index = cell();
  if (library().bind_parameter_index(statement, index, cString(name)) !== 0) {
    throw new DuckDbError('Parameter', `the statement has no parameter $${name}`);
  }
  return index.readBigUInt64LE();
}

function bindOne(statement: Pointer, index: bigint, name: string, parameter: Parameter): void {
  const lib = library();
  const value = createValue(parameter, name);
  try {
    if (lib.bind_value(statement, index, value) !== 0)
      throw new DuckDbError('Parameter', `parameter ${name} can't be bound`);
  } finally {
    destroyValue(value);
  }
}

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

function createValue(parameter: Parameter, name: string): Pointer {
  const lib = library();
  if (parameter === null || parameter === undefined) return lib.create_null_value();
  switch (typeof parameter) {
    case 'boolean':
      return lib.create_bool(parameter);
    case 'number':
      return Number.isSafeInteger(parameter) ? lib.create_int64(BigInt(parameter)) : lib.create_double(parameter);
    case 'bigint':
      return createInteger(parameter, name);
    case 'string': {
      const bytes = Buffer.from(parameter);
      return lib.create_varchar_length(bytes, bytes.length);
    }
  }
  if (parameter instanceof Uint8Array) return lib.create_blob(parameter, parameter.length);
  if (Array.isArray(parameter)) return createList(parameter as readonly Parameter[], name);
  if (parameter instanceof Date) {
    const time = parameter.getTime();
    if (Number.isNaN(time)) throw new DuckDbError('Parameter', `parameter ${name} is an invalid date`);
    return lib.create_timestamp_tz(BigInt(time) * 1000n);
  }
  return createTyped(parameter as TypedParameter, name);
}

function createInteger(value: bigint, name: string): Pointer {
  const lib = library();
  if (value >= int64Min && value <= int64Max) return lib.create_int64(value);
  if (value >= 0n && value < 2n ** 64n) return lib.create_uint64(value);
  if (value < -(2n ** 127n) || value >= 2n ** 127n)
    throw new DuckDbError('Parameter', `parameter ${name} doesn't fit 128 bits`);
  return lib.create_hugeint({ lower: BigInt.asUintN(64, value), upper: value >> 64n });
}

function createTyped(parameter: TypedParameter, name: string): Pointer {
  switch (parameter.type) {
    case 'double':
      return library().create_double(parameter.value);
    case 'decimal':
      return createDecimal(parameter, name);
    case 'interval': {
      const { months, days, micros } = parameter;
      return library().create_interval({ months, days, micros });
    }
    case 'struct':
      return createStruct(parameter.fields, name);
    case 'map':
      return createMap(parameter.entries, name);
    default:
      return createTime(parameter, name);
  }
}

type Of<K> = Extract<TypedParameter, { type: K }>;

function createDecimal({ value, width, scale }: Of<'decimal'>, name: string): Pointer {
  if (width < 1 || width > 38 || scale < 0 || scale > width) {
    throw new DuckDbError('Parameter', `parameter ${name} is a decimal of ${width} digits; 38 are the most`);
  }
  return library().create_decimal({ width, scale, value: { lower: BigInt.asUintN(64, value), upper: value >> 64n } });
}

/** Creates values, hands them on, and destroys them. */
function withValues<T>(items: readonly Parameter[], name: string, use: (values: readonly Pointer[]) => T): T {
  const values: Pointer[] = [];
  try {
    for (const item of items) values.push(createValue(item, name));
    return use(values);
  } finally {
    values.forEach(destroyValue);
  }
}

/** Pointers as a C array, which is never empty. */
const pointersOf = (values: readonly Pointer[]) => BigUint64Array.from(values.length > 0 ? values : [0n]);

/** The type of the first item that isn't null; it belongs to that value. */
function commonType(items: readonly Parameter[], values: readonly Pointer[]): Pointer | undefined {
  const first = items.findIndex((item) => item !== null);
  return first < 0 ? undefined : library().get_value_type(values[first]!);
}

function createStruct(fields: readonly (readonly [string, Parameter])[], name: string): Pointer {
  const lib = library();
  const items = fields.map(([, value]) => value);
  return withValues(items, name, (values) => {
    const names = fields.map(([field]) => cString(field));
    const addresses = BigUint64Array.from(names.map((field) => BigInt(addressOf(field))));
    const type = lib.create_struct_type(
      pointersOf(values.map((value) => lib.get_value_type(value))),
      addresses,
      fields.length,
    );
    if (type === null) throw new DuckDbError('Parameter', `parameter ${name} is a struct that can't be bound`);
    try {
      return made(lib.create_struct_value(type, pointersOf(values)), name);
    } finally {
      lib.destroy_logical_type(cell(type));
      names.length = 0;
    }
  });
}

function createMap(entries: readonly (readonly [Parameter, Parameter])[], name: string): Pointer {
  const lib = library();
  const keys = entries.map(([key]) => key);
  const items = entries.map(([, value]) => value);
  return withValues(keys, name, (keyValues) =>
    withValues(items, name, (values) => {
      const text = lib.create_logical_type(listTypes.string);
      const type = lib.create_map_type(commonType(keys, keyValues) ?? text, commonType(items, values) ?? text);
      try {
        return made(lib.create_map_value(type, pointersOf(keyValues), pointersOf(values), entries.length), name);
      } finally {
        lib.destroy_logical_type(cell(type));
        lib.destroy_logical_type(cell(text));
      }
    }),
  );
}

/** A list of values whose types JavaScript's own don't tell: all are of the first one's type. */
function createTypedList(items: readonly Parameter[], name: string): Pointer {
  return withValues(items, name, (values) => {
    return made(library().create_list_value(commonType(items, values)!, pointersOf(values), values.length), name);
  });
}

function made(value: Pointer | null, name: string): Pointer {
  if (value === null) throw new DuckDbError('Parameter', `parameter ${name} has values of mixed types`);
  return value;
}

function createTime(parameter: TimeParameter, name: string): Pointer {
  const lib = library();
  const { type, value } = parameter;
  if (typeof value !== 'bigint' || value < int64Min || value > int64Max) {
    throw new DuckDbError('Parameter', `parameter ${name} is of no type that can be bound`);
  }
  switch (type) {
    case 'date':
      if (BigInt.asIntN(32, value) !== value) throw new DuckDbError('Parameter', `parameter ${name} is no date`);
      return lib.create_date(Number(value));
    case 'time':
      return lib.create_time(value);
    case 'timestamp':
      return lib.create_timestamp(value);
    case 'timestamp_tz':
      return lib.create_timestamp_tz(value);
    case 'timestamp_ns':
      return lib.create_timestamp_ns(value);
    default:
      throw new DuckDbError('Parameter', `parameter ${name} has the unknown type ${String(type)}`);
  }
}

/** DuckDB's type ids (`duckdb_type`) of what a list may hold. */
const listTypes = { boolean: 1, integer: 5, double: 11, string: 17, blob: 18 } as const;

function createList(items: readonly Parameter[], name: string): Pointer {
  if (items.some((item) => typeof item === 'object' && item !== null && !(item instanceof Uint8Array)))
    return createTypedList(items, name);
  const lib = library();
  const type = lib.create_logical_type(listTypes[listKind(items, name)]);
  const values: Pointer[] = [];
  try {
    for (const item of items) values.push(createValue(item, name));
    const pointers = BigUint64Array.from(values.length > 0 ? values : [0n]);
    const list = lib.create_list_value(type, pointers, values.length);
    if (list === null) throw new DuckDbError('Parameter', `parameter ${name} is a list of mixed types`);
    return list;
  } finally {
    values.forEach(destroyValue);
    lib.destroy_logical_type(cell(type));
  }
}

function listKind(items: readonly Parameter[], name: string): keyof typeof listTypes {
  const kinds = new Set(items.filter((item) => item !== null).map((item) => itemKind(item, name)));
  if (kinds.size === 2 && kinds.has('integer') && kinds.has('double')) return 'double';
  if (kinds.size > 1) throw new DuckDbError('Parameter', `parameter ${name} is a list of mixed types`);
  const [kind = 'string'] = kinds;
  return kind;
}

function itemKind(item: Parameter, name: string): keyof typeof listTypes {
  if (typeof item === 'string' || typeof item === 'boolean') return typeof item as 'string' | 'boolean';
  if (typeof item === 'bigint' && item >= int64Min && item <= int64Max) return 'integer';
  if (typeof item === 'number') return Number.isSafeInteger(item) ? 'integer' : 'double';
  if (item instanceof Uint8Array) return 'blob';
  throw new DuckDbError('Parameter', `parameter ${name} is a list of something that can't be bound`);
}

function destroyValue(value: Pointer): void {
  library().destroy_value(cell(value));
}
