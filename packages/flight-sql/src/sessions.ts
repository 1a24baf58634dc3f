import type { CallContext } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import {
  CloseSessionResult,
  CloseSessionResult_Status as CloseStatus,
  SetSessionOptionsResult_ErrorValue as ErrorValue,
  GetSessionOptionsResult,
  type SessionOptionValue,
  SetSessionOptionsRequest,
  SetSessionOptionsResult,
} from '@signaldb/proto/arrow/flight/protocol/flight';
import type { SessionError, SessionValue, SqlSessions } from './handlers.ts';

type Options = Readonly<Record<string, SessionValue>>;

/** Sessions whose options can't be changed (they may depend on the caller): setting one to the value it has succeeds. */
export function fixedSessions(options: Options | ((context: CallContext) => Options)): SqlSessions {
  const optionsOf = typeof options === 'function' ? options : () => options;
  return {
    get: async (context) => optionsOf(context),
    set: async (wanted, context) => {
      const fixed = optionsOf(context);
      const errors: Record<string, SessionError> = {};
      for (const [name, value] of Object.entries(wanted)) {
        if (!Object.hasOwn(fixed, name)) errors[name] = 'INVALID_NAME';
        else if (fixed[name] !== value) errors[name] = 'INVALID_VALUE';
      }
      return errors;
    },
  };
}

/** Serves the session actions; undefined for others. */
export async function sessionAction(
  type: string,
  body: Uint8Array,
  sessions: SqlSessions,
  context: CallContext,
): Promise<Uint8Array | undefined> {
  switch (type) {
    case 'GetSessionOptions': {
      const options = Object.entries(await sessions.get(context));
      const sessionOptions = Object.fromEntries(options.map(([name, value]) => [name, toWire(value)]));
      return GetSessionOptionsResult.encode(GetSessionOptionsResult.fromPartial({ sessionOptions })).finish();
    }
    case 'SetSessionOptions': {
      const options = Object.entries(decodeSetRequest(body));
      const wanted = Object.fromEntries(options.map(([name, value]) => [name, fromWire(value)]));
      const failed = Object.entries(await sessions.set(wanted, context));
      const errors = Object.fromEntries(failed.map(([name, error]) => [name, { value: ErrorValue[error] }]));
      return SetSessionOptionsResult.encode(SetSessionOptionsResult.fromPartial({ errors })).finish();
    }
    case 'CloseSession':
      return CloseSessionResult.encode({ status: CloseStatus.CLOSED }).finish();
    default:
      return undefined;
  }
}

function decodeSetRequest(body: Uint8Array): Record<string, SessionOptionValue> {
  try {
    return SetSessionOptionsRequest.decode(body).sessionOptions as Record<string, SessionOptionValue>;
  } catch (error) {
    throw new GrpcError(Status.INVALID_ARGUMENT, `the session options can't be decoded: ${(error as Error).message}`);
  }
}

function toWire(value: SessionValue): SessionOptionValue {
  if (value === undefined) return { optionValue: undefined };
  if (typeof value === 'string') return { optionValue: { $case: 'stringValue', value } };
  if (typeof value === 'boolean') return { optionValue: { $case: 'boolValue', value } };
  if (typeof value === 'bigint') return { optionValue: { $case: 'int64Value', value } };
  if (typeof value === 'number') return { optionValue: { $case: 'doubleValue', value } };
  return { optionValue: { $case: 'stringListValue', value: { values: [...value] } } };
}

function fromWire({ optionValue }: SessionOptionValue): SessionValue {
  if (optionValue?.$case === 'stringListValue') return optionValue.value.values;
  return optionValue?.value;
}
