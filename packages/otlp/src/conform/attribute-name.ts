import type { Schema } from 'apache-arrow';
import type { AttributeScopeName } from '../tables.ts';

const scopes = ['span', 'log', 'metric', 'resource', 'scope'] as const satisfies readonly AttributeScopeName[];

/** A name as SQL engines compare it: without regard to ASCII case. */
export function foldedName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The scope whose attribute a column holds; undefined where it is none, or the schema has no overflow column for its scope. */
export function scopeOf(columnName: string, schema: Schema): AttributeScopeName | undefined {
  const scope = scopes.find((name) => columnName.startsWith(`${name}.`));
  return scope && schema.fields.some((field) => field.name === `${scope}_overflow`) ? scope : undefined;
}
