import { type Data, type DataType, makeData, Type } from 'apache-arrow';

/** A column of nothing but nulls. Its buffers are zeros, shared by all that ask with the same `zeros`. */
export function nullData(type: DataType, length: number, zeros: ArrayBuffer): Data {
  const common = { type, length, nullCount: length, nullBitmap: new Uint8Array(zeros, 0, (length + 7) >> 3) };
  switch (type.typeId) {
    case Type.Utf8:
    case Type.Binary:
      return make({ ...common, valueOffsets: new Int32Array(zeros, 0, length + 1), data: new Uint8Array(0) });
    case Type.List:
      return make({
        ...common,
        valueOffsets: new Int32Array(zeros, 0, length + 1),
        child: nullData(type.children[0]!.type, 0, zeros),
      });
    case Type.Struct:
      return make({ ...common, children: type.children.map((field) => nullData(field.type, length, zeros)) });
    case Type.Bool:
      return make({ ...common, data: new Uint8Array(zeros, 0, (length + 7) >> 3) });
    default:
      return make({ ...common, data: new type.ArrayType(zeros, 0, length) });
  }
}

/** Zeros enough for `nullData` of so many rows. */
export function zerosFor(length: number): ArrayBuffer {
  return new ArrayBuffer((length + 1) * 16);
}

function make(props: object): Data {
  return makeData(props as Parameters<typeof makeData>[0]);
}
