import {
  Binary,
  Bool,
  type DataType,
  Date_,
  DateUnit,
  Decimal,
  Field,
  FixedSizeBinary,
  Float32,
  Float64,
  Int32,
  Int64,
  List,
  Map_,
  Precision,
  Schema,
  Struct,
  type Time,
  TimeMicrosecond,
  type Timestamp,
  TimestampMicrosecond,
  TimeUnit,
  Type,
  Utf8,
} from 'apache-arrow';
import { type IcebergSchema, type IcebergType, isList, isMap, isStruct, type NestedField } from './schema.ts';
import { SchemaError } from './schema-error.ts';

/** Hands out field ids. */
export type NextId = () => number;

/**
 * An Iceberg schema for an Arrow one: fresh field ids from 1, the top level first. Throws SchemaError for types that
 * format version 2 can't hold (nanosecond timestamps, unions, intervals, unsigned 64-bit integers, …).
 */
export function arrowToIcebergSchema(schema: Schema, options: { readonly schemaId?: number } = {}): IcebergSchema {
  let lastId = 0;
  const fields = assignFields(schema.fields, () => ++lastId);
  return { type: 'struct', 'schema-id': options.schemaId ?? 0, fields };
}

/** Fields with new ids: those of one level before those of the levels under it. */
export function assignFields(fields: readonly Field[], nextId: NextId): NestedField[] {
  const names = new Set<string>();
  const ids = fields.map((field) => {
    if (names.has(field.name)) throw new SchemaError('DUPLICATE_NAME', `Two fields are named "${field.name}"`);
    names.add(field.name);
    return nextId();
  });
  return fields.map((field, i) => ({
    id: ids[i]!,
    name: field.name,
    required: !field.nullable,
    type: fieldTypeOf(field, nextId, field.name),
  }));
}

const extensionName = 'ARROW:extension:name';
/** What marks an Arrow field of 16 bytes as UUIDs: the canonical extension type `arrow.uuid`. */
export const uuidMetadata: ReadonlyMap<string, string> = new Map([
  [extensionName, 'arrow.uuid'],
  ['ARROW:extension:metadata', ''],
]);

export const isUuidField = ({ type, metadata }: Field): boolean =>
  type.typeId === Type.FixedSizeBinary &&
  (type as FixedSizeBinary).byteWidth === 16 &&
  metadata.get(extensionName) === 'arrow.uuid';

const fieldTypeOf = (field: Field, nextId: NextId, name: string): IcebergType =>
  isUuidField(field) ? 'uuid' : icebergTypeOf(field.type, nextId, name);

/** The Iceberg type that holds an Arrow type's values. */
export function icebergTypeOf(type: DataType, nextId: NextId, name: string): IcebergType {
  if (type.typeId === Type.Struct) return { type: 'struct', fields: assignFields(type.children, nextId) };
  if (type.typeId === Type.List || type.typeId === Type.LargeList || type.typeId === Type.FixedSizeList) {
    const element = type.children[0] as Field;
    const id = nextId();
    return {
      type: 'list',
      'element-id': id,
      element: fieldTypeOf(element, nextId, name),
      'element-required': !element.nullable,
    };
  }
  if (type.typeId === Type.Map) {
    const [key, value] = (type as Map_).children[0]!.type.children as unknown as [Field, Field];
    const [keyId, valueId] = [nextId(), nextId()];
    return {
      type: 'map',
      'key-id': keyId,
      key: fieldTypeOf(key, nextId, name),
      'value-id': valueId,
      value: fieldTypeOf(value, nextId, name),
      'value-required': !value.nullable,
    };
  }
  return primitiveOf(type, name);
}

