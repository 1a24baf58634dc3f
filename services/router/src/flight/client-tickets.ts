import type { CallContext, FlightEndpoint } from '@signaldb/flight';
import type { TicketSeal } from '@signaldb/flight-sql';
import type { Ticket } from '../querier-pool.ts';

/** A caller that sends it as `true` takes an answer that is short, rather than none. */
const partialHeader = 'x-signaldb-allow-partial';

/** How a call's rows are fetched. */
export const fetchOptions = (context: CallContext) => ({
  signal: context.signal,
  allowPartial: context.metadata.get(partialHeader) === 'true',
});

/** What a client's ticket says. Throws as the seal does. */
export function openTicket(bytes: Uint8Array, seal: TicketSeal): Ticket {
  return JSON.parse(Buffer.from(seal.open(bytes)).toString('utf8'));
}

/** An endpoint that says how long it is good; a router and a querier both take its ticket. */
export function sealedEndpoint(ticket: Ticket, seal: TicketSeal, locations: readonly string[] = []): FlightEndpoint {
  const expirationTime = seal.expirationTime?.();
  return {
    ticket: seal.seal(Buffer.from(JSON.stringify(ticket))),
    locations,
    ...(expirationTime && { expirationTime }),
  };
}
