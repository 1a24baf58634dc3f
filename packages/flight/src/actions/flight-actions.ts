import { GrpcError, Status } from '@signaldb/grpc';
import {
  CancelFlightInfoRequest,
  CancelFlightInfoResult,
  CancelStatus,
  CloseSessionResult,
  CloseSessionResult_Status as CloseStatus,
  GetSessionOptionsResult,
  RenewFlightEndpointRequest,
  SetSessionOptionsRequest,
  SetSessionOptionsResult,
  FlightEndpoint as WireEndpoint,
} from '@signaldb/proto/arrow/flight/protocol/flight';
import type { FlightEndpoint, FlightInfo } from '../flight-info.ts';
import type { CallContext, FlightAction, FlightActionType, FlightService } from '../service.ts';
import { endpointFromWire, endpointToWire, flightInfoFromWire } from '../wire/messages.ts';
import { errorsToWire, optionsFromWire, optionsToWire } from './session-bodies.ts';
import type { Sessions } from './sessions.ts';

/** How far a cancellation has come. */
export type CancelFlightStatus = 'CANCELLED' | 'CANCELLING' | 'NOT_CANCELLABLE';

/** The actions that Flight itself defines; those whose methods are there are served. */
export interface FlightActionHandlers {
  /** Stops the work behind a flight. */
  cancel?(info: FlightInfo, context: CallContext): Promise<CancelFlightStatus>;
  /** Makes an endpoint good for longer; answers it as it is from now on. Throws where it can't. */
  renew?(endpoint: FlightEndpoint, context: CallContext): Promise<FlightEndpoint>;
  readonly sessions?: Sessions;
}

export interface FlightActions {
  /** For `listActions`. */
  readonly types: readonly FlightActionType[];
  /** The action's results; undefined where it is none of these. Bodies that can't be decoded are INVALID_ARGUMENT. */
  serve(action: FlightAction, context: CallContext): Promise<Uint8Array[] | undefined>;
}

type Serve = (body: Uint8Array, context: CallContext) => Promise<Uint8Array>;

/**
 * Serves CancelFlightInfo, RenewFlightEndpoint, and Get-, Set- and CloseSession with their standard bodies.
 * https://arrow.apache.org/docs/format/Flight.html#downloading-data
 */
export function flightActions(handlers: FlightActionHandlers): FlightActions {
  const served = new Map<string, { description: string; serve: Serve }>();
  const add = (type: string, description: string, serve: Serve): void => void served.set(type, { description, serve });
  const { sessions } = handlers;
  if (handlers.cancel) {
    add('CancelFlightInfo', 'Stops the work behind a flight.', async (body, context) => {
      const { info } = decoded('CancelFlightInfo', () => CancelFlightInfoRequest.decode(body));
      if (!info) throw new GrpcError(Status.INVALID_ARGUMENT, 'CancelFlightInfo needs the FlightInfo to cancel');
      const status = await handlers.cancel!(flightInfoFromWire(info), context);
      return CancelFlightInfoResult.encode({ status: CancelStatus[`CANCEL_STATUS_${status}`] }).finish();
    });
  }
  if (handlers.renew) {
    add('RenewFlightEndpoint', 'Makes an endpoint good for longer.', async (body, context) => {
      const { endpoint } = decoded('RenewFlightEndpoint', () => RenewFlightEndpointRequest.decode(body));
      if (!endpoint) throw new GrpcError(Status.INVALID_ARGUMENT, 'RenewFlightEndpoint needs the endpoint to renew');
      const renewed = await handlers.renew!(endpointFromWire(endpoint), context);
      return WireEndpoint.encode(endpointToWire(renewed)).finish();
    });
  }
  if (sessions) {
    add('GetSessionOptions', 'Answers the options of the session.', async (_, context) =>
      GetSessionOptionsResult.encode({ sessionOptions: optionsToWire(await sessions.get(context)) }).finish(),
    );
    add('SetSessionOptions', 'Sets options of the session.', async (body, context) => {
      const { sessionOptions } = decoded('SetSessionOptions', () => SetSessionOptionsRequest.decode(body));
      const errors = await sessions.set(optionsFromWire(sessionOptions), context);
      return SetSessionOptionsResult.encode({ errors: errorsToWire(errors) }).finish();
    });
    add('CloseSession', 'Ends the session.', async (_, context) => {
      const status = (await sessions.close?.(context)) ?? 'CLOSED';
      return CloseSessionResult.encode({ status: CloseStatus[status] }).finish();
    });
  }
  return {
    types: [...served].map(([type, { description }]) => ({ type, description })),
    async serve({ type, body }, context) {
      const action = served.get(type);
      return action && [await action.serve(body, context)];
    },
  };
}

/** A service that serves Flight's own actions beside its own. */
export function withFlightActions(
  service: Partial<FlightService>,
  handlers: FlightActionHandlers,
): Partial<FlightService> {
  const actions = flightActions(handlers);
  const doAction = service.doAction?.bind(service);
  const listActions = service.listActions?.bind(service);
  return {
    ...service,
    async *doAction(action, context) {
      const results = await actions.serve(action, context);
      if (results) yield* results;
      else if (doAction) yield* doAction(action, context);
      else throw new GrpcError(Status.UNIMPLEMENTED, `there is no action ${JSON.stringify(action.type)}`);
    },
    async *listActions(context) {
      yield* actions.types;
      if (listActions) yield* listActions(context);
    },
  };
}

function decoded<T>(action: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw new GrpcError(Status.INVALID_ARGUMENT, `the body of ${action} can't be decoded: ${(error as Error).message}`);
  }
}
