/** `boolean`, `int`, `long`, `float`, `double`, `date`, `time`, `timestamp`, `timestamptz`, `string`, `uuid`, `binary`, `fixed[L]`, `decimal(P, S)`. */
export type PrimitiveType = string;

export interface ListType {
  readonly type: 'list';
  readonly 'element-id': number;
  readonly element: IcebergType;
  readonly 'element-required': boolean;
}

export interface MapType {
  readonly type: 'map';
  readonly 'key-id': number;
  readonly key: IcebergType;
  readonly 'value-id': number;
  readonly value: IcebergType;
  readonly 'value-required': boolean;
}

export interface StructType {
  readonly type: 'struct';
  readonly fields: readonly NestedField[];
}

/** A type of the specification's Appendix C, as JSON. */
export type IcebergType = PrimitiveType | ListType | MapType | StructType;

export interface NestedField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: IcebergType;
  readonly doc?: string;
}

/** A table schema: a struct with an id. https://iceberg.apache.org/spec/#schemas */
export interface IcebergSchema extends StructType {
  readonly 'schema-id': number;
  readonly 'identifier-field-ids'?: readonly number[];
}

/** A field somewhere in a schema, with the names that lead to it (`element`, `key` and `value` inside lists and maps). */
export interface FieldAt {
  readonly id: number;
  readonly path: readonly string[];
  readonly type: IcebergType;
  readonly required: boolean;
}

export const isStruct = (type: IcebergType): type is StructType => typeof type === 'object' && type?.type === 'struct';
export const isList = (type: IcebergType): type is ListType => typeof type === 'object' && type?.type === 'list';
export const isMap = (type: IcebergType): type is MapType => typeof type === 'object' && type?.type === 'map';
export const isPrimitive = (type: IcebergType): type is PrimitiveType => typeof type === 'string';

/** The named, typed children of a type; none for a primitive. */
export function childFields(type: IcebergType): readonly NestedField[] {
  if (isStruct(type)) return type.fields;
  if (isList(type)) {
    return [{ id: type['element-id'], name: 'element', required: type['element-required'], type: type.element }];
  }
  if (isMap(type)) {
    return [
      { id: type['key-id'], name: 'key', required: true, type: type.key },
      { id: type['value-id'], name: 'value', required: type['value-required'], type: type.value },
    ];
  }
  return [];
}

/** Every field of a type, parents before their children. */
export function* walkFields(type: IcebergType, path: readonly string[] = []): Generator<FieldAt> {
  for (const field of childFields(type)) {
    const at = [...path, field.name];
    yield { id: field.id, path: at, type: field.type, required: field.required };
    yield* walkFields(field.type, at);
  }
}

/** Field id by its path (names joined by `.`; a column's own name may hold dots, so look nested ones up by {@link walkFields}). */
export function fieldIdsByPath(schema: StructType): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  for (const { path, id } of walkFields(schema)) ids.set(path.join('.'), id);
  return ids;
}

export function fieldById(schema: StructType, id: number): FieldAt | undefined {
  for (const field of walkFields(schema)) if (field.id === id) return field;
  return undefined;
}

/** A column of the top level. */
export function columnByName(schema: StructType, name: string): NestedField | undefined {
  return schema.fields.find((field) => field.name === name);
}

/** The highest field id in use, 0 for none. */
export function highestFieldId(schema: StructType): number {
  let highest = 0;
  for (const { id } of walkFields(schema)) highest = Math.max(highest, id);
  return highest;
}
