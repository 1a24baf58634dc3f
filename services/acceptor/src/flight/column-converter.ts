// How columns of one Arrow type become columns of another, whole buffers at a time, each value exactly or not at all.
import { Data, DataType, type Field, type FixedSizeList, Type } from 'apache-arrow';
import { decodeDictionary, plainForm } from './dictionary-column.ts';
import { type Convert, exactConversion } from './exact-conversions.ts';
import { nullsOf } from './null-column.ts';
import { plainLayout } from './plain-layout.ts';
import { storingConversion } from './storing-conversions.ts';

export interface ConverterOptions {
  /** The column's name, for errors. */
  readonly column: string;
  /** `accept`: to the type that a table's column has. `store`: from there to the type that its files have. */
  readonly purpose: 'accept' | 'store';
}

/** `undefined` where a value of the one type may have no form in the other. The converter throws MisfitError for values. */
export function converterOf(from: Field, to: Field, options: ConverterOptions): Convert | undefined {
  const source = from.type;
  const target = to.type;
  if (source.typeId === Type.Null) return (data) => nullsOf(target, data.length);
  if (source.typeId === Type.Dictionary) {
    const { dictionary } = source as unknown as { dictionary: DataType };
    const convert = converterOf(from.clone({ type: plainForm(dictionary) }), to, options);
    return convert && ((data) => convert(decodeDictionary(data, options.column)));
  }
  if (options.purpose === 'store') {
    const store = storingConversion(source, target, options.column);
    if (store !== undefined) return store;
  }
  if (isSameLeaf(source, target)) return asIs;
  if (target.typeId === Type.Struct) return structConverter(source, target, options);
  if (target.typeId === Type.Map) return mapConverter(source, target, options);
  if (target.typeId === Type.List || target.typeId === Type.FixedSizeList)
    return listConverter(source, target, options);
  return plainLayout(source, target) ?? exactConversion(from, to, options.column);
}

const asIs: Convert = (data) => data;

/** The text of a decimal's type doesn't say how wide its values are stored. */
const isSameLeaf = (a: DataType, b: DataType): boolean =>
  !a.children?.length && a.typeId === b.typeId && String(a) === String(b) && widthOf(a) === widthOf(b);

const widthOf = (type: DataType): number | undefined => (DataType.isDecimal(type) ? type.bitWidth : undefined);

/** Fields are matched by name; those that the source lacks are null. */
function structConverter(from: DataType, to: DataType, options: ConverterOptions): Convert | undefined {
  if (from.typeId !== Type.Struct) return undefined;
  const places = to.children.map((field) => from.children.findIndex(({ name }) => name === field.name));
  const isWhole = from.children.every(({ name }) => to.children.some((field) => field.name === name));
  if (!isWhole) return undefined;
  const converters = to.children.map((field, i) =>
    places[i] === -1 ? undefined : converterOf(from.children[places[i]!]!, field, options),
  );
  if (converters.some((convert, i) => convert === undefined && places[i] !== -1)) return undefined;
  if (from.children.length === to.children.length && converters.every((c, i) => c === asIs && places[i] === i))
    return asIs;
  return (data) => {
    const children = to.children.map((field, i) =>
      places[i] === -1 ? nullsOf(field.type, data.length) : converters[i]!(data.children[places[i]!]!),
    );
    return nested(data, to, undefined, children);
  };
}

function listConverter(from: DataType, to: DataType, options: ConverterOptions): Convert | undefined {
  if (!DataType.isList(from) && !DataType.isLargeList(from) && !DataType.isFixedSizeList(from)) return undefined;
  const size = to.typeId === Type.FixedSizeList ? (to as FixedSizeList).listSize : undefined;
  const given = from.typeId === Type.FixedSizeList ? (from as FixedSizeList).listSize : undefined;
  if (size !== undefined && size !== given) return undefined;
  const element = converterOf(from.children[0]!, to.children[0]!, options);
  if (element === undefined) return undefined;
  if (element === asIs && from.typeId === to.typeId && from.children[0]!.name === to.children[0]!.name) return asIs;
  return (data) => {
    const children = [element(data.children[0]!)];
    if (size !== undefined) return nested(data, to, undefined, children);
    const offsets =
      given === undefined ? offsetsOf(data) : Int32Array.from({ length: data.length + 1 }, (_, i) => i * given);
    return nested(data, to, offsets, children);
  };
}

function mapConverter(from: DataType, to: DataType, options: ConverterOptions): Convert | undefined {
  if (from.typeId !== Type.Map) return undefined;
  const [entries, target] = [from.children[0]!, to.children[0]!];
  const [key, value] = entries.type.children as Field[];
  const [toKey, toValue] = target.type.children as Field[];
  const convertKey = converterOf(key!, toKey!, options);
  const convertValue = converterOf(value!, toValue!, options);
  if (convertKey === undefined || convertValue === undefined) return undefined;
  const isSame = key!.name === toKey!.name && value!.name === toValue!.name && entries.name === target.name;
  if (isSame && convertKey === asIs && convertValue === asIs) return asIs;
  return (data) => {
    const given = data.children[0]!;
    const parts = [convertKey(given.children[0]!), convertValue(given.children[1]!)];
    return nested(data, to, offsetsOf(data), [nested(given, target.type, undefined, parts)]);
  };
}

/** The same rows, null where they were, of other parts. */
function nested(data: Data, type: DataType, offsets: Int32Array | undefined, children: Data[]): Data {
  return new Data(
    type,
    data.offset,
    data.length,
    data.nullCount,
    [offsets, undefined, data.nullBitmap] as never,
    children,
  );
}

function offsetsOf({ valueOffsets, length }: Data): Int32Array {
  if (valueOffsets === undefined || valueOffsets.length === 0) return new Int32Array(length + 1);
  return valueOffsets instanceof Int32Array ? valueOffsets : Int32Array.from(valueOffsets as BigInt64Array, Number);
}
