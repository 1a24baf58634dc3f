import { GrpcError, Status } from '@signaldb/grpc';
import {
  CancelFlightInfoRequest,
  CancelFlightInfoResult,
  CancelStatus,
  CloseSessionRequest,
  CloseSessionResult,
  GetSessionOptionsRequest,
  GetSessionOptionsResult,
  RenewFlightEndpointRequest,
  SetSessionOptionsRequest,
  SetSessionOptionsResult,
  FlightEndpoint as WireEndpoint,
} from '@signaldb/proto/arrow/flight/protocol/flight';
import type { CallOptions, FlightClient } from '../client.ts';
import type { FlightEndpoint, FlightInfo } from '../flight-info.ts';
import { endpointFromWire, endpointToWire, flightInfoToWire } from '../wire/messages.ts';
import type { CancelFlightStatus } from './flight-actions.ts';
import {
  closeStatusFromWire,
  errorsFromWire,
  optionsFromWire,
  optionsToWire,
  type SessionOptions,
} from './session-bodies.ts';
import type { CloseSessionStatus, SessionError } from './sessions.ts';

/** Asks the server to stop the work behind a flight. */
export async function cancelFlightInfo(
  client: FlightClient,
  info: FlightInfo,
  options?: CallOptions,
): Promise<CancelFlightStatus> {
  const body = CancelFlightInfoRequest.encode({ info: flightInfoToWire(info) }).finish();
  const { status } = await onlyResult(client, 'CancelFlightInfo', body, CancelFlightInfoResult, options);
  if (status === CancelStatus.CANCEL_STATUS_CANCELLED) return 'CANCELLED';
  return status === CancelStatus.CANCEL_STATUS_CANCELLING ? 'CANCELLING' : 'NOT_CANCELLABLE';
}

/** Asks the server to make an endpoint good for longer; gives the endpoint to use from now on. */
export async function renewFlightEndpoint(
  client: FlightClient,
  endpoint: FlightEndpoint,
  options?: CallOptions,
): Promise<FlightEndpoint> {
  const body = RenewFlightEndpointRequest.encode({ endpoint: endpointToWire(endpoint) }).finish();
  return endpointFromWire(await onlyResult(client, 'RenewFlightEndpoint', body, WireEndpoint, options));
}

export async function getSessionOptions(client: FlightClient, options?: CallOptions): Promise<SessionOptions> {
  const body = GetSessionOptionsRequest.encode({}).finish();
  const result = await onlyResult(client, 'GetSessionOptions', body, GetSessionOptionsResult, options);
  return optionsFromWire(result.sessionOptions);
}

/** Sets options of the session; answers those that couldn't be set. */
export async function setSessionOptions(
  client: FlightClient,
  values: SessionOptions,
  options?: CallOptions,
): Promise<Readonly<Record<string, SessionError>>> {
  const body = SetSessionOptionsRequest.encode({ sessionOptions: optionsToWire(values) }).finish();
  return errorsFromWire((await onlyResult(client, 'SetSessionOptions', body, SetSessionOptionsResult, options)).errors);
}

export async function closeSession(client: FlightClient, options?: CallOptions): Promise<CloseSessionStatus> {
  const body = CloseSessionRequest.encode({}).finish();
  return closeStatusFromWire((await onlyResult(client, 'CloseSession', body, CloseSessionResult, options)).status);
}

async function onlyResult<T>(
  client: FlightClient,
  type: string,
  body: Uint8Array,
  codec: { decode(bytes: Uint8Array): T },
  options: CallOptions | undefined,
): Promise<T> {
  let result: T | undefined;
  for await (const bytes of client.doAction({ type, body }, options)) result ??= decoded(type, bytes, codec);
  if (!result) throw new GrpcError(Status.INTERNAL, `the server answered ${type} with nothing`);
  return result;
}

function decoded<T>(type: string, bytes: Uint8Array, codec: { decode(bytes: Uint8Array): T }): T {
  try {
    return codec.decode(bytes);
  } catch (error) {
    throw new GrpcError(
      Status.INTERNAL,
      `the server's answer to ${type} can't be decoded: ${(error as Error).message}`,
    );
  }
}
