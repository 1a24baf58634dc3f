import type { AvroCursor } from './avro-cursor.ts';
import { AvroError } from './avro-error.ts';

/** Reads one value of a schema. */
export type AvroReader = (cursor: AvroCursor) => unknown;

type SchemaObject = Readonly<Record<string, unknown>>;

/**
 * Compiles a reader for the schema that a file was written with. Longs come as {@link Long}, logical types as they are
 * stored, save one: what Iceberg stores for a map whose keys aren't text becomes a Map. Bytes are views of the data.
 *
 * Reading is done here and not by `avsc`, which writes: that reads on beyond the end of the data without noticing until a
 * record is whole, so that a wrong count in a broken file would take all memory.
 */
export function compileAvroReader(schema: unknown): AvroReader {
  return compile(schema, new Map());
}

const primitives: Readonly<Record<string, AvroReader>> = {
  null: () => null,
  boolean: (cursor) => cursor.byte() !== 0,
  int: (cursor) => cursor.long(),
  long: (cursor) => cursor.long(),
  float: (cursor) => cursor.float(),
  double: (cursor) => cursor.double(),
  bytes: (cursor) => cursor.take(cursor.size()),
  string: (cursor) => cursor.text(),
};

/** Named types may be referred to behind their definition, and inside of it. */
type Names = Map<string, AvroReader>;

function compile(schema: unknown, names: Names): AvroReader {
  if (typeof schema === 'string') {
    const known = Object.hasOwn(primitives, schema) ? primitives[schema] : names.get(plainName(schema));
    if (known) return known;
    throw new AvroError(`unknown type ${schema}`);
  }
  if (Array.isArray(schema)) return union(schema.map((branch) => compile(branch, names)));
  if (schema === null || typeof schema !== 'object') throw new AvroError('a schema that is none');
  const { type } = schema as SchemaObject;
  switch (type) {
    case 'record':
      return record(schema as SchemaObject, names);
    case 'array':
      return array(schema as SchemaObject, names);
    case 'map':
      return map(compile((schema as SchemaObject).values, names));
    case 'fixed':
      return fixed(schema as SchemaObject, names);
    case 'enum':
      return enumeration(schema as SchemaObject, names);
    default:
      return compile(type, names);
  }
}

const plainName = (name: unknown) => String(name).replace(/^.*\./, '');

/** Defines a named type before what is in it is compiled. */
function define(schema: SchemaObject, names: Names, build: () => AvroReader): AvroReader {
  let reader: AvroReader | undefined;
  names.set(plainName(schema.name), (cursor) => reader!(cursor));
  reader = build();
  return reader;
}

function record(schema: SchemaObject, names: Names): AvroReader {
  return define(schema, names, () => {
    if (!Array.isArray(schema.fields)) throw new AvroError(`record ${schema.name} has no fields`);
    const fields = (schema.fields as SchemaObject[]).map((field) => ({
      name: String(field.name),
      read: compile(field.type, names),
    }));
    return (cursor) => {
      const value: Record<string, unknown> = {};
      for (const { name, read } of fields) value[name] = read(cursor);
      return value;
    };
  });
}

function union(branches: readonly AvroReader[]): AvroReader {
  return (cursor) => {
    const branch = branches[cursor.size()];
    if (!branch) throw new AvroError('a union without that branch');
    return branch(cursor);
  };
}

/** What all engines name the record of a pair: by the field ids. */
const pairName = /^k\d+_v\d+$/;

function array(schema: SchemaObject, names: Names): AvroReader {
  const itemName = (schema.items as SchemaObject | undefined)?.name;
  if (schema.logicalType === 'map' || pairName.test(plainName(itemName))) return keyedArray(schema, names);
  const item = compile(schema.items, names);
  return (cursor) => {
    const items: unknown[] = [];
    forEachItem(cursor, () => items.push(item(cursor)));
    return items;
  };
}

/** Pairs that are meant as a map. */
function keyedArray(schema: SchemaObject, names: Names): AvroReader {
  const fields = (schema.items as SchemaObject | undefined)?.fields as SchemaObject[] | undefined;
  if (fields?.[0]?.name !== 'key' || fields[1]?.name !== 'value') throw new AvroError('a map without key and value');
  const [key, value] = [compile(fields[0].type, names), compile(fields[1].type, names)];
  return (cursor) => {
    const entries = new Map<unknown, unknown>();
    forEachItem(cursor, () => entries.set(key(cursor), value(cursor)));
    return entries;
  };
}

function map(value: AvroReader): AvroReader {
  return (cursor) => {
    const entries = new Map<string, unknown>();
    forEachItem(cursor, () => entries.set(cursor.text(), value(cursor)));
    return entries;
  };
}

/** Arrays and maps come in blocks, each with its count; a negative one is followed by the block's size in bytes. */
function forEachItem(cursor: AvroCursor, read: () => void): void {
  for (let count = cursor.size(); count !== 0; count = cursor.size()) {
    if (count < 0) {
      cursor.size();
      count = -count;
    }
    // Nothing in a manifest takes less than a byte.
    if (count > cursor.remaining) throw new AvroError(`${count} items in ${cursor.remaining} bytes`);
    for (let i = 0; i < count; i++) read();
  }
}

function fixed(schema: SchemaObject, names: Names): AvroReader {
  const size = Number(schema.size);
  if (!Number.isSafeInteger(size) || size < 0) throw new AvroError(`fixed ${schema.name} of size ${schema.size}`);
  return define(schema, names, () => (cursor) => cursor.take(size));
}

function enumeration(schema: SchemaObject, names: Names): AvroReader {
  const symbols = schema.symbols;
  if (!Array.isArray(symbols)) throw new AvroError(`enum ${schema.name} without symbols`);
  return define(schema, names, () => (cursor) => symbols[cursor.size()]);
}
