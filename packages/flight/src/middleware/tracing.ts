import { type GrpcError, Status } from '@signaldb/grpc';
import type { CallOptions } from '../client.ts';
import type { CallContext, FlightCall } from '../service.ts';
import { endingOf, failure } from './ending.ts';
import { readTraceParent, type TraceParent, traceHeaders } from './trace-parent.ts';
import { watched } from './watched-stream.ts';
import {
  type CallWrapper,
  type ClientMiddleware,
  type ServiceMiddleware,
  wrapClient,
  wrapService,
} from './wrap-calls.ts';

/** What a span is begun for. */
export interface TracedCall {
  readonly call: FlightCall;
  readonly side: 'server' | 'client';
  /** The caller's address (on a server), the location (on a client). */
  readonly peer: string;
  /** The span that the call belongs to, where one is known. */
  readonly parent?: TraceParent;
}

export interface CallSpan {
  /** What is told to the other side (from a client) and to the service (`context.trace`, on a server). */
  readonly trace?: TraceParent;
  /** Once, with one of `Status`, and what the call failed with. */
  end(code: number, error?: GrpcError): void;
}

/** Makes spans; any tracing library fits behind it. Answering undefined leaves a call untraced. */
export interface CallTracer {
  start(call: TracedCall): CallSpan | undefined;
  /** The span that a client's call belongs to, where the call's own headers name none. */
  current?(): TraceParent | undefined;
}

/** A span for each call that a service answers, a child of what the header `traceparent` names. */
export function serviceTracing(tracer: CallTracer): ServiceMiddleware {
  const start = (call: FlightCall, context: CallContext) => {
    const parent = readTraceParent(context.metadata);
    const span = tracer.start({ call, side: 'server', peer: context.peer, ...(parent && { parent }) });
    const trace = span?.trace ?? parent;
    return { span, context: trace ? { ...context, trace } : context };
  };
  return (service) => wrapService(service, tracing(start));
}

/**
 * A span for each call that a client makes, told to the server in the header `traceparent`. Its parent is what that header
 * says already, else the tracer's current span.
 */
export function clientTracing(tracer: CallTracer): ClientMiddleware {
  return (client) => {
    const start = (call: FlightCall, options: CallOptions) => {
      const parent = readTraceParent({ get: (key) => options.metadata?.[key] }) ?? tracer.current?.();
      const span = tracer.start({ call, side: 'client', peer: client.location, ...(parent && { parent }) });
      const trace = span?.trace ?? parent;
      return {
        span,
        context: trace ? { ...options, metadata: { ...options.metadata, ...traceHeaders(trace) } } : options,
      };
    };
    return wrapClient(client, tracing(start));
  };
}

function tracing<C extends { readonly signal?: AbortSignal }>(
  start: (call: FlightCall, context: C) => { readonly span: CallSpan | undefined; readonly context: C },
): CallWrapper<C> {
  const fail = (span: CallSpan | undefined, thrown: unknown): void => {
    const { code, error } = failure(thrown);
    span?.end(code, error);
  };
  return {
    async unary({ name, context: given }, next) {
      const { span, context } = start(name, given);
      try {
        const answer = await next(context);
        span?.end(Status.OK);
        return answer;
      } catch (error) {
        fail(span, error);
        throw error;
      }
    },
    stream({ name, context: given }, next) {
      const { span, context } = start(name, given);
      if (!span) return next(context);
      try {
        return watched(next(context), {
          over: (how) => {
            const { code, error } = endingOf(how, context);
            span.end(code, error);
          },
        });
      } catch (error) {
        fail(span, error);
        throw error;
      }
    },
  };
}
