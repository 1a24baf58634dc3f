import { childFields, type IcebergType, type NestedField } from './schema.ts';

/** How files without field ids are read: names for each id. https://iceberg.apache.org/spec/#column-projection */
export interface MappedField {
  readonly 'field-id'?: number;
  readonly names: readonly string[];
  readonly fields?: readonly MappedField[];
}

export const nameMappingProperty = 'schema.name-mapping.default';

/** The mapping in which each field has its own name. */
export function nameMapping(type: IcebergType): MappedField[] {
  return childFields(type).map((field) => mapped(field, undefined));
}

/**
 * A mapping that covers a changed schema: new fields are added, names that older files may use are kept; a name that
 * now belongs to another field of the same level is taken from the old one.
 */
export function updateNameMapping(mapping: readonly MappedField[], type: IcebergType): MappedField[] {
  const fields = childFields(type);
  const owner = new Map(fields.map((field) => [field.name, field.id]));
  const updated = fields.map((field) =>
    mapped(
      field,
      mapping.find((old) => old['field-id'] === field.id),
      owner,
    ),
  );
  const present = new Set(fields.map((field) => field.id));
  const dropped = mapping.filter((old) => old['field-id'] === undefined || !present.has(old['field-id']));
  const free = dropped.map((old) => ({ ...old, names: old.names.filter((name) => !owner.has(name)) }));
  return [...updated, ...free.filter((old) => old.names.length > 0)];
}

function mapped(field: NestedField, old: MappedField | undefined, owner?: ReadonlyMap<string, number>): MappedField {
  const kept = (old?.names ?? []).filter((name) => name !== field.name && (owner?.get(name) ?? field.id) === field.id);
  const children = updateNameMapping(old?.fields ?? [], field.type);
  const names = [field.name, ...kept];
  return { 'field-id': field.id, names, ...(children.length > 0 ? { fields: children } : {}) };
}
