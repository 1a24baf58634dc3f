import type { AnyValue, KeyValue } from '@signaldb/proto/opentelemetry/proto/common/v1/common';

/** Attribute values as people write them: whole numbers become ints, other numbers doubles, lists arrays of strings. */
export type Plain = string | number | boolean | readonly string[];

export function attributes(values: Readonly<Record<string, Plain>>): KeyValue[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: Plain): AnyValue {
  if (typeof value === 'string') return { value: { $case: 'stringValue', value } };
  if (typeof value === 'boolean') return { value: { $case: 'boolValue', value } };
  if (typeof value === 'number') {
    return Number.isInteger(value)
      ? { value: { $case: 'intValue', value: BigInt(value) } }
      : { value: { $case: 'doubleValue', value } };
  }
  return { value: { $case: 'arrayValue', value: { values: value.map(anyValue) } } };
}
