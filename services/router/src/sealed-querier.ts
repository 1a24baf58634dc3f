import type { ClusterKey } from '@signaldb/component';
import type { FlightClient } from '@signaldb/flight';
import { createHmacSeal, type TicketSeal } from '@signaldb/flight-sql';

/** The querier opens what is sealed with the key of this purpose, and nothing else. */
const ticketPurpose = 'querier tickets';
/** Of what is asked at once: more than clocks differ. */
const callLifetimeMs = 300_000;

/** Seals tickets that go out to clients, good for a while. @throws UNAVAILABLE until the cluster's key is known */
export function querierSeal(clusterKey: ClusterKey, lifetimeMs: number): TicketSeal {
  return createHmacSeal({ key: clusterKey.derive(ticketPurpose), lifetimeMs });
}

/** A querier whose tickets and actions are sealed on their way, as it wants them. */
export function sealedQuerier(querier: FlightClient, clusterKey: ClusterKey): Pick<FlightClient, 'doGet' | 'doAction'> {
  const seal = (content: Uint8Array) => querierSeal(clusterKey, callLifetimeMs).seal(content);
  return {
    doGet: (ticket, options) => querier.doGet(seal(ticket), options),
    doAction: ({ type, body }, options) => querier.doAction({ type, body: seal(body) }, options),
  };
}
