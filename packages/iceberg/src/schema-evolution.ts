import type { DataType, Field, Schema } from 'apache-arrow';
import { assignFields, icebergTypeOf, type NextId } from './arrow-schema.ts';
import {
  highestFieldId,
  type IcebergSchema,
  type IcebergType,
  isList,
  isMap,
  isStruct,
  type ListType,
  type NestedField,
  type StructType,
} from './schema.ts';
import { SchemaError } from './schema-error.ts';

export interface SchemaEvolution {
  /** The schema that holds both; the very `current` when nothing has to change. Its schema-id is still `current`'s. */
  readonly schema: IcebergSchema;
  readonly changed: boolean;
  readonly lastColumnId: number;
}

/**
 * The schema that holds the rows of `current` and those of `wanted`: columns are added (optional), types widened
 * (int → long, float → double, decimals of more digits), required ones made optional where `wanted` is nullable or lacks
 * them. Columns are matched by name; none is ever removed. Throws SchemaError (INCOMPATIBLE_CHANGE) for another type.
 *
 * @param lastColumnId the table's `last-column-id`: ids aren't used twice, also not those of dropped columns.
 */
export function evolveSchema(current: IcebergSchema, wanted: Schema, lastColumnId?: number): SchemaEvolution {
  let lastId = Math.max(lastColumnId ?? 0, highestFieldId(current));
  const evolution = new Evolution(() => ++lastId);
  const fields = evolution.fields(current.fields, wanted.fields, '');
  if (!evolution.changed) return { schema: current, changed: false, lastColumnId: lastId };
  return { schema: { ...current, fields }, changed: true, lastColumnId: lastId };
}

class Evolution {
  changed = false;
  readonly nextId: NextId;

  constructor(nextId: NextId) {
    this.nextId = nextId;
  }

  fields(current: readonly NestedField[], wanted: readonly Field[], parent: string): readonly NestedField[] {
    const byName = new Map(wanted.map((field) => [field.name, field]));
    if (byName.size < wanted.length)
      throw new SchemaError('DUPLICATE_NAME', `Two fields of one name under "${parent}"`);
    const kept = current.map((field) => this.field(field, byName.get(field.name), parent));
    const known = new Set(current.map((field) => field.name));
    const added = wanted.filter((field) => !known.has(field.name));
    if (added.length === 0) return kept;
    this.changed = true;
    return [...kept, ...assignFields(added, this.nextId).map((field) => ({ ...field, required: false }))];
  }

  private field(current: NestedField, wanted: Field | undefined, parent: string): NestedField {
    const path = parent === '' ? current.name : `${parent}.${current.name}`;
    const required = current.required && wanted !== undefined && !wanted.nullable;
    const type = wanted === undefined ? current.type : this.type(current.type, wanted.type, path);
    if (required !== current.required) this.changed = true;
    return required === current.required && type === current.type ? current : { ...current, required, type };
  }

  private type(current: IcebergType, wanted: DataType, path: string): IcebergType {
    if (isStruct(current)) return this.struct(current, wanted, path);
    if (isList(current)) return this.list(current, wanted, path);
    const target = icebergTypeOf(wanted, () => 0, path);
    if (isMap(current)) return isMap(target) ? current : incompatible(path, current, target);
    if (typeof target !== 'string') return incompatible(path, current, target);
    const wide = widen(current, target);
    if (wide === undefined) return incompatible(path, current, target);
    if (wide !== current) this.changed = true;
    return wide;
  }

  private struct(current: StructType, wanted: DataType, path: string): IcebergType {
    const target = icebergTypeOf(wanted, () => 0, path);
    if (!isStruct(target)) return incompatible(path, current, target);
    const fields = this.fields(current.fields, wanted.children, path);
    return fields.every((field, i) => field === current.fields[i]) && fields.length === current.fields.length
      ? current
      : { ...current, fields };
  }

  private list(current: ListType, wanted: DataType, path: string): IcebergType {
    const target = icebergTypeOf(wanted, () => 0, path);
    if (!isList(target)) return incompatible(path, current, target);
    const element = this.type(current.element, wanted.children[0]!.type, `${path}.element`);
    const required = current['element-required'] && target['element-required'];
    if (required !== current['element-required']) this.changed = true;
    if (element === current.element && required === current['element-required']) return current;
    return { ...current, element, 'element-required': required };
  }
}

function incompatible(path: string, from: IcebergType, to: IcebergType): never {
  const name = (type: IcebergType) => (typeof type === 'string' ? type : type.type);
  throw new SchemaError('INCOMPATIBLE_CHANGE', `Column "${path}" is ${name(from)} and can't hold ${name(to)}`);
}

const decimalType = /^decimal\((\d+),\s*(\d+)\)$/;

/** The wider of two primitive types, if values of both fit it by the specification's promotions. */
function widen(a: string, b: string): string | undefined {
  if (a === b || (a === 'uuid' && b === 'fixed[16]')) return a;
  for (const [narrow, wide] of [
    ['int', 'long'],
    ['float', 'double'],
  ]) {
    if ((a === narrow && b === wide) || (a === wide && b === narrow)) return wide;
  }
  const [, precisionA, scaleA] = decimalType.exec(a) ?? [];
  const [, precisionB, scaleB] = decimalType.exec(b) ?? [];
  if (scaleA === undefined || scaleA !== scaleB) return undefined;
  return Number(precisionA) >= Number(precisionB) ? a : b;
}
