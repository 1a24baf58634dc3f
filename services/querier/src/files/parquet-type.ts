import type { SchemaElement } from '@signaldb/parquet';

/** A node of a Parquet schema with its children. */
export interface SchemaNode {
  readonly element: SchemaElement;
  readonly children: readonly SchemaNode[];
}

/** The schema's tree, from the list in which a footer has it, depth first. */
export function schemaTree(elements: readonly SchemaElement[]): SchemaNode {
  let next = 0;
  const read = (): SchemaNode => {
    const element = elements[next++]!;
    return { element, children: Array.from({ length: element.num_children ?? 0 }, read) };
  };
  return read();
}

const convertedType = {
  utf8: 0,
  map: 1,
  mapKeyValue: 2,
  list: 3,
  decimal: 5,
  date: 6,
  timeMillis: 7,
  timeMicros: 8,
  timestampMillis: 9,
  timestampMicros: 10,
} as const;
const physical = ['BOOLEAN', 'INTEGER', 'BIGINT', 'TIMESTAMP_NS', 'FLOAT', 'DOUBLE', 'BLOB', 'BLOB'];
const repeated = 2;

/** DuckDB's name for the type in which it reads a column. */
export function duckTypeOf(node: SchemaNode): string {
  const { element, children } = node;
  if (children.length === 0) return leafType(element);
  if (element.logicalType?.LIST || element.converted_type === convertedType.list)
    return `${listElement(children[0]!)}[]`;
  if (
    element.logicalType?.MAP ||
    element.converted_type === convertedType.map ||
    element.converted_type === convertedType.mapKeyValue
  ) {
    const [key, value] = children[0]!.children;
    return `MAP(${duckTypeOf(key!)}, ${value === undefined ? 'BOOLEAN' : duckTypeOf(value)})`;
  }
  const fields = children.map((child) => `"${child.element.name.replaceAll('"', '""')}" ${duckTypeOf(child)}`);
  return `STRUCT(${fields.join(', ')})`;
}

/** Lists have a repeated group between themselves and their elements; old writers leave it out. */
function listElement(child: SchemaNode): string {
  const isGroup = child.element.repetition_type === repeated && child.children.length === 1;
  return duckTypeOf(isGroup ? child.children[0]! : child);
}

function leafType(element: SchemaElement): string {
  const { logicalType: logical = {}, converted_type: converted, type = 6 } = element;
  if (logical.STRING || logical.ENUM || converted === convertedType.utf8) return 'VARCHAR';
  if (logical.JSON) return 'VARCHAR';
  if (logical.UUID) return 'UUID';
  if (logical.DATE || converted === convertedType.date) return 'DATE';
  if (logical.TIME || converted === convertedType.timeMillis || converted === convertedType.timeMicros) return 'TIME';
  if (logical.TIMESTAMP) {
    if (logical.TIMESTAMP.isAdjustedToUTC) return 'TIMESTAMP WITH TIME ZONE';
    return logical.TIMESTAMP.unit.NANOS ? 'TIMESTAMP_NS' : 'TIMESTAMP';
  }
  if (converted === convertedType.timestampMillis || converted === convertedType.timestampMicros)
    return 'TIMESTAMP WITH TIME ZONE';
  if (logical.DECIMAL || converted === convertedType.decimal) {
    return `DECIMAL(${logical.DECIMAL?.precision ?? element.precision ?? 18}, ${logical.DECIMAL?.scale ?? element.scale ?? 0})`;
  }
  if (logical.INTEGER) {
    const { bitWidth, isSigned } = logical.INTEGER;
    const name = { 8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' }[bitWidth] ?? 'BIGINT';
    return isSigned ? name : `U${name}`;
  }
  return physical[type] ?? 'BLOB';
}
