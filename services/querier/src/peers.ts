import { type ClusterState, emptyClusterState, type FlightClients, type Membership } from '@signaldb/component';
import type { FlightClient } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';

/** The other services. Empty until this one has joined them, which it does when its door is open. */
export class Peers {
  #membership: Membership | undefined;
  #clients: FlightClients | undefined;

  join(membership: Membership, clients: FlightClients): void {
    this.#membership = membership;
    this.#clients = clients;
  }

  get state(): ClusterState {
    return this.#membership?.state ?? emptyClusterState;
  }

  /** The client of a location. */
  get(location: string): FlightClient {
    if (this.#clients === undefined)
      throw new GrpcError(Status.UNAVAILABLE, 'this querier has not joined the cluster yet');
    return this.#clients.get(location);
  }
}
