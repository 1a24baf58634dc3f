import { recordBatchOf } from '@signaldb/flight';
import type { UserColumns } from '@signaldb/iceberg';
import type { Data, Field, RecordBatch } from 'apache-arrow';
import { converterOf } from './column-converter.ts';
import { MisfitError } from './misfit-error.ts';
import { nullsOf } from './null-column.ts';

/**
 * The batch with exactly the columns in which the table is stored: matched by name (also in another case, as SQL does),
 * brought into the table's order and types where each value has an exact form there, nulls where a nullable column is
 * missing. Columns that need no change are passed on as they are. Throws MisfitError that names the column.
 */
export function fitBatch(batch: RecordBatch, { shown, stored }: UserColumns): RecordBatch {
  const given = columnPlaces(batch, shown.fields);
  const columns = stored.fields.map((field, i) => {
    const place = given.get(i);
    if (place === undefined) return missing(field, batch.numRows);
    return fitColumn(batch.data.children[place]!, batch.schema.fields[place]!, shown.fields[i]!, field);
  });
  return recordBatchOf(stored, columns, batch.numRows);
}

/** Which column of the batch is which of the table. */
function columnPlaces(batch: RecordBatch, fields: readonly Field[]): Map<number, number> {
  const exact = new Map(fields.map((field, i) => [field.name, i]));
  const folded = new Map(fields.map((field, i) => [field.name.toLowerCase(), i]));
  const places = new Map<number, number>();
  batch.schema.fields.forEach(({ name }, place) => {
    const column = exact.get(name) ?? folded.get(name.toLowerCase());
    if (column === undefined) throw new MisfitError(`the table has no column "${name}"`);
    if (places.has(column)) throw new MisfitError(`two columns of the batch are named "${fields[column]!.name}"`);
    places.set(column, place);
  });
  return places;
}

function missing(field: Field, rows: number): Data {
  if (!field.nullable) throw new MisfitError(`column "${field.name}" may not be null, and the batch lacks it`);
  return nullsOf(field.type, rows);
}

function fitColumn(data: Data, from: Field, shown: Field, stored: Field): Data {
  const { name } = stored;
  if (!stored.nullable && data.nullCount > 0) {
    throw new MisfitError(`column "${name}" may not be null, and ${data.nullCount} of its values are`);
  }
  const widen = converterOf(from, shown, { column: name, purpose: 'accept' });
  if (widen === undefined) {
    throw new MisfitError(`column "${name}" is ${from.type}, the table has ${shown.type}: cast it`);
  }
  const store = converterOf(shown, stored, { column: name, purpose: 'store' })!;
  return store(widen(data));
}
