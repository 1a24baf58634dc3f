import type { Field, Schema } from 'apache-arrow';
import { compareTypes, valuesOf } from './widening.ts';

/**
 * What one schema's readers can do with the other's data. `backward`: readers of the newer read what was written with
 * the older. `forward`: readers of the older read what is written with the newer.
 */
export const CompatibilityLevel = { none: 0, backward: 1, forward: 2, full: 3 } as const;
export type CompatibilityLevel = (typeof CompatibilityLevel)[keyof typeof CompatibilityLevel];

export type SchemaChangeKind =
  | 'added'
  | 'removed'
  | 'widened'
  | 'narrowed'
  | 'retyped'
  | 'nullability'
  | 'reordered'
  | 'ambiguous';

/** One difference between two schemas. As a string it is a sentence for people. */
export interface SchemaChange {
  /** The field's name, with its parents': `events.attributes.key`. */
  readonly path: string;
  readonly kind: SchemaChangeKind;
  /** What this difference alone allows. */
  readonly level: CompatibilityLevel;
  readonly message: string;
  toString(): string;
}

export interface Compatibility {
  /** What all differences together allow: 3 when there is none. */
  readonly level: CompatibilityLevel;
  readonly changes: readonly SchemaChange[];
}

/**
 * Compares two schemas by field names. Adding a nullable field is backward, removing one forward, widening a type
 * backward, narrowing it forward, reordering full; a field that is added or removed and isn't nullable, or that gets
 * another type, is neither. Metadata and dictionary encoding don't count.
 */
export function compatibility(older: Schema, newer: Schema): Compatibility {
  const changes: SchemaChange[] = [];
  compareFields(older.fields, newer.fields, '', changes);
  const level = changes.reduce<number>((all, change) => all & change.level, CompatibilityLevel.full);
  return { level: level as CompatibilityLevel, changes };
}

const { none, backward, forward, full } = CompatibilityLevel;

function compareFields(
  older: readonly Field[],
  newer: readonly Field[],
  parent: string,
  changes: SchemaChange[],
): void {
  const before = byName(older, parent, changes);
  const after = byName(newer, parent, changes);
  for (const [name, field] of before) {
    const now = after.get(name);
    if (now) compareField(field, now, parent + name, changes);
    else changes.push(change(parent + name, 'removed', field.nullable ? forward : none, removed(field)));
  }
  for (const [name, field] of after) {
    if (!before.has(name)) changes.push(change(parent + name, 'added', field.nullable ? backward : none, added(field)));
  }
  const kept = [...before.keys()].filter((name) => after.has(name));
  const keptNow = [...after.keys()].filter((name) => before.has(name));
  if (kept.some((name, i) => name !== keptNow[i])) {
    changes.push(change(parent.slice(0, -1), 'reordered', full, 'the fields come in another order'));
  }
}

function compareField(older: Field, newer: Field, path: string, changes: SchemaChange[]): void {
  const types = `${older.type} became ${newer.type}`;
  const how = compareTypes(older.type, newer.type);
  if (how === 'incompatible') changes.push(change(path, 'retyped', none, types));
  if (how === 'widened') changes.push(change(path, 'widened', backward, types));
  if (how === 'narrowed') changes.push(change(path, 'narrowed', forward, types));
  if (older.nullable !== newer.nullable) {
    const level = newer.nullable ? backward : forward;
    changes.push(change(path, 'nullability', level, newer.nullable ? 'may be null now' : 'may not be null any more'));
  }
  if (how === 'incompatible') return;
  const before = valuesOf(older.type).children ?? [];
  const after = valuesOf(newer.type).children ?? [];
  // The only child of a list has no name of its own: writers call it item, element or $data$.
  if (before.length === 1 && after.length === 1 && !isStruct(older))
    compareField(before[0]!, after[0]!, `${path}[]`, changes);
  else compareFields(before, after, `${path}.`, changes);
}

function isStruct(field: Field): boolean {
  return String(valuesOf(field.type)).startsWith('Struct');
}

function byName(fields: readonly Field[], parent: string, changes: SchemaChange[]): Map<string, Field> {
  const names = new Map<string, Field>();
  for (const field of fields) {
    if (names.has(field.name)) {
      changes.push(change(parent + field.name, 'ambiguous', none, 'the name is there more than once'));
    }
    names.set(field.name, field);
  }
  return names;
}

function added(field: Field): string {
  return `added as ${field.type}${field.nullable ? '' : ', not null'}`;
}

function removed(field: Field): string {
  return `removed, was ${field.type}${field.nullable ? '' : ', not null'}`;
}

function change(path: string, kind: SchemaChangeKind, level: CompatibilityLevel, message: string): SchemaChange {
  return { path, kind, level, message, toString: () => (path === '' ? message : `${path}: ${message}`) };
}
