import { DataType, type Decimal, type FixedSizeBinary, type FixedSizeList, type Float, type Int } from 'apache-arrow';

/** How values of one type fit another, children aside. */
export type TypeChange = 'same' | 'widened' | 'narrowed' | 'incompatible';

/** Every value of a widened type's older form has an exact form in the newer one. */
export function compareTypes(older: DataType, newer: DataType): TypeChange {
  const from = valuesOf(older);
  const to = valuesOf(newer);
  const there = fits(from, to);
  const back = fits(to, from);
  if (there && back) return 'same';
  if (there) return 'widened';
  return back ? 'narrowed' : 'incompatible';
}

/** A dictionary holds what its values are. */
export function valuesOf(type: DataType): DataType {
  return DataType.isDictionary(type) ? type.dictionary : type;
}

/** Whether each value of `from` has an exact form in `to`. Lists and structs fit as such: children are compared apart. */
function fits(from: DataType, to: DataType): boolean {
  if (DataType.isNull(from)) return true;
  if (DataType.isInt(from)) return intFits(from, to);
  if (DataType.isFloat(from)) return DataType.isFloat(to) && (from as Float).precision <= (to as Float).precision;
  if (DataType.isDecimal(from)) return DataType.isDecimal(to) && decimalFits(from, to);
  if (DataType.isUtf8(from)) return DataType.isUtf8(to) || DataType.isLargeUtf8(to);
  if (DataType.isBinary(from)) return DataType.isBinary(to) || DataType.isLargeBinary(to);
  if (DataType.isFixedSizeBinary(from)) {
    if (DataType.isFixedSizeBinary(to)) return from.byteWidth === (to as FixedSizeBinary).byteWidth;
    return DataType.isBinary(to) || DataType.isLargeBinary(to);
  }
  if (DataType.isFixedSizeList(from)) {
    return DataType.isFixedSizeList(to) ? from.listSize === (to as FixedSizeList).listSize : DataType.isList(to);
  }
  if (DataType.isDate(from)) return DataType.isDate(to) && from.unit <= to.unit;
  if (DataType.isMap(from)) return DataType.isMap(to) && (from.keysSorted || !to.keysSorted);
  if (DataType.isList(from) || DataType.isStruct(from)) return from.typeId === to.typeId;
  return String(from) === String(to);
}

function intFits(from: Int, to: DataType): boolean {
  const bits = from.bitWidth - (from.isSigned ? 1 : 0); // without the sign
  if (DataType.isInt(to)) {
    const room = (to as Int).bitWidth - ((to as Int).isSigned ? 1 : 0);
    return bits <= room && (!from.isSigned || (to as Int).isSigned);
  }
  if (DataType.isFloat(to)) return bits <= [11, 24, 53][(to as Float).precision]!;
  return false;
}

function decimalFits(from: Decimal, to: Decimal): boolean {
  return from.scale === to.scale && from.precision <= to.precision && from.bitWidth <= to.bitWidth;
}