function primitiveOf(type: DataType, name: string): string {
  switch (type.typeId) {
    case Type.Bool:
      return 'boolean';
    case Type.Int: {
      const { bitWidth, isSigned } = type as Int32;
      if (bitWidth < 32 || (bitWidth === 32 && isSigned)) return 'int';
      if (bitWidth === 32 || isSigned) return 'long';
      break;
    }
    case Type.Float:
      return (type as Float32).precision === Precision.DOUBLE ? 'double' : 'float';
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return 'string';
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
      return 'binary';
    case Type.FixedSizeBinary:
      return `fixed[${(type as FixedSizeBinary).byteWidth}]`;
    case Type.Decimal:
      return `decimal(${(type as Decimal).precision}, ${(type as Decimal).scale})`;
    case Type.Date:
      return 'date';
    case Type.Time:
      if ((type as Time).unit !== TimeUnit.NANOSECOND) return 'time';
      break;
    case Type.Timestamp: {
      const { unit, timezone } = type as Timestamp;
      if (unit !== TimeUnit.NANOSECOND) return timezone ? 'timestamptz' : 'timestamp';
      break;
    }
    case Type.Dictionary:
      return primitiveOf((type as unknown as { dictionary: DataType }).dictionary, name);
    default:
  }
  throw new SchemaError('UNSUPPORTED_TYPE', `Column "${name}": Iceberg tables of version 2 have no type for ${type}`);
}

/**
 * The Arrow schema of an Iceberg one. Each field carries its id as `PARQUET:field_id` in its metadata, unless
 * `fieldIds` is false; UUIDs are marked as Arrow's extension type.
 */
export function icebergToArrowSchema(schema: IcebergSchema, options: { readonly fieldIds?: boolean } = {}): Schema {
  return new Schema(schema.fields.map((field) => arrowField(field, options.fieldIds ?? true)));
}

function arrowField(field: Omit<NestedField, 'doc'>, fieldIds: boolean): Field {
  const metadata = new Map(field.type === 'uuid' ? uuidMetadata : []);
  if (fieldIds) metadata.set('PARQUET:field_id', String(field.id));
  return new Field(field.name, arrowType(field.type, fieldIds), !field.required, metadata);
}

function arrowType(type: IcebergType, fieldIds: boolean): DataType {
  if (isStruct(type)) return new Struct(type.fields.map((field) => arrowField(field, fieldIds)));
  if (isList(type)) {
    const element = { id: type['element-id'], name: 'element', required: type['element-required'], type: type.element };
    return new List(arrowField(element, fieldIds));
  }
  if (isMap(type)) {
    const key = arrowField({ id: type['key-id'], name: 'key', required: true, type: type.key }, fieldIds);
    const value = arrowField(
      { id: type['value-id'], name: 'value', required: type['value-required'], type: type.value },
      fieldIds,
    );
    return new Map_(new Field('key_value', new Struct<{ key: DataType; value: DataType }>([key, value]), false));
  }
  return arrowPrimitive(type);
}

const arrowPrimitives: Readonly<Record<string, () => DataType>> = {
  boolean: () => new Bool(),
  int: () => new Int32(),
  long: () => new Int64(),
  float: () => new Float32(),
  double: () => new Float64(),
  string: () => new Utf8(),
  uuid: () => new FixedSizeBinary(16),
  binary: () => new Binary(),
  date: () => new Date_(DateUnit.DAY),
  time: () => new TimeMicrosecond(),
  timestamp: () => new TimestampMicrosecond(),
  timestamptz: () => new TimestampMicrosecond('UTC'),
};

function arrowPrimitive(type: string): DataType {
  const simple = arrowPrimitives[type];
  if (simple) return simple();
  const fixed = /^fixed\[(\d+)\]$/.exec(type);
  if (fixed) return new FixedSizeBinary(Number(fixed[1]));
  const decimal = /^decimal\((\d+),\s*(\d+)\)$/.exec(type);
  if (decimal) return new Decimal(Number(decimal[2]), Number(decimal[1]), 128);
  throw new SchemaError('UNSUPPORTED_TYPE', `Unknown Iceberg type ${type}`);
}
