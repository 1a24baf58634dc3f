import { type FlightService, openHandshake } from '@signaldb/flight';
import type { TicketSeal } from '@signaldb/flight-sql';

/**
 * A service whose tickets and actions have to be sealed by the cluster: so that its port can be open to clients, who fetch here what
 * a router gave them a ticket for, and do nothing else. The handshake lets anyone through: drivers that were given a
 * password call it wherever they connect, and the ticket alone decides.
 */
export function sealedService(
  service: Partial<FlightService>,
  seal: () => Pick<TicketSeal, 'open'>,
): Partial<FlightService> {
  const { doGet, doAction, listActions } = service;
  return {
    handshake: openHandshake(),
    ...(doGet && {
      async *doGet(ticket, context) {
        yield* doGet.call(service, seal().open(ticket), context);
      },
    }),
    ...(doAction && {
      async *doAction({ type, body }, context) {
        yield* doAction.call(service, { type, body: seal().open(body) }, context);
      },
    }),
    ...(listActions && { listActions: (context) => listActions.call(service, context) }),
  };
}
