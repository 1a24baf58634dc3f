import { type Field, Schema } from 'apache-arrow';

/**
 * Schemas that together have all fields of the given ones, as few as can be: one, save where a column comes with
 * several types (which the table may widen to hold).
 */
export function unionFields(schemas: readonly Schema[]): Schema[] {
  const rest: Schema[] = [];
  const fields = new Map<string, Field>();
  for (const schema of schemas) {
    const fits = schema.fields.every((field) => {
      const known = fields.get(field.name);
      return !known || (String(known.type) === String(field.type) && known.nullable === field.nullable);
    });
    if (!fits) rest.push(schema);
    else for (const field of schema.fields) if (!fields.has(field.name)) fields.set(field.name, field);
  }
  if (fields.size === 0) return rest;
  return [new Schema([...fields.values()]), ...unionFields(rest)];
}
