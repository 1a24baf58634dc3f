import { type GrpcError, Status } from '@signaldb/grpc';
import type { Principal } from '../auth/principal.ts';
import type { CallOptions } from '../client.ts';
import type { FlightMessage } from '../flight-message.ts';
import type { CallContext, FlightCall } from '../service.ts';
import { type Ending, endingOf, failure } from './ending.ts';
import { watched } from './watched-stream.ts';
import {
  type CallWrapper,
  type ClientMiddleware,
  type ServiceMiddleware,
  wrapClient,
  wrapService,
} from './wrap-calls.ts';

/** A call that has ended. */
export interface FlightCallReport {
  readonly call: FlightCall;
  /** One of `Status`; CANCELLED where the reader left an answer before its end. */
  readonly code: number;
  /** What it failed with. Its `cause` is what the service threw; it may hold what must not reach a client. */
  readonly error?: GrpcError;
  readonly durationMs: number;
  /** Messages that the client sent, and that it was answered. */
  readonly requestMessages: number;
  readonly responseMessages: number;
  /** Rows in them. */
  readonly requestRows: number;
  readonly responseRows: number;
  /** The caller's address (on a server), the location (on a client). */
  readonly peer: string;
  readonly principal?: Principal;
}

/** Told of calls: for metrics and logs. What it throws ends the call, so it had better not. */
export interface CallObserver {
  began?(call: FlightCall): void;
  ended(report: FlightCallReport): void;
}

/** Tells of the calls that a service answers. Bytes are counted by the gRPC server: `onCallEnd` of @signaldb/grpc. */
export function serviceReports(observer: CallObserver): ServiceMiddleware {
  const about = ({ peer, principal }: CallContext) => ({ peer, ...(principal && { principal }) });
  return (service) => wrapService(service, reporting(observer, about));
}

/** Tells of the calls that a client makes. An answer that nobody reads to its end, or leaves, has no report. */
export function clientReports(observer: CallObserver): ClientMiddleware {
  return (client) =>
    wrapClient(
      client,
      reporting<CallOptions>(observer, () => ({ peer: client.location })),
    );
}

function reporting<C extends { readonly signal?: AbortSignal }>(
  observer: CallObserver,
  about: (context: C) => Pick<FlightCallReport, 'peer' | 'principal'>,
): CallWrapper<C> {
  const begin = (call: FlightCall, context: C) => {
    const startedMs = performance.now();
    observer.began?.(call);
    const messages = { request: 0, response: 0 };
    const rows = { request: 0, response: 0 };
    const count = (side: 'request' | 'response', item: unknown): void => {
      messages[side]++;
      rows[side] += (item as FlightMessage).batch?.numRows ?? 0;
    };
    const end = (ending: Ending): void =>
      observer.ended({
        call,
        ...ending,
        durationMs: performance.now() - startedMs,
        requestMessages: messages.request,
        responseMessages: messages.response,
        requestRows: rows.request,
        responseRows: rows.response,
        ...about(context),
      });
    return { messages, count, end };
  };
  return {
    async unary({ name, context }, next) {
      const { messages, end } = begin(name, context);
      messages.request = 1;
      try {
        const answer = await next(context);
        messages.response = 1;
        end({ code: Status.OK });
        return answer;
      } catch (error) {
        end(failure(error));
        throw error;
      }
    },
    stream({ name, context, requests }, next) {
      const { messages, count, end } = begin(name, context);
      if (!requests) messages.request = 1;
      const counted = requests && watched(requests, { item: (item) => count('request', item), over: () => {} });
      try {
        return watched(next(context, counted), {
          item: (item) => count('response', item),
          over: (how) => end(endingOf(how, context)),
        });
      } catch (error) {
        end(failure(error));
        throw error;
      }
    },
  };
}
