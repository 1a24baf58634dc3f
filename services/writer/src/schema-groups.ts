import { type Field, type RecordBatch, Schema } from 'apache-arrow';

/** Batches whose columns of one name have one type, and all their columns. */
export interface SchemaGroup {
  readonly schema: Schema;
  readonly batches: readonly RecordBatch[];
}

/** As few groups as can be: one, save where a column comes with several types, which a table may widen to hold. */
export function groupByTypes(batches: readonly RecordBatch[]): SchemaGroup[] {
  const groups: { fields: Map<string, Field>; batches: RecordBatch[] }[] = [];
  for (const batch of batches) {
    const { fields } = batch.schema;
    let group = groups.find((known) => fields.every((field) => fits(field, known.fields.get(field.name))));
    if (!group) {
      group = { fields: new Map(), batches: [] };
      groups.push(group);
    }
    for (const field of fields) if (!group.fields.has(field.name)) group.fields.set(field.name, field);
    group.batches.push(batch);
  }
  return groups.map((group) => ({ schema: new Schema([...group.fields.values()]), batches: group.batches }));
}

/** Schemas that together have all fields of the given ones, as few as can be. */
export function unionFields(schemas: readonly Schema[]): Schema[] {
  const unions: Map<string, Field>[] = [];
  for (const { fields } of schemas) {
    let union = unions.find((known) => fields.every((field) => fits(field, known.get(field.name))));
    if (!union) {
      union = new Map();
      unions.push(union);
    }
    for (const field of fields) if (!union.has(field.name)) union.set(field.name, field);
  }
  return unions.map((fields) => new Schema([...fields.values()]));
}

const fits = (field: Field, known: Field | undefined): boolean =>
  known === undefined ||
  known === field ||
  (known.nullable === field.nullable && String(known.type) === String(field.type));
