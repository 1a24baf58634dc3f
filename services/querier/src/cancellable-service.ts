import type { CallContext, FlightMessage, FlightService } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { z } from '@signaldb/runtime';

/** Cancelled queries that are remembered, so that a share that comes later isn't begun. */
const rememberedMax = 10_000;

const nameSchema = z.object({ tenant: z.string(), query_id: z.string().min(1).max(200) });

/**
 * A service whose queries can be stopped by name: the action `cancel {tenant, query_id}` ends every ticket of that query, those under
 * way and those that come later, with CANCELLED, and answers `{"cancelled"}`, how many were under way.
 */
export function cancellableService(service: Partial<FlightService>): Partial<FlightService> {
  const running = new Map<string, Set<AbortController>>();
  const cancelled = new Set<string>();
  const { doGet, doAction, listActions } = service;

  async function* run(name: string, ticket: Uint8Array, context: CallContext): AsyncGenerator<FlightMessage> {
    if (cancelled.has(name)) throw new GrpcError(Status.CANCELLED, 'the query was cancelled');
    const controller = new AbortController();
    const shares = running.get(name) ?? new Set();
    running.set(name, shares.add(controller));
    try {
      const signal = AbortSignal.any([context.signal, controller.signal]);
      yield* doGet!.call(service, ticket, { ...context, signal });
    } finally {
      shares.delete(controller);
      if (shares.size === 0) running.delete(name);
    }
  }

  function cancel(name: string): number {
    cancelled.add(name);
    if (cancelled.size > rememberedMax) cancelled.delete(cancelled.values().next().value!);
    const shares = [...(running.get(name) ?? [])];
    for (const controller of shares) controller.abort();
    return shares.length;
  }

  return {
    ...service,
    ...(doGet && {
      doGet(ticket, context) {
        const name = nameOf(ticket);
        return name === undefined ? doGet.call(service, ticket, context) : run(name, ticket, context);
      },
    }),
    async *doAction(action, context) {
      if (action.type !== 'cancel') {
        if (!doAction) throw new GrpcError(Status.UNIMPLEMENTED, `there is no action ${JSON.stringify(action.type)}`);
        yield* doAction.call(service, action, context);
        return;
      }
      const name = nameOf(action.body);
      if (name === undefined)
        throw new GrpcError(Status.INVALID_ARGUMENT, 'cancel: the body has to be {"tenant", "query_id"}');
      yield Buffer.from(JSON.stringify({ cancelled: cancel(name) }));
    },
    async *listActions(context) {
      if (listActions) yield* listActions.call(service, context);
      yield { type: 'cancel', description: 'stops a query by its name, which its tickets bear' };
    },
  };
}

/** Of a ticket or a request: what names its query. Undefined where it has no name, or isn't JSON: others tell that better. */
function nameOf(bytes: Uint8Array): string | undefined {
  try {
    const found = nameSchema.safeParse(JSON.parse(Buffer.from(bytes).toString()));
    return found.success ? `${found.data.tenant}/${found.data.query_id}` : undefined;
  } catch {
    return undefined;
  }
}
