import { Bool, type DataType, Field, Float64, Int64, List, Utf8 } from 'apache-arrow';

/** What an AnyValue holds, by its field numbers (opentelemetry/proto/common/v1/common.proto). */
export const ValueKind = {
  Empty: 0,
  Text: 1,
  Bool: 2,
  Int: 3,
  Double: 4,
  Array: 5,
  KeyValueList: 6,
  Bytes: 7,
} as const;

/** An attribute column of a list has the kind of its elements plus this. */
export const LIST = 8;

const scalars: Record<number, DataType> = {
  [ValueKind.Text]: new Utf8(),
  [ValueKind.Bool]: new Bool(),
  [ValueKind.Int]: new Int64(),
  [ValueKind.Double]: new Float64(),
};

/** The Arrow type of an attribute column of a kind. */
export function typeOfKind(kind: number): DataType {
  return kind > LIST ? new List(new Field('element', scalars[kind - LIST]!, false)) : scalars[kind]!;
}
