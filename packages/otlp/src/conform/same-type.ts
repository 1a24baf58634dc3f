import { type DataType, type Float, type Int, type Timestamp, Type } from 'apache-arrow';

/** Whether two Arrow types hold the same values in the same buffers; names of list elements and nullability don't matter. */
export function sameType(a: DataType, b: DataType): boolean {
  if (a.typeId !== b.typeId) return false;
  switch (a.typeId) {
    case Type.Int:
      return (a as Int).bitWidth === (b as Int).bitWidth && (a as Int).isSigned === (b as Int).isSigned;
    case Type.Float:
      return (a as Float).precision === (b as Float).precision;
    case Type.Timestamp: {
      const [one, other] = [a as Timestamp, b as Timestamp];
      return one.unit === other.unit && !one.timezone === !other.timezone;
    }
    case Type.List:
      return sameType(a.children[0]!.type, b.children[0]!.type);
    case Type.Struct:
      return (
        a.children.length === b.children.length &&
        a.children.every((field, i) => field.name === b.children[i]!.name && sameType(field.type, b.children[i]!.type))
      );
    default:
      return a.toString() === b.toString();
  }
}
