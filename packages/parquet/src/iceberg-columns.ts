import { type ColumnNode, decimalLeaf, fixedLeaf, type LeafType, leafTypes, timestampLeaf } from './column-tree.ts';
import { ParquetError } from './footer.ts';

/** A type in the JSON of Iceberg's specification (Appendix C), as far as it is read here. */
export type IcebergTypeJson =
  | string
  | { readonly type: 'struct'; readonly fields: readonly IcebergFieldJson[] }
  | { readonly type: 'list'; readonly 'element-id': number; readonly element: IcebergTypeJson }
  | {
      readonly type: 'map';
      readonly 'key-id': number;
      readonly key: IcebergTypeJson;
      readonly 'value-id': number;
      readonly value: IcebergTypeJson;
    };

export interface IcebergFieldJson {
  readonly id: number;
  readonly name: string;
  readonly type: IcebergTypeJson;
}

/** The columns of a file of an Iceberg table, with field ids (https://iceberg.apache.org/spec/#parquet). Throws ParquetError for unknown types. */
export function columnsOfIceberg(fields: readonly IcebergFieldJson[]): ColumnNode[] {
  return fields.map(nodeOf);
}

function nodeOf({ id, name, type }: IcebergFieldJson): ColumnNode {
  if (typeof type === 'string') return { name, kind: 'leaf', children: [], leaf: leafOf(type), fieldId: id };
  switch (type.type) {
    case 'struct':
      return { name, kind: 'struct', children: type.fields.map(nodeOf), fieldId: id };
    case 'list':
      return {
        name,
        kind: 'list',
        children: [nodeOf({ id: type['element-id'], name: 'element', type: type.element })],
        fieldId: id,
      };
    case 'map': {
      const key = nodeOf({ id: type['key-id'], name: 'key', type: type.key });
      return {
        name,
        kind: 'map',
        children: [{ ...key, required: true }, nodeOf({ id: type['value-id'], name: 'value', type: type.value })],
        fieldId: id,
      };
    }
    default:
      throw new ParquetError(`unknown Iceberg type ${JSON.stringify(type)}`);
  }
}

const primitives: Readonly<Record<string, LeafType>> = {
  boolean: leafTypes.boolean,
  int: leafTypes.int32,
  long: leafTypes.int64,
  float: leafTypes.float,
  double: leafTypes.double,
  string: leafTypes.string,
  binary: leafTypes.binary,
  date: leafTypes.date,
  time: leafTypes.time,
  timestamp: timestampLeaf(false),
  timestamptz: timestampLeaf(true),
  timestamp_ns: timestampLeaf(false, 'NANOS'),
  timestamptz_ns: timestampLeaf(true, 'NANOS'),
  uuid: leafTypes.uuid,
};

function leafOf(type: string): LeafType {
  const primitive = primitives[type];
  if (primitive) return primitive;
  const fixed = /^fixed\[(\d+)\]$/.exec(type);
  if (fixed) return fixedLeaf(Number(fixed[1]));
  const decimal = /^decimal\((\d+),\s*(\d+)\)$/.exec(type);
  if (decimal) return decimalLeaf(Number(decimal[1]), Number(decimal[2]));
  throw new ParquetError(`unknown Iceberg type ${type}`);
}
