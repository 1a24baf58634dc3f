import { Data, type DataType, type Field, Type } from 'apache-arrow';

const EMPTY = new Uint8Array(0);

/** A column of the type without values. */
export function emptyData(type: DataType): Data {
  const offsets = [Type.LargeUtf8, Type.LargeBinary, Type.LargeList].includes(type.typeId)
    ? new BigInt64Array(1)
    : new Int32Array(1);
  const children = (type.children ?? []).map((field: Field) => emptyData(field.type));
  const values = new (type.ArrayType ?? Uint8Array)(0);
  return new Data(type, 0, 0, 0, [offsets, values, EMPTY, EMPTY] as never, children);
}
