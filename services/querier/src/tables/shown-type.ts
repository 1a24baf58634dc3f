// SQL types that Iceberg lacks, as SQL sees the columns that have them (`storeColumns` of @signaldb/iceberg stores them).
import { quoteIdentifier, quoteLiteral } from '@signaldb/duckdb';
import { arraySize, type IcebergType, type SqlTypes } from '@signaldb/iceberg';
import { duckTypeOfIceberg } from './iceberg-type.ts';

/** How a column is shown. */
export interface ShownType {
  /** DuckDB's name of its type. */
  readonly type: string;
  /** SQL of its values, from SQL of what is stored; absent where that is the same. */
  readonly expression?: (stored: string) => string;
}

/** Functions that make what no cast makes. */
const made: Readonly<Record<string, { type: string; expression: (stored: string) => string }>> = {
  TIMESTAMP_NS: { type: 'TIMESTAMP_NS', expression: (ns) => `make_timestamp_ns(${ns})` },
  TIME_NS: { type: 'TIME_NS', expression: (ns) => `make_timestamp_ns(${ns})::TIME_NS` },
  DURATION: { type: 'INTERVAL', expression: (us) => `to_microseconds(${us})` },
  INTERVAL: {
    type: 'INTERVAL',
    expression: (parts) => {
      const part = (name: string): string => `struct_extract(${parts}, ${quoteLiteral(name)})`;
      return `(to_months(${part('months')}) + to_days(${part('days')}) + to_microseconds(${part('microseconds')}))`;
    },
  },
};

const castable = /^U?(?:TINYINT|SMALLINT|INTEGER|BIGINT)$|^TIMESTAMP_M?S$/;

/** How a stored type of a field id is shown. What isn't known stays as it is stored. */
export function shownType(id: number, type: IcebergType, sqlTypes: SqlTypes, depth = 0): ShownType {
  const sqlType = sqlTypes[id] ?? '';
  if (Object.hasOwn(made, sqlType)) return made[sqlType]!;
  if (typeof type === 'string') {
    if (castable.test(sqlType)) return { type: sqlType, expression: (stored) => `${stored}::${sqlType}` };
    return { type: duckTypeOfIceberg(type) };
  }
  switch (type.type) {
    case 'struct':
      return shownStruct(type, sqlTypes, depth);
    case 'list':
      return shownList(type, arraySize(sqlType), sqlTypes, depth);
    case 'map':
      return shownMap(type, sqlTypes, depth);
  }
}

type Of<K> = Extract<IcebergType, { type: K }>;

function shownStruct({ fields }: Of<'struct'>, sqlTypes: SqlTypes, depth: number): ShownType {
  const shown = fields.map((field) => ({ name: field.name, ...shownType(field.id, field.type, sqlTypes, depth) }));
  const type = `STRUCT(${shown.map((field) => `${quoteIdentifier(field.name)} ${field.type}`).join(', ')})`;
  if (shown.every(({ expression }) => expression === undefined)) return { type };
  return {
    type,
    expression: (stored) => {
      const parts = shown.map(({ name, expression = asIs }) => {
        const part = expression(`struct_extract(${stored}, ${quoteLiteral(name)})`);
        return `${quoteIdentifier(name)} := ${part}`;
      });
      return `CASE WHEN ${stored} IS NOT NULL THEN struct_pack(${parts.join(', ')}) END`;
    },
  };
}

function shownList(list: Of<'list'>, size: number | undefined, sqlTypes: SqlTypes, depth: number): ShownType {
  const element = shownType(list['element-id'], list.element, sqlTypes, depth + 1);
  const type = `${element.type}[${size ?? ''}]`;
  const ofElements = (stored: string): string => {
    if (element.expression === undefined) return stored;
    const item = `item${depth}`;
    return `list_transform(${stored}, lambda ${item}: ${element.expression(item)})`;
  };
  if (size !== undefined) return { type, expression: (stored) => `${ofElements(stored)}::${type}` };
  return element.expression === undefined ? { type } : { type, expression: ofElements };
}

function shownMap(map: Of<'map'>, sqlTypes: SqlTypes, depth: number): ShownType {
  const key = shownType(map['key-id'], map.key, sqlTypes, depth + 1);
  const value = shownType(map['value-id'], map.value, sqlTypes, depth + 1);
  const type = `MAP(${key.type}, ${value.type})`;
  if (key.expression === undefined && value.expression === undefined) return { type };
  const { expression: ofKey = asIs } = key;
  const { expression: ofValue = asIs } = value;
  const item = `item${depth}`;
  const entry = `{'key': ${ofKey(`${item}.key`)}, 'value': ${ofValue(`${item}.value`)}}`;
  return {
    type,
    expression: (stored) => `map_from_entries(list_transform(map_entries(${stored}), lambda ${item}: ${entry}))`,
  };
}

const asIs = (sql: string): string => sql;
