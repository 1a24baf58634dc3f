import { Field, Schema } from 'apache-arrow';
import { foldedName, scopeOf } from './attribute-name.ts';
import { sameType } from './same-type.ts';

export interface ColumnPlan {
  /** The table's schema with the columns that are to be added, all of them nullable, at its end. */
  readonly schema: Schema;
  /** The batch's attribute columns that get no column: `conformBatch` puts them into the overflow. */
  readonly folded: readonly string[];
}

/**
 * Decides which columns of a batch a table gets: those it has, and new ones as long as it has no more than
 * `attributeColumnsMax` attribute columns. An attribute goes to the overflow where there is no room, or where a column of its
 * name, in whatever case, is there with another type or spelling.
 */
export function planColumns(
  table: Schema,
  batch: Schema,
  { attributeColumnsMax }: { readonly attributeColumnsMax: number },
): ColumnPlan {
  const taken = new Map(table.fields.map((field) => [foldedName(field.name), field]));
  const added: Field[] = [];
  const folded: string[] = [];
  let room = attributeColumnsMax - table.fields.filter((field) => scopeOf(field.name, table)).length;
  for (const field of batch.fields) {
    const there = taken.get(foldedName(field.name));
    const isAttribute = scopeOf(field.name, batch) !== undefined;
    if (there) {
      if (isAttribute && !(there.name === field.name && sameType(there.type, field.type))) folded.push(field.name);
    } else if (isAttribute && room <= 0) folded.push(field.name);
    else {
      const column = new Field(field.name, field.type, true);
      taken.set(foldedName(field.name), column);
      added.push(column);
      if (isAttribute) room--;
    }
  }
  return { schema: added.length === 0 ? table : new Schema([...table.fields, ...added], table.metadata), folded };
}
