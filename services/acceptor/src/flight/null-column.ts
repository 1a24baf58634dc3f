import { Data, type DataType, makeBuilder, Type } from 'apache-arrow';

/** A column of nothing but nulls. */
export function nullsOf(type: DataType, rows: number): Data {
  if (type.typeId === Type.Struct || type.typeId === Type.FixedSizeList) {
    const size = type.typeId === Type.FixedSizeList ? (type as unknown as { listSize: number }).listSize : 1;
    const children = type.children.map((child) => nullsOf(child.type, rows * size));
    const validity = new Uint8Array((rows + 7) >> 3);
    return new Data(type, 0, rows, rows, [undefined, undefined, validity] as never, children);
  }
  const builder = makeBuilder({ type, nullValues: [null] });
  for (let row = 0; row < rows; row++) builder.append(null);
  return builder.flush() as Data;
}
