import { deadlineExceeded } from '../call-failure.ts';
import type { CallOptions } from '../client.ts';
import type { CallContext, FlightCall } from '../service.ts';
import { endedBy, failedBy } from './ended-by.ts';
import { type ClientMiddleware, type ServiceMiddleware, wrapClient, wrapService } from './wrap-calls.ts';

/** How long calls may take, in ms; for all of them or by call. Absent: as long as they like. */
export type CallTimes = number | Readonly<Partial<Record<FlightCall, number>>>;

export interface DeadlineOptions {
  /** Where the client sets no deadline. */
  readonly defaultMs?: CallTimes;
  /** Where the client sets none, or one that is later. */
  readonly maxMs?: CallTimes;
}

/**
 * Ends calls with DEADLINE_EXCEEDED that take longer than they may, also where the service doesn't heed its signal. The
 * service is told of the deadline in its context.
 */
export function serviceDeadlines(options: DeadlineOptions): ServiceMiddleware {
  return (service) =>
    wrapService(service, {
      async unary({ name, context }, next) {
        const timeoutMs = imposedMs(name, options, remainingMs(context));
        if (timeoutMs === undefined) return next(context);
        const timed = new TimedCall(context, timeoutMs);
        try {
          return await failedBy(timed.signal, next(timed.context));
        } finally {
          timed.end();
        }
      },
      stream({ name, context }, next) {
        const timeoutMs = imposedMs(name, options, remainingMs(context));
        if (timeoutMs === undefined) return next(context);
        const timed = new TimedCall(context, timeoutMs);
        return endedBy(timed.signal, next(timed.context), () => timed.end());
      },
    });
}

/** Sets deadlines on calls that have none, or one that is later than `maxMs`. */
export function clientDeadlines(options: DeadlineOptions): ClientMiddleware {
  const timed = (name: FlightCall, given: CallOptions): CallOptions => {
    const timeoutMs = imposedMs(name, options, given.timeoutMs);
    return timeoutMs === undefined ? given : { ...given, timeoutMs };
  };
  return (client) =>
    wrapClient(client, {
      unary: ({ name, context }, next) => next(timed(name, context)),
      stream: ({ name, context }, next) => next(timed(name, context)),
    });
}

/** The time that a call gets instead of the one it has; undefined where it keeps that. */
function imposedMs(
  call: FlightCall,
  { defaultMs, maxMs }: DeadlineOptions,
  ownMs: number | undefined,
): number | undefined {
  const max = timeOf(maxMs, call);
  if (ownMs !== undefined) return max !== undefined && max < ownMs ? max : undefined;
  const preset = timeOf(defaultMs, call);
  return preset !== undefined && max !== undefined ? Math.min(preset, max) : (preset ?? max);
}

function timeOf(times: CallTimes | undefined, call: FlightCall): number | undefined {
  return typeof times === 'object' ? times[call] : times;
}

function remainingMs({ deadline }: CallContext): number | undefined {
  return deadline && deadline.getTime() - Date.now();
}

/** A call's context with a deadline of its own. */
class TimedCall {
  readonly context: CallContext;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal;

  constructor(context: CallContext, timeoutMs: number) {
    const { signal } = this.#controller;
    this.context = { ...context, signal, deadline: new Date(Date.now() + timeoutMs) };
    this.#timer = setTimeout(() => this.#controller.abort(deadlineExceeded(timeoutMs)), timeoutMs).unref();
    this.#outer = context.signal;
    if (this.#outer.aborted) this.#onOuter();
    else this.#outer.addEventListener('abort', this.#onOuter, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#onOuter);
  }

  readonly #onOuter = (): void => this.#controller.abort(this.#outer.reason);
}
