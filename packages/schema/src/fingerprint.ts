import { createHash } from 'node:crypto';
import { DataType, type Field, type Schema } from 'apache-arrow';
import { typeToJson } from './type-json.ts';

/**
 * 64 hex digits that are the same for schemas with the same fields (name, type, nullability, children) in the same
 * order. Metadata and dictionary ids don't count; a dictionary and the type of its values do differ.
 */
export function fingerprint(schema: Schema): string {
  return createHash('sha256')
    .update(JSON.stringify(schema.fields.map(canonical)))
    .digest('hex');
}

function canonical(field: Field): unknown {
  const { type } = field;
  const values: DataType = DataType.isDictionary(type) ? type.dictionary : type;
  const index = DataType.isDictionary(type) ? typeToJson(type.indices, field.name) : null;
  const properties = Object.entries(typeToJson(values, field.name)).sort(([a], [b]) => (a < b ? -1 : 1));
  return [field.name, field.nullable, properties, index, (values.children ?? []).map(canonical)];
}
