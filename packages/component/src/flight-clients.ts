import { connectFlight, type FlightClient } from '@signaldb/flight';
import { youngGarbageCollector } from '@signaldb/grpc';
import { authorizedClient } from './authorized-client.ts';
import type { ClusterKey } from './cluster-key.ts';
import type { ClusterState } from './control-plane.ts';

export interface FlightClientsOptions extends NonNullable<Parameters<typeof connectFlight>[1]> {
  /** Whose services are talked to: clients of locations that leave its state are closed. */
  readonly membership: { onChange(listener: (state: ClusterState) => void): () => void };
  /** Calls over the network prove with it that they come from the cluster itself. */
  readonly clusterKey?: ClusterKey | undefined;
}

/** One Flight client a location, opened when first asked for. */
export interface FlightClients {
  get(location: string): FlightClient;
  /** Closes all. May be called twice. */
  close(): Promise<void>;
}

export function createFlightClients({ membership, clusterKey, ...options }: FlightClientsOptions): FlightClients {
  const clients = new Map<string, FlightClient>();
  const known = new Set<string>();
  const collectGarbage = youngGarbageCollector();
  let closed = false;

  // A location is let go when it leaves the state, not while it isn't in there yet: it may have been learnt elsewhere.
  const stop = membership.onChange(({ services }) => {
    const present = new Set(services.map(({ location }) => location));
    for (const location of known) {
      if (present.has(location)) continue;
      known.delete(location);
      clients
        .get(location)
        ?.close()
        .catch(() => {});
      clients.delete(location);
    }
    for (const location of present) known.add(location);
  });

  return {
    get(location) {
      if (closed) throw new Error('The Flight clients are closed.');
      let client = clients.get(location);
      if (!client) {
        const plain = connectFlight(location, { collectGarbage, ...options });
        client = clusterKey && !location.startsWith('inproc:') ? authorizedClient(plain, clusterKey) : plain;
        clients.set(location, client);
      }
      return client;
    },
    async close() {
      closed = true;
      stop();
      const open = [...clients.values()];
      clients.clear();
      await Promise.all(open.map((client) => client.close()));
    },
  };
}
