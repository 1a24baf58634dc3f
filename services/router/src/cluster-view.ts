import type { ClusterKey, FlightClients, Membership } from '@signaldb/component';
import type { AcceptorFor } from './flight/writes.ts';
import type { QuerierSource } from './querier-pool.ts';
import { sealedQuerier } from './sealed-querier.ts';

/** Queriers take turns; where one fails, the others follow. */
export function queriersOf(membership: Membership, clients: FlightClients, clusterKey: ClusterKey): QuerierSource {
  let turn = 0;
  return {
    queriers() {
      const found = membership.services('querier');
      const first = turn++ % Math.max(1, found.length);
      return [...found.slice(first), ...found.slice(0, first)].map(({ location }) => ({
        location,
        ...sealedQuerier(clients.get(location), clusterKey),
      }));
    },
  };
}

/** A tenant's writes stay with one acceptor while the same acceptors are there. */
export function acceptorsOf(membership: Membership, clients: FlightClients): AcceptorFor {
  return (tenant) => {
    const acceptor = membership.pick('acceptor', tenant);
    return acceptor && clients.get(acceptor.location);
  };
}
