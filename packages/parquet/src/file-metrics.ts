// What a file's footer tells an Iceberg manifest (https://iceberg.apache.org/spec/#manifest-entry-fields).
import { truncatedLower, truncatedUpper } from './bounds.ts';
import { chunkStart } from './concat.ts';
import { ConvertedType, type FileMetaData, PhysicalType, type SchemaElement, type Statistics } from './format.ts';

/** Named as in the REST specification. Maps are by field id; bounds are in Iceberg's single-value serialization. */
export interface DataFileMetrics {
  readonly 'record-count': number;
  readonly 'column-sizes': ReadonlyMap<number, number>;
  readonly 'value-counts': ReadonlyMap<number, number>;
  readonly 'null-value-counts': ReadonlyMap<number, number>;
  readonly 'lower-bounds': ReadonlyMap<number, Uint8Array>;
  readonly 'upper-bounds': ReadonlyMap<number, Uint8Array>;
  readonly 'split-offsets': readonly number[];
}

/** As Iceberg's `truncate(16)` metrics mode, its default: characters of text, bytes of binary values. */
const boundLengthMax = 16;

interface Leaf {
  readonly element: SchemaElement;
  readonly isRepeated: boolean;
}

/** Metrics of the columns that have a field id. Bounds are left out inside lists and maps, and where a row group has none. */
export function dataFileMetrics(footer: FileMetaData): DataFileMetrics {
  const sizes = new Map<number, number>();
  const values = new Map<number, number>();
  const nulls = new Map<number, number>();
  const lower = new Map<number, Uint8Array>();
  const upper = new Map<number, Uint8Array>();
  leavesOf(footer).forEach(({ element, isRepeated }, i) => {
    const id = element.field_id;
    if (id === undefined) return;
    const chunks = footer.row_groups.map((group) => group.columns[i]!.meta_data);
    sizes.set(id, sum(chunks.map((c) => c.total_compressed_size)));
    values.set(id, sum(chunks.map((c) => c.num_values)));
    const counts = chunks.map((c) => c.statistics?.null_count);
    if (counts.every((n) => n !== undefined)) nulls.set(id, sum(counts));
    if (isRepeated) return;
    const statistics = chunks.filter((c) => c.statistics?.null_count !== c.num_values).map((c) => c.statistics);
    const low = least(element, statistics, (s) => s.min_value, -1);
    const high = least(element, statistics, (s) => s.max_value, 1);
    if (low) lower.set(id, shortened(element, low, false)!);
    const short = high && shortened(element, high, true);
    if (short) upper.set(id, short);
  });
  return {
    'record-count': footer.num_rows,
    'column-sizes': sizes,
    'value-counts': values,
    'null-value-counts': nulls,
    'lower-bounds': lower,
    'upper-bounds': upper,
    'split-offsets': footer.row_groups.map((group) => Math.min(...group.columns.map((c) => chunkStart(c.meta_data)))),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

function leavesOf(footer: FileMetaData): Leaf[] {
  const leaves: Leaf[] = [];
  let next = 1;
  const visit = (isRepeated: boolean) => {
    const element = footer.schema[next++]!;
    const repeated = isRepeated || element.repetition_type === 2;
    if (element.num_children) for (let i = 0; i < element.num_children; i++) visit(repeated);
    else leaves.push({ element, isRepeated: repeated });
  };
  for (let i = 0; i < (footer.schema[0]!.num_children ?? 0); i++) visit(false);
  return leaves;
}

/** The least (sign −1) or greatest (1) of the row groups' bounds; undefined where one of them is unknown. */
function least(
  element: SchemaElement,
  statistics: readonly (Statistics | undefined)[],
  bound: (s: Statistics) => Uint8Array | undefined,
  sign: 1 | -1,
): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  for (const s of statistics) {
    const value = s && bound(s);
    if (!value) return undefined;
    if (!found || compare(element, value, found) * sign > 0) found = value;
  }
  return found;
}

function compare(element: SchemaElement, a: Uint8Array, b: Uint8Array): number {
  const [x, y] = [a, b].map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as [
    DataView,
    DataView,
  ];
  switch (element.type) {
    case PhysicalType.INT32:
      return x.getInt32(0, true) - y.getInt32(0, true);
    case PhysicalType.INT64: {
      const difference = x.getBigInt64(0, true) - y.getBigInt64(0, true);
      return difference < 0n ? -1 : difference > 0n ? 1 : 0;
    }
    case PhysicalType.FLOAT:
      return x.getFloat32(0, true) - y.getFloat32(0, true);
    case PhysicalType.DOUBLE:
      return x.getFloat64(0, true) - y.getFloat64(0, true);
    default: {
      if (!isDecimal(element)) return Buffer.compare(a, b);
      const difference = signed(a) - signed(b);
      return difference < 0n ? -1 : difference > 0n ? 1 : 0;
    }
  }
}

const isDecimal = (element: SchemaElement): boolean => element.converted_type === ConvertedType.DECIMAL;
const isText = (element: SchemaElement): boolean =>
  element.converted_type === ConvertedType.UTF8 || element.logicalType?.STRING !== undefined;
const signed = (bytes: Uint8Array): bigint =>
  BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`));

/** A bound in Iceberg's form: most of Parquet's plain values are that already. */
function shortened(element: SchemaElement, value: Uint8Array, isUpper: boolean): Uint8Array | undefined {
  if (isDecimal(element)) return decimalBound(element, value);
  if (element.type !== PhysicalType.BYTE_ARRAY) return value;
  const text = isText(element);
  const size = text
    ? Buffer.from([...new TextDecoder().decode(value)].slice(0, boundLengthMax).join('')).length
    : boundLengthMax;
  if (value.length <= size) return value;
  return isUpper ? truncatedUpper(value, size, text) : truncatedLower(value, size, text);
}

/** The unscaled value, big-endian in as few bytes as hold it. */
function decimalBound(element: SchemaElement, value: Uint8Array): Uint8Array {
  const bytes =
    element.type === PhysicalType.FIXED_LEN_BYTE_ARRAY || element.type === PhysicalType.BYTE_ARRAY
      ? value
      : value.toReversed();
  let start = 0;
  while (
    start < bytes.length - 1 &&
    ((bytes[start] === 0 && bytes[start + 1]! < 0x80) || (bytes[start] === 0xff && bytes[start + 1]! >= 0x80))
  )
    start++;
  return bytes.slice(start);
}
