import { type DataType, type Field, Precision, type Schema, TimeUnit, Type } from 'apache-arrow';
import { type ColumnNode, decimalLeaf, fixedLeaf, type LeafType, leafTypes, timestampLeaf } from './column-tree.ts';
import { ParquetError } from './footer.ts';

/** The columns of a file that holds batches of this Arrow schema. Throws ParquetError for types that neither Parquet nor Iceberg has. */
export function columnsOfArrow(schema: Schema): ColumnNode[] {
  return schema.fields.map((field) => nodeOf(field, field.name));
}

/** What the types of Arrow are parametrised by; each has those that its `typeId` says. */
export interface TypeParameters {
  readonly typeId: Type;
  readonly bitWidth: number;
  readonly isSigned: boolean;
  readonly precision: number;
  readonly scale: number;
  readonly byteWidth: number;
  readonly unit: number;
  readonly timezone?: string | null;
  readonly listSize: number;
  readonly dictionary: DataType;
  readonly children: readonly Field[];
}

export const typeParameters = (type: DataType): TypeParameters => type as unknown as TypeParameters;

function nodeOf(field: Field, name: string): ColumnNode {
  const type = typeParameters(field.type);
  switch (type.typeId) {
    case Type.Struct:
      if (type.children.length === 0)
        throw new ParquetError(`column ${name}: a struct without fields has no form in Parquet`);
      return { name, kind: 'struct', children: type.children.map((child: Field) => nodeOf(child, child.name)) };
    case Type.List:
    case Type.LargeList:
    case Type.FixedSizeList:
      return { name, kind: 'list', children: [nodeOf(type.children[0]!, 'element')] };
    case Type.Map: {
      const [key, value] = type.children[0]!.type.children as Field[];
      return { name, kind: 'map', children: [{ ...nodeOf(key!, 'key'), required: true }, nodeOf(value!, 'value')] };
    }
    case Type.Dictionary:
      return { name, kind: 'leaf', children: [], leaf: leafOf(type.dictionary, name) };
    default:
      return { name, kind: 'leaf', children: [], leaf: isUuid(field) ? leafTypes.uuid : leafOf(field.type, name) };
  }
}

/** Arrow's canonical extension type for UUIDs. */
const isUuid = ({ type, metadata }: Field): boolean =>
  type.typeId === Type.FixedSizeBinary &&
  typeParameters(type).byteWidth === 16 &&
  metadata.get('ARROW:extension:name') === 'arrow.uuid';

function leafOf(arrowType: DataType, name: string): LeafType {
  const type = typeParameters(arrowType);
  switch (type.typeId) {
    case Type.Bool:
      return leafTypes.boolean;
    case Type.Int:
      // Unsigned integers become the next wider signed type; of 64 bits, a decimal that holds them.
      if (type.bitWidth === 64) return type.isSigned ? leafTypes.int64 : decimalLeaf(20, 0);
      return type.bitWidth === 32 && !type.isSigned ? leafTypes.int64 : leafTypes.int32;
    case Type.Float:
      return type.precision === Precision.DOUBLE ? leafTypes.double : leafTypes.float;
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return leafTypes.string;
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
      return leafTypes.binary;
    case Type.FixedSizeBinary:
      return fixedLeaf(type.byteWidth);
    case Type.Decimal:
      if (type.bitWidth > 128)
        throw new ParquetError(`column ${name}: decimals of more than 38 digits are not supported`);
      return decimalLeaf(type.precision, type.scale);
    case Type.Date:
      return leafTypes.date;
    case Type.Time:
      return leafTypes.time;
    case Type.Timestamp:
      return timestampLeaf(Boolean(type.timezone), type.unit === TimeUnit.NANOSECOND ? 'NANOS' : 'MICROS');
    case Type.Duration:
      return leafTypes.int64;
    default:
      throw new ParquetError(`column ${name}: Arrow type ${arrowType} is not supported`);
  }
}
