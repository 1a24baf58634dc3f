import {
  currentSchema,
  evolveSchema,
  type IcebergSchema,
  icebergToArrowSchema,
  type TableMetadata,
} from '@signaldb/iceberg';
import { conformBatch, planColumns } from '@signaldb/otlp';
import { type RecordBatch, Schema } from 'apache-arrow';

/** The columns that a table will have once everything that was cut is committed, and how batches are made to fit them. */
export interface PlannedColumns {
  /** The batch with columns as the table will have them. Throws SchemaError or ConformError where that can't be. */
  fit(batch: RecordBatch): RecordBatch;
  /** The table has changed: what was planned beyond it stays planned. */
  onto(metadata: TableMetadata): PlannedColumns;
}

/** A signal's table grows attribute columns up to a bound; other attributes go to the overflow columns. */
export function planSignalColumns(metadata: TableMetadata, attributeColumnsMax: number): PlannedColumns {
  const arrowSchema = (of: TableMetadata) => icebergToArrowSchema(currentSchema(of), { fieldIds: false });
  const planned = (start: Schema): PlannedColumns => {
    let schema = start;
    return {
      fit(batch) {
        const plan = planColumns(schema, batch.schema, { attributeColumnsMax });
        schema = plan.schema;
        return plan.folded.length === 0 ? batch : fold(batch, plan.folded, schema);
      },
      onto: (changed) => planned(planColumns(arrowSchema(changed), schema, { attributeColumnsMax }).schema),
    };
  };
  return planned(arrowSchema(metadata));
}

/** Only the columns that the batch has, and the overflow columns: the others are null without being said so. */
function fold(batch: RecordBatch, folded: readonly string[], schema: Schema): RecordBatch {
  const kept = new Set(batch.schema.fields.map((field) => field.name));
  for (const name of folded) kept.delete(name);
  return conformBatch(
    batch,
    new Schema(schema.fields.filter(({ name }) => kept.has(name) || name.endsWith('_overflow'))),
  );
}

/** A user's table takes any column that Iceberg's schema evolution takes. */
export function planUserColumns(metadata: TableMetadata): PlannedColumns {
  let schema: IcebergSchema = currentSchema(metadata);
  let lastColumnId = metadata['last-column-id'];
  return {
    fit(batch) {
      ({ schema, lastColumnId } = evolveSchema(schema, batch.schema, lastColumnId));
      return batch;
    },
    onto: planUserColumns,
  };
}
