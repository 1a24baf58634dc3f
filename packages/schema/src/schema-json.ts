import { DataType, Dictionary, Field, Int, MessageReader, Schema } from 'apache-arrow';
import { SchemaError } from './schema-error.ts';
import { type TypeJson, typeFromJson, typeToJson } from './type-json.ts';

export interface FieldJson {
  readonly name: string;
  readonly type: TypeJson | string;
  /** Default true. */
  readonly nullable?: boolean;
  readonly children?: readonly FieldJson[];
  readonly dictionary?: { readonly id: number; readonly indexType: TypeJson; readonly isOrdered: boolean };
  readonly metadata?: readonly { readonly key: string; readonly value: string }[];
}

/** A schema as Arrow's integration tests write it. */
export interface SchemaJson {
  readonly fields: readonly FieldJson[];
  readonly metadata?: readonly { readonly key: string; readonly value: string }[];
}

const depthMax = 32;
const fieldsMax = 10_000;

/** The JSON of a schema; `schemaFromJson` gives it back. SchemaError for types that `apache-arrow` can't write. */
export function schemaToJson(schema: Schema): SchemaJson {
  const metadata = metadataToJson(schema.metadata);
  const fields = schema.fields.map((field, i) => fieldToJson(field, `fields[${i}]`));
  return { fields, ...(metadata ? { metadata } : {}) };
}

function fieldToJson(field: Field, path: string): FieldJson {
  const { type } = field;
  const isDictionary = DataType.isDictionary(type);
  const valueType: DataType = isDictionary ? type.dictionary : type;
  const children = (valueType.children ?? []).map((child, i) => fieldToJson(child, `${path}.children[${i}]`));
  const metadata = metadataToJson(field.metadata);
  return {
    name: field.name,
    nullable: field.nullable,
    type: typeToJson(valueType, `${path}.type`),
    children,
    ...(isDictionary
      ? { dictionary: { id: type.id, indexType: typeToJson(type.indices, path), isOrdered: type.isOrdered } }
      : {}),
    ...(metadata ? { metadata } : {}),
  };
}

function metadataToJson(metadata: Map<string, string>) {
  return metadata.size === 0 ? undefined : [...metadata].map(([key, value]) => ({ key, value }));
}

/**
 * Reads a schema from JSON (text or parsed): `{"fields": [...]}`, a bare list of fields, or `{"schema_ipc": "<base64>"}`
 * with a serialized IPC schema message. Short type names are taken (`"type": "int64"`). Throws {@link SchemaError} with
 * the place.
 */
export function schemaFromJson(json: unknown): Schema {
  const parsed = typeof json === 'string' ? parseText(json) : json;
  if (typeof parsed !== 'object' || parsed === null) throw new SchemaError('', 'a schema is a JSON object');
  const { schema_ipc: ipc, fields = parsed, metadata } = parsed as Record<string, unknown>;
  if (typeof ipc === 'string') return schemaFromIpc(Buffer.from(ipc, 'base64'));
  const count = { left: fieldsMax };
  return new Schema(readFields(fields, 'fields', 0, count), readMetadata(metadata, 'metadata'));
}

/** Text that isn't JSON may be the base64 of a serialized schema. */
function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text) && text.length > 40) return { schema_ipc: text };
    throw new SchemaError('', `not JSON: ${(error as Error).message}`);
  }
}

function schemaFromIpc(bytes: Uint8Array): Schema {
  try {
    const schema = new MessageReader(bytes).readSchema(true);
    if (schema) return schema;
  } catch (error) {
    throw new SchemaError('schema_ipc', `not an IPC schema message: ${(error as Error).message}`);
  }
  throw new SchemaError('schema_ipc', 'not an IPC schema message');
}

function readFields(json: unknown, path: string, depth: number, count: { left: number }): Field[] {
  if (!Array.isArray(json)) throw new SchemaError(path, 'must be a list of fields');
  if (depth > depthMax) throw new SchemaError(path, `nested deeper than ${depthMax} levels`);
  const names = new Set<string>();
  return json.map((entry, i) => {
    const field = readField(entry, `${path}[${i}]`, depth, count);
    if (names.has(field.name)) throw new SchemaError(`${path}[${i}].name`, `"${field.name}" is there twice`);
    names.add(field.name);
    return field;
  });
}

function readField(json: unknown, path: string, depth: number, count: { left: number }): Field {
  if (count.left-- <= 0) throw new SchemaError(path, `more than ${fieldsMax} fields`);
  if (typeof json !== 'object' || json === null) throw new SchemaError(path, 'a field is an object');
  const { name, type, nullable = true, children = [], dictionary, metadata } = json as Partial<FieldJson>;
  if (typeof name !== 'string' || name === '') throw new SchemaError(`${path}.name`, 'a field has a name');
  if (typeof nullable !== 'boolean') throw new SchemaError(`${path}.nullable`, 'must be true or false');
  const fields = readFields(children, `${path}.children`, depth + 1, count);
  const valueType = typeFromJson(type, fields, `${path}.type`);
  const fieldType = dictionary ? dictionaryOf(valueType, dictionary, `${path}.dictionary`) : valueType;
  return new Field(name, fieldType, nullable, readMetadata(metadata, `${path}.metadata`));
}

function dictionaryOf(values: DataType, json: NonNullable<FieldJson['dictionary']>, path: string): DataType {
  const indexType = json.indexType === undefined ? new Int(true, 32) : typeFromJson(json.indexType, [], path);
  if (!DataType.isInt(indexType)) throw new SchemaError(path, 'the index type is an integer');
  return new Dictionary(values, indexType as never, json.id, json.isOrdered === true);
}

function readMetadata(json: unknown, path: string): Map<string, string> {
  if (json === undefined || json === null) return new Map();
  const pairs = Array.isArray(json)
    ? json.map((pair) => [pair?.key, pair?.value] as const)
    : typeof json === 'object'
      ? Object.entries(json)
      : undefined;
  if (!pairs?.every((pair): pair is [string, string] => pair.every((text) => typeof text === 'string'))) {
    throw new SchemaError(path, 'must be pairs of key and value');
  }
  return new Map(pairs);
}
