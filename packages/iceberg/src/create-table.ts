import type { CreateTableRequest } from './catalog.ts';
import { CatalogError } from './catalog-error.ts';
import { MetadataBuilder } from './metadata-builder.ts';
import { checkSchema } from './metadata-validation.ts';
import { lastUnassignedPartitionId, type PartitionSpec, unpartitioned } from './partition-spec.ts';
import { type IcebergSchema, type IcebergType, isList, isMap, isStruct, type NestedField } from './schema.ts';
import { type SortOrder, unsorted } from './sort-order.ts';
import { noSnapshot, type TableMetadata } from './table-metadata.ts';

/** A table to which nothing has been done: what the updates of a staged creation are applied to. */
export function emptyMetadata(uuid: string, location: string): TableMetadata {
  return {
    'format-version': 2,
    'table-uuid': uuid,
    location,
    'last-sequence-number': 0,
    'last-updated-ms': 0,
    'last-column-id': 0,
    schemas: [],
    'current-schema-id': -1,
    'partition-specs': [],
    'default-spec-id': -1,
    'last-partition-id': lastUnassignedPartitionId,
    properties: {},
    'current-snapshot-id': noSnapshot,
    snapshots: [],
    'snapshot-log': [],
    'metadata-log': [],
    'sort-orders': [],
    'default-sort-order-id': -1,
    refs: {},
    statistics: [],
    'partition-statistics': [],
  };
}

/** The metadata of a new table, with field ids from 1 on, whatever the request's are. Throws CatalogError. */
export function newTableMetadata(
  request: CreateTableRequest,
  options: { readonly uuid: string; readonly location: string; readonly nowMs: number },
): TableMetadata {
  const version = request.properties?.['format-version'] ?? '2';
  if (version !== '2')
    throw new CatalogError('BadRequestException', `Format version ${version} isn't supported, only 2`);
  checkSchema(request.schema);
  const { schema, newId } = withFreshIds(request.schema);
  const builder = new MetadataBuilder(emptyMetadata(options.uuid, options.location), options.nowMs);
  builder.addSchema(schema);
  builder.setCurrentSchema(-1);
  builder.addSpec(renumberSpec(request['partition-spec'] ?? unpartitioned, newId));
  builder.setDefaultSpec(-1);
  builder.addSortOrder(renumberOrder(request['write-order'] ?? unsorted, newId));
  builder.setDefaultSortOrder(-1);
  builder.setProperties(request.properties ?? {});
  return builder.build();
}

function withFreshIds(schema: IcebergSchema): { schema: IcebergSchema; newId: (id: number) => number } {
  if (!schema || !Array.isArray(schema.fields))
    throw new CatalogError('BadRequestException', 'Invalid schema: no fields');
  const ids = new Map<number, number>();
  const assign = (id: number) => {
    ids.set(id, ids.size + 1);
    return ids.size;
  };
  const newId = (id: number) => ids.get(id) ?? missing(id);
  const fields = renumberFields(schema.fields, assign);
  const identifiers = schema['identifier-field-ids']?.map(newId);
  const fresh: IcebergSchema = { type: 'struct', 'schema-id': 0, fields };
  return { schema: identifiers?.length ? { ...fresh, 'identifier-field-ids': identifiers } : fresh, newId };
}

function renumberFields(fields: readonly NestedField[], assign: (id: number) => number): NestedField[] {
  const ids = fields.map((field) => assign(field.id));
  return fields.map((field, i) => ({ ...field, id: ids[i]!, type: renumberType(field.type, assign) }));
}

function renumberType(type: IcebergType, assign: (id: number) => number): IcebergType {
  if (isStruct(type)) return { ...type, fields: renumberFields(type.fields, assign) };
  if (isList(type))
    return { ...type, 'element-id': assign(type['element-id']), element: renumberType(type.element, assign) };
  if (!isMap(type)) return type;
  const [keyId, valueId] = [assign(type['key-id']), assign(type['value-id'])];
  const [key, value] = [renumberType(type.key, assign), renumberType(type.value, assign)];
  return { ...type, 'key-id': keyId, key, 'value-id': valueId, value };
}

function renumberSpec(spec: PartitionSpec, newId: (id: number) => number): PartitionSpec {
  const fields = spec.fields.map((field, i) => ({
    ...field,
    'source-id': newId(field['source-id']),
    'field-id': lastUnassignedPartitionId + 1 + i,
  }));
  return { 'spec-id': 0, fields };
}

function renumberOrder(order: SortOrder, newId: (id: number) => number): SortOrder {
  const fields = order.fields.map((field) => ({ ...field, 'source-id': newId(field['source-id']) }));
  return { 'order-id': fields.length === 0 ? 0 : 1, fields };
}

function missing(id: number): never {
  throw new CatalogError('BadRequestException', `The schema has no field with id ${id}`);
}
