import { DataType, TimeUnit } from 'apache-arrow';
import { DuckDbError } from './error.ts';

const unitLetters: Readonly<Record<TimeUnit, string>> = {
  [TimeUnit.SECOND]: 's',
  [TimeUnit.MILLISECOND]: 'm',
  [TimeUnit.MICROSECOND]: 'u',
  [TimeUnit.NANOSECOND]: 'n',
};

/**
 * The format string of a type, its children and dictionary left out.
 * @see https://arrow.apache.org/docs/format/CDataInterface.html#data-type-description-format-strings
 * @throws DuckDbError `Unsupported`
 */
export function formatOf(type: DataType): string {
  if (DataType.isNull(type)) return 'n';
  if (DataType.isBool(type)) return 'b';
  if (DataType.isInt(type)) {
    const letter = { 8: 'c', 16: 's', 32: 'i', 64: 'l' }[type.bitWidth];
    return type.isSigned ? letter : letter.toUpperCase();
  }
  if (DataType.isFloat(type)) return 'efg'[type.precision]!;
  if (DataType.isUtf8(type)) return 'u';
  if (DataType.isBinary(type)) return 'z';
  if (DataType.isFixedSizeBinary(type)) return `w:${type.byteWidth}`;
  if (DataType.isDecimal(type))
    return `d:${type.precision},${type.scale}${type.bitWidth === 128 ? '' : `,${type.bitWidth}`}`;
  if (DataType.isDate(type)) return type.unit === 0 ? 'tdD' : 'tdm';
  if (DataType.isTime(type)) return `tt${unitLetters[type.unit]}`;
  if (DataType.isTimestamp(type)) return `ts${unitLetters[type.unit]}:${type.timezone ?? ''}`;
  if (DataType.isDuration(type)) return `tD${unitLetters[type.unit]}`;
  if (DataType.isInterval(type)) return `ti${'MDn'[type.unit]}`;
  if (DataType.isList(type)) return '+l';
  if (DataType.isStruct(type)) return '+s';
  if (DataType.isMap(type)) return '+m';
  if (DataType.isFixedSizeList(type)) return `+w:${type.listSize}`;
  throw new DuckDbError('Unsupported', `Arrow type ${String(type)} can't be given to DuckDB`);
}
