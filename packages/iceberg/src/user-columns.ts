// Columns that users bring: each Arrow type as Iceberg's format version 2 can hold it, and what it was.
import {
  type DataType,
  Decimal,
  Duration,
  Field,
  FixedSizeList,
  Float32,
  Int8,
  Int16,
  Int32,
  Int64,
  IntervalMonthDayNano,
  List,
  Map_,
  Precision,
  Schema,
  Struct,
  type Time,
  TimeMicrosecond,
  TimeNanosecond,
  type Timestamp,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  TimeUnit,
  Type,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { arrowToIcebergSchema, icebergToArrowSchema, isUuidField, uuidMetadata } from './arrow-schema.ts';
import {
  type IcebergSchema,
  type IcebergType,
  isList,
  isMap,
  isStruct,
  type NestedField,
  type StructType,
} from './schema.ts';
import { SchemaError } from './schema-error.ts';

/**
 * The table property that says, for columns (and parts of them) whose SQL type Iceberg doesn't have, what it is: a JSON
 * object of field id → {@link SqlTypeName}. Other engines see the stored type.
 */
export const sqlTypesProperty = 'signaldb.sql-types';

/** SQL types beyond Iceberg's: DuckDB's names, save DURATION (an INTERVAL that is microseconds alone) and ARRAY[n] (a list of n). */
export type SqlTypeName = keyof typeof leafTypes | 'INTERVAL' | `ARRAY[${number}]`;

/** SQL types by the field ids that have them. */
export type SqlTypes = Readonly<Record<string, string>>;

/** A table's columns: as its files hold them, and as its users see them. */
export interface UserColumns {
  readonly stored: Schema;
  readonly shown: Schema;
}

interface Leaf {
  readonly stored: () => DataType;
  readonly shown: () => DataType;
}

const leafTypes = {
  TINYINT: { stored: () => new Int32(), shown: () => new Int8() },
  SMALLINT: { stored: () => new Int32(), shown: () => new Int16() },
  UTINYINT: { stored: () => new Int32(), shown: () => new Uint8() },
  USMALLINT: { stored: () => new Int32(), shown: () => new Uint16() },
  UINTEGER: { stored: () => new Int64(), shown: () => new Uint32() },
  UBIGINT: { stored: () => new Decimal(0, 20, 128), shown: () => new Uint64() },
  TIMESTAMP_S: { stored: () => new TimestampMicrosecond(), shown: () => new TimestampSecond() },
  TIMESTAMP_MS: { stored: () => new TimestampMicrosecond(), shown: () => new TimestampMillisecond() },
  // Nanoseconds stay exact as the number that they are.
  TIMESTAMP_NS: { stored: () => new Int64(), shown: () => new TimestampNanosecond() },
  TIME_NS: { stored: () => new Int64(), shown: () => new TimeNanosecond() },
  DURATION: { stored: () => new Int64(), shown: () => new Duration(TimeUnit.MICROSECOND) },
} satisfies Record<string, Leaf>;

const leafOf = (sqlType: string | undefined): Leaf | undefined =>
  sqlType !== undefined && Object.hasOwn(leafTypes, sqlType) ? leafTypes[sqlType as keyof typeof leafTypes] : undefined;

/** An interval as its parts; SQL's has microseconds. */
const intervalParts = () =>
  new Struct([
    new Field('months', new Int32(), true),
    new Field('days', new Int32(), true),
    new Field('microseconds', new Int64(), true),
  ]);

/**
 * The Iceberg schema in which columns of any Arrow type are stored, and the SQL types to remember with it. Parts of nested
 * columns may be null whatever the Arrow schema says. Throws SchemaError that names the column for types that can't be
 * stored, and what to use instead.
 */
export function storeColumns(schema: Schema): { readonly schema: IcebergSchema; readonly sqlTypes: SqlTypes } {
  const stored = new Schema(
    schema.fields.map(
      (field) => new Field(field.name, storedType(field, field.name), field.nullable, keptMetadata(field)),
    ),
  );
  const sqlTypes: Record<string, string> = {};
  const iceberg = arrowToIcebergSchema(stored);
  iceberg.fields.forEach((field, i) => {
    noteTypes(field.id, field.type, schema.fields[i]!.type, sqlTypes);
  });
  return { schema: iceberg, sqlTypes };
}

const keptMetadata = (field: Field) => (isUuidField(field) ? new Map(uuidMetadata) : undefined);

function storedType(field: Field, path: string): DataType {
  const { type } = field;
  const part = (child: Field, name: string, nullable = true) =>
    new Field(name, storedType(child, `${path}.${name}`), nullable, keptMetadata(child));
  switch (type.typeId) {
    case Type.Struct:
      if (type.children.length === 0) throw refused(path, type, 'give it a field, or leave the column out');
      return new Struct(type.children.map((child: Field) => part(child, child.name)));
    case Type.List:
    case Type.LargeList:
    case Type.FixedSizeList:
      return new List(part(type.children[0]!, 'element'));
    case Type.Map: {
      const [key, value] = (type as Map_).children[0]!.type.children as unknown as [Field, Field];
      const entry = new Struct<{ key: DataType; value: DataType }>([part(key, 'key', false), part(value, 'value')]);
      return new Map_(new Field('key_value', entry, false));
    }
    case Type.Dictionary: {
      const { dictionary } = type as unknown as { dictionary: DataType };
      if (dictionary.children?.length || dictionary.typeId === Type.Dictionary)
        throw refused(path, type, 'send the values themselves');
      return storedType(new Field(field.name, dictionary), path);
    }
    case Type.Interval:
      return intervalParts();
    case Type.Float:
      return (type as Float32).precision === Precision.HALF ? new Float32() : type;
    case Type.Utf8View:
      return new Utf8();
    case Type.Null:
      throw refused(path, type, 'cast it to the type that its values will have');
    case Type.Union:
      throw refused(path, type, 'use a struct with a field for each of its types');
    case Type.Decimal: {
      const { precision, scale } = type as Decimal;
      if (precision > 38) throw refused(path, type, 'decimals have up to 38 digits here: use one of those, or text');
      if (scale < 0 || scale > precision) throw refused(path, type, 'use a scale between 0 and the precision');
      return new Decimal(scale, precision, 128);
    }
    case Type.Timestamp:
      // With a zone they are instants of microseconds, whose values have to be exact.
      if ((type as Timestamp).timezone) return new TimestampMicrosecond('UTC');
      return leafOf(sqlTypeOf(type))?.stored() ?? type;
    case Type.Time:
      return leafOf(sqlTypeOf(type))?.stored() ?? new TimeMicrosecond();
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
    case Type.Bool:
    case Type.Date:
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Int:
    case Type.Duration:
      return leafOf(sqlTypeOf(type))?.stored() ?? type;
    default:
      throw refused(path, type, 'use text');
  }
}

function refused(path: string, type: DataType, instead: string): SchemaError {
  return new SchemaError(
    'UNSUPPORTED_TYPE',
    `column "${path}" is of type ${type}, which tables can't hold: ${instead}`,
  );
}

function sqlTypeOf(type: DataType): string | undefined {
  switch (type.typeId) {
    case Type.Int: {
      const { bitWidth, isSigned } = type as Int32;
      if (isSigned) return { 8: 'TINYINT', 16: 'SMALLINT' }[bitWidth as 8 | 16];
      return { 8: 'UTINYINT', 16: 'USMALLINT', 32: 'UINTEGER', 64: 'UBIGINT' }[bitWidth];
    }
    case Type.Timestamp: {
      const { unit, timezone } = type as Timestamp;
      return timezone ? undefined : ['TIMESTAMP_S', 'TIMESTAMP_MS', undefined, 'TIMESTAMP_NS'][unit];
    }
    case Type.Time:
      return (type as Time).unit === TimeUnit.NANOSECOND ? 'TIME_NS' : undefined;
    case Type.Duration:
      return 'DURATION';
    case Type.Interval:
      return 'INTERVAL';
    case Type.FixedSizeList:
      return `ARRAY[${(type as FixedSizeList).listSize}]`;
    default:
      return undefined;
  }
}

function noteTypes(id: number, stored: IcebergType, type: DataType, into: Record<string, string>): void {
  if (type.typeId === Type.Dictionary) {
    noteTypes(id, stored, (type as unknown as { dictionary: DataType }).dictionary, into);
    return;
  }
  const sqlType = sqlTypeOf(type);
  if (sqlType !== undefined) into[id] = sqlType;
  if (sqlType === 'INTERVAL') return;
  if (isStruct(stored)) {
    stored.fields.forEach((field, i) => {
      noteTypes(field.id, field.type, type.children[i]!.type, into);
    });
  } else if (isList(stored)) noteTypes(stored['element-id'], stored.element, type.children[0]!.type, into);
  else if (isMap(stored)) {
    const [key, value] = type.children[0]!.type.children as Field[];
    noteTypes(stored['key-id'], stored.key, key!.type, into);
    noteTypes(stored['value-id'], stored.value, value!.type, into);
  }
}

/** The SQL types of a table's properties; none where there are none, or where they can't be read. */
export function sqlTypesOf(properties: Readonly<Record<string, string>>): SqlTypes {
  try {
    const json: unknown = JSON.parse(properties[sqlTypesProperty] ?? '{}');
    return typeof json === 'object' && json !== null ? (json as SqlTypes) : {};
  } catch {
    return {};
  }
}

/** The Arrow columns of a table, stored and shown. Both are without field ids. */
export function userColumns(schema: IcebergSchema, sqlTypes: SqlTypes): UserColumns {
  const stored = icebergToArrowSchema(schema, { fieldIds: false });
  return { stored, shown: new Schema(shownFields(schema, stored.fields, sqlTypes)) };
}

function shownFields({ fields }: StructType, stored: readonly Field[], sqlTypes: SqlTypes): Field[] {
  return fields.map((field, i) => shownField(field, stored[i]!, sqlTypes));
}

function shownField({ id, type }: Pick<NestedField, 'id' | 'type'>, stored: Field, sqlTypes: SqlTypes): Field {
  const shown = shownType(id, type, stored.type, sqlTypes);
  return shown === stored.type ? stored : new Field(stored.name, shown, stored.nullable, stored.metadata);
}

function shownType(id: number, type: IcebergType, stored: DataType, sqlTypes: SqlTypes): DataType {
  const sqlType = sqlTypes[id];
  if (isStruct(type)) {
    if (sqlType === 'INTERVAL') return new IntervalMonthDayNano();
    return new Struct(shownFields(type, stored.children as Field[], sqlTypes));
  }
  if (isList(type)) {
    const element = shownField({ id: type['element-id'], type: type.element }, stored.children[0]!, sqlTypes);
    const size = arraySize(sqlType);
    return size === undefined ? new List(element) : new FixedSizeList(size, element);
  }
  if (isMap(type)) {
    const [key, value] = stored.children[0]!.type.children as unknown as [Field, Field];
    const entry = new Struct<{ key: DataType; value: DataType }>([
      shownField({ id: type['key-id'], type: type.key }, key, sqlTypes),
      shownField({ id: type['value-id'], type: type.value }, value, sqlTypes),
    ]);
    return new Map_(new Field('key_value', entry, false));
  }
  return leafOf(sqlType)?.shown() ?? stored;
}

/** The length of lists of the SQL type ARRAY[n]; undefined for other types. */
export function arraySize(sqlType: string | undefined): number | undefined {
  const size = /^ARRAY\[(\d+)\]$/.exec(sqlType ?? '')?.[1];
  return size === undefined ? undefined : Number(size);
}
