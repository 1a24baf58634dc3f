// A file's columns as a tree, between Arrow's and Iceberg's schemas and Parquet's flat list of schema elements.
import { ConvertedType, type LogicalType, PhysicalType, Repetition, type SchemaElement } from './format.ts';

/** How a leaf's values are stored. */
export interface LeafType {
  readonly physical: number;
  /** Bytes of a FIXED_LEN_BYTE_ARRAY. */
  readonly typeLength?: number;
  readonly converted?: number;
  readonly logical?: LogicalType;
  readonly scale?: number;
  readonly precision?: number;
}

/**
 * A column or a part of one. Every node may be null, save a map's keys: a file says what is there, what must be there is
 * the table's business; and so row groups of different files always have the same levels.
 */
export interface ColumnNode {
  readonly name: string;
  readonly kind: 'leaf' | 'struct' | 'list' | 'map';
  /** A struct's fields; a list's one element; a map's key and value. */
  readonly children: readonly ColumnNode[];
  readonly leaf?: LeafType;
  /** Iceberg's field id. */
  readonly fieldId?: number;
  readonly required?: boolean;
}

/** A leaf with what its place in the tree means for its levels. */
export interface LeafColumn {
  readonly node: ColumnNode;
  /** As in the footer: `['events', 'list', 'element', 'name']`. */
  readonly path: readonly string[];
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

export const leafTypes = {
  boolean: { physical: PhysicalType.BOOLEAN },
  int32: { physical: PhysicalType.INT32 },
  int64: { physical: PhysicalType.INT64 },
  float: { physical: PhysicalType.FLOAT },
  double: { physical: PhysicalType.DOUBLE },
  string: { physical: PhysicalType.BYTE_ARRAY, converted: ConvertedType.UTF8, logical: { STRING: {} } },
  binary: { physical: PhysicalType.BYTE_ARRAY },
  date: { physical: PhysicalType.INT32, converted: ConvertedType.DATE, logical: { DATE: {} } },
  time: {
    physical: PhysicalType.INT64,
    converted: ConvertedType.TIME_MICROS,
    logical: { TIME: { isAdjustedToUTC: false, unit: { MICROS: {} } } },
  },
  uuid: { physical: PhysicalType.FIXED_LEN_BYTE_ARRAY, typeLength: 16, logical: { UUID: {} } },
} satisfies Record<string, LeafType>;

/** Microseconds, or nanoseconds where asked for (which has no converted type). */
export const timestampLeaf = (isAdjustedToUTC: boolean, unit: 'MICROS' | 'NANOS' = 'MICROS'): LeafType => ({
  physical: PhysicalType.INT64,
  ...(unit === 'MICROS' && { converted: ConvertedType.TIMESTAMP_MICROS }),
  logical: { TIMESTAMP: { isAdjustedToUTC, unit: { [unit]: {} } } },
});

export const fixedLeaf = (typeLength: number): LeafType => ({
  physical: PhysicalType.FIXED_LEN_BYTE_ARRAY,
  typeLength,
});

/** As Iceberg's specification asks ("Appendix A: Parquet"): int32 to 9 digits, int64 to 18, then the fewest bytes that hold it. */
export function decimalLeaf(precision: number, scale: number): LeafType {
  const common = { converted: ConvertedType.DECIMAL, logical: { DECIMAL: { precision, scale } }, precision, scale };
  if (precision <= 9) return { physical: PhysicalType.INT32, ...common };
  if (precision <= 18) return { physical: PhysicalType.INT64, ...common };
  return {
    physical: PhysicalType.FIXED_LEN_BYTE_ARRAY,
    typeLength: Math.ceil((precision * Math.log2(10) + 1) / 8),
    ...common,
  };
}

/** The nodes as the footer lists them: depth first, below a root. */
export function schemaElements(columns: readonly ColumnNode[]): SchemaElement[] {
  const elements: SchemaElement[] = [{ name: 'schema', num_children: columns.length }];
  const visit = (node: ColumnNode, name: string) => {
    const common = {
      name,
      repetition_type: node.required ? Repetition.REQUIRED : Repetition.OPTIONAL,
      ...(node.fieldId !== undefined && { field_id: node.fieldId }),
    };
    if (node.kind === 'leaf') {
      const { physical, typeLength, converted, logical, scale, precision } = node.leaf!;
      elements.push({
        ...common,
        type: physical,
        ...(typeLength !== undefined && { type_length: typeLength }),
        ...(converted !== undefined && { converted_type: converted }),
        ...(logical !== undefined && { logicalType: logical }),
        ...(scale !== undefined && { scale }),
        ...(precision !== undefined && { precision }),
      });
    } else if (node.kind === 'struct') {
      elements.push({ ...common, num_children: node.children.length });
      for (const child of node.children) visit(child, child.name);
    } else {
      const [converted_type, logicalType] =
        node.kind === 'list' ? [ConvertedType.LIST, { LIST: {} }] : [ConvertedType.MAP, { MAP: {} }];
      elements.push({ ...common, num_children: 1, converted_type, logicalType });
      const names = repeatedNames[node.kind];
      elements.push({ name: names[0]!, repetition_type: Repetition.REPEATED, num_children: node.children.length });
      node.children.forEach((child, i) => {
        visit(child, names[i + 1]!);
      });
    }
  };
  for (const column of columns) visit(column, column.name);
  return elements;
}

/** The group that repeats and its members (https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#nested-types). */
const repeatedNames = { list: ['list', 'element'], map: ['key_value', 'key', 'value'] };

/** The leaves below the columns, in the order in which a row group has its column chunks. */
export function leafColumns(columns: readonly ColumnNode[]): LeafColumn[] {
  const leaves: LeafColumn[] = [];
  const visit = (node: ColumnNode, path: readonly string[], definition: number, repetition: number) => {
    const own = definition + (node.required ? 0 : 1);
    if (node.kind === 'leaf') leaves.push({ node, path, maxDefinition: own, maxRepetition: repetition });
    else if (node.kind === 'struct')
      for (const child of node.children) visit(child, [...path, child.name], own, repetition);
    else {
      const names = repeatedNames[node.kind];
      node.children.forEach((child, i) => {
        visit(child, [...path, names[0]!, names[i + 1]!], own + 1, repetition + 1);
      });
    }
  };
  for (const column of columns) visit(column, [column.name], 0, 0);
  return leaves;
}
