import type { CallOptions, FlightClient } from '../client.ts';
import type { CallContext, FlightCall, FlightService } from '../service.ts';

/** Makes another service of a service. */
export type ServiceMiddleware = (service: Partial<FlightService>) => Partial<FlightService>;

/** Makes another client of a client; closing it closes the one within. */
export type ClientMiddleware = (client: FlightClient) => FlightClient;

/** A call on its way to where it is done: `C` is what a service is told of it (CallContext) or a client asks for (CallOptions). */
export interface WrappedCall<C> {
  readonly name: FlightCall;
  readonly context: C;
  /** What the client streams, in the calls in which it does. */
  readonly requests?: AsyncIterable<unknown>;
}

/** What is done around every call. `next` does the call itself; given other requests, with those. */
export interface CallWrapper<C> {
  unary<T>(call: WrappedCall<C>, next: (context: C) => Promise<T>): Promise<T>;
  stream<T>(
    call: WrappedCall<C>,
    next: (context: C, requests?: AsyncIterable<unknown>) => AsyncIterable<T>,
  ): AsyncIterable<T>;
}

type Method = (request: unknown, context: unknown) => unknown;

const unaryCalls = new Set<FlightCall>(['getFlightInfo', 'pollFlightInfo', 'getSchema']);
const clientStreams = new Set<FlightCall>(['handshake', 'doPut', 'doExchange']);
const calls: readonly FlightCall[] = [
  'handshake',
  'listFlights',
  'getFlightInfo',
  'pollFlightInfo',
  'getSchema',
  'doGet',
  'doPut',
  'doExchange',
  'doAction',
  'listActions',
];

/** Wraps every call that the service serves. */
export function wrapService(
  service: Partial<FlightService>,
  wrapper: CallWrapper<CallContext>,
): Partial<FlightService> {
  return wrapMethods(service, wrapper, (context) => context as CallContext) as Partial<FlightService>;
}

/** Wraps every call of the client. */
export function wrapClient(client: FlightClient, wrapper: CallWrapper<CallOptions>): FlightClient {
  const methods = wrapMethods(client, wrapper, (options = {}) => options as CallOptions);
  return { ...methods, location: client.location, close: () => client.close() } as FlightClient;
}

function wrapMethods<C>(
  target: object,
  wrapper: CallWrapper<C>,
  contextOf: (given: unknown) => C,
): Partial<Record<FlightCall, unknown>> {
  const wrapped: Partial<Record<FlightCall, unknown>> = {};
  for (const name of calls) {
    const method = (target as Partial<Record<FlightCall, Method>>)[name]?.bind(target);
    if (!method) continue;
    const call = (request: unknown, given: unknown, invoke: Method) => {
      const context = contextOf(given);
      if (unaryCalls.has(name)) {
        return wrapper.unary({ name, context }, (inner) => invoke(request, inner) as Promise<unknown>);
      }
      const requests = clientStreams.has(name) ? (request as AsyncIterable<unknown>) : undefined;
      return wrapper.stream(
        { name, context, ...(requests && { requests }) },
        (inner, others) => invoke(others ?? request, inner) as AsyncIterable<unknown>,
      );
    };
    wrapped[name] =
      name === 'listActions'
        ? (given: unknown) => call(undefined, given, (_, context) => (method as (context: unknown) => unknown)(context))
        : (request: unknown, given: unknown) => call(request, given, method);
  }
  return wrapped;
}
