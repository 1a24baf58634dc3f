import { CatalogError } from './catalog-error.ts';
import type { PartitionSpec } from './partition-spec.ts';
import {
  childFields,
  columnByName,
  fieldById,
  type IcebergSchema,
  type IcebergType,
  isList,
  isMap,
  isStruct,
} from './schema.ts';
import type { SortOrder } from './sort-order.ts';
import { parseTransform, takesType } from './transforms.ts';

/** Whether two lists of JSON values say the same, in whatever order their keys are. */
export function sameFields(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && canonical(a) === canonical(b);
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, part) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

const primitive =
  /^(boolean|int|long|float|double|date|time|timestamp|timestamptz|string|uuid|binary|fixed\[\d+\]|decimal\(\d+,\s*\d+\))$/;

/** Throws BadRequestException for a schema with a type of no kind known in version 2, or an id or name given twice. */
export function checkSchema(schema: IcebergSchema): void {
  checkType({ ...schema, type: 'struct' }, '', new Set());
}

function checkType(type: unknown, path: string, ids: Set<number>): void {
  if (typeof type === 'string' && primitive.test(type)) return;
  const nested = type as IcebergType;
  const isKnown =
    (isStruct(nested) && Array.isArray(nested.fields)) ||
    (isList(nested) && 'element' in nested) ||
    (isMap(nested) && 'key' in nested && 'value' in nested);
  if (type === null || !isKnown) {
    throw bad(
      `Invalid schema: type ${JSON.stringify(type)} of ${path || 'the table'} isn't supported in format version 2`,
    );
  }
  const names = new Set<string>();
  for (const field of childFields(nested)) {
    if (typeof field?.name !== 'string') throw bad(`Invalid schema: a field of ${path || 'the table'} has no name`);
    const at = path === '' ? field.name : `${path}.${field.name}`;
    if (!Number.isSafeInteger(field.id) || field.id < 0) throw bad(`Invalid schema: field ${at} has no valid id`);
    if (ids.has(field.id)) throw bad(`Invalid schema: multiple fields for id ${field.id}`);
    if (names.has(field.name)) throw bad(`Invalid schema: multiple fields for name ${at}`);
    ids.add(field.id);
    names.add(field.name);
    checkType(field.type, at, ids);
  }
}

/** Throws ValidationException for a spec that doesn't fit the schema. */
export function checkSpec(spec: PartitionSpec, schema: IcebergSchema): void {
  const names = new Set<string>();
  for (const field of spec.fields) {
    const source = fieldById(schema, field['source-id']);
    const { name: transform } = parseTransform(field.transform);
    if (!source && transform !== 'void') throw invalid(`Cannot find source column for partition field ${field.name}`);
    if (source && !(typeof source.type === 'string' && takesType(field.transform, source.type))) {
      const type = typeof source.type === 'string' ? source.type : source.type.type;
      throw invalid(`Invalid source type ${type} for transform ${field.transform} of partition field ${field.name}`);
    }
    if (names.has(field.name)) throw invalid(`Partition field ${field.name} is there twice`);
    names.add(field.name);
    const column = columnByName(schema, field.name);
    if (column && !(transform === 'identity' && column.id === field['source-id'])) {
      throw invalid(`Cannot create partition field ${field.name}: a column has that name`);
    }
  }
}

/** Throws ValidationException for a sort order over columns that the schema lacks. */
export function checkSortOrder(order: SortOrder, schema: IcebergSchema): void {
  for (const field of order.fields) {
    if (!fieldById(schema, field['source-id']))
      throw invalid(`Cannot find source column for sort field ${field['source-id']}`);
  }
}

const bad = (message: string) => new CatalogError('BadRequestException', message);
const invalid = (message: string) => new CatalogError('ValidationException', message);
