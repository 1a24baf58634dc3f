import { fieldById, type PrimitiveType, type StructType } from './schema.ts';
import { type Transform, transformResultType } from './transforms.ts';

/** https://iceberg.apache.org/spec/#partition-specs */
export interface PartitionField {
  readonly 'field-id': number;
  readonly 'source-id': number;
  readonly name: string;
  readonly transform: Transform;
}

export interface PartitionSpec {
  readonly 'spec-id': number;
  readonly fields: readonly PartitionField[];
}

/** The ids of partition fields begin behind this. */
export const lastUnassignedPartitionId = 999;

export const unpartitioned: PartitionSpec = { 'spec-id': 0, fields: [] };

/** One value of a partition tuple, with the id, name and type that manifests give it. */
export interface PartitionColumn {
  readonly id: number;
  readonly name: string;
  readonly type: PrimitiveType;
}

/** The columns of a spec's partition tuple. A source column that the schema no longer has is taken for an int. */
export function partitionColumns(spec: PartitionSpec, schema: StructType): PartitionColumn[] {
  return spec.fields.map((field) => {
    const source = fieldById(schema, field['source-id']);
    const sourceType = typeof source?.type === 'string' ? source.type : 'int';
    return { id: field['field-id'], name: field.name, type: transformResultType(field.transform, sourceType) };
  });
}

export function highestPartitionId(specs: readonly PartitionSpec[]): number {
  return Math.max(lastUnassignedPartitionId, ...specs.flatMap((spec) => spec.fields.map((field) => field['field-id'])));
}
