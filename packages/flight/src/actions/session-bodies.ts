import {
  CloseSessionResult_Status as CloseStatus,
  SetSessionOptionsResult_ErrorValue as ErrorValue,
  type SessionOptionValue,
} from '@signaldb/proto/arrow/flight/protocol/flight';
import type { CloseSessionStatus, SessionError, SessionValue } from './sessions.ts';

export type SessionOptions = Readonly<Record<string, SessionValue>>;

export function optionsToWire(options: SessionOptions): Record<string, SessionOptionValue> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, valueToWire(value)]));
}

export function optionsFromWire(wire: Readonly<Record<string, SessionOptionValue>>): SessionOptions {
  return Object.fromEntries(Object.entries(wire).map(([name, value]) => [name, valueFromWire(value)]));
}

export function errorsToWire(errors: Readonly<Record<string, SessionError>>): Record<string, { value: ErrorValue }> {
  return Object.fromEntries(Object.entries(errors).map(([name, error]) => [name, { value: ErrorValue[error] }]));
}

/** An error that this version doesn't know is an error all the same. */
export function errorsFromWire(wire: Readonly<Record<string, { value: ErrorValue }>>): Record<string, SessionError> {
  const named = (value: ErrorValue): SessionError =>
    value === ErrorValue.INVALID_NAME ? 'INVALID_NAME' : value === ErrorValue.INVALID_VALUE ? 'INVALID_VALUE' : 'ERROR';
  return Object.fromEntries(Object.entries(wire).map(([name, { value }]) => [name, named(value)]));
}

export function closeStatusFromWire(wire: CloseStatus): CloseSessionStatus {
  if (wire === CloseStatus.CLOSED) return 'CLOSED';
  return wire === CloseStatus.CLOSING ? 'CLOSING' : 'NOT_CLOSEABLE';
}

function valueToWire(value: SessionValue): SessionOptionValue {
  switch (typeof value) {
    case 'undefined':
      return { optionValue: undefined };
    case 'string':
      return { optionValue: { $case: 'stringValue', value } };
    case 'boolean':
      return { optionValue: { $case: 'boolValue', value } };
    case 'bigint':
      return { optionValue: { $case: 'int64Value', value } };
    case 'number':
      return { optionValue: { $case: 'doubleValue', value } };
    default:
      return { optionValue: { $case: 'stringListValue', value: { values: [...value] } } };
  }
}

function valueFromWire({ optionValue }: SessionOptionValue): SessionValue {
  return optionValue?.$case === 'stringListValue' ? optionValue.value.values : optionValue?.value;
}
