import type { FlightClient } from '../client.ts';
import { connectFlight } from '../connect.ts';
import { REUSE_CONNECTION_LOCATION } from '../flight-info.ts';

const REUSE_SCHEME = REUSE_CONNECTION_LOCATION.slice(0, REUSE_CONNECTION_LOCATION.indexOf(':') + 1);

/** The clients of one fetch: the one that gave the endpoints, and those of other locations, opened when needed. */
export class LocationClients {
  readonly home: FlightClient;
  readonly #connect: ((location: string) => FlightClient) | undefined;
  readonly #own = new Map<string, FlightClient>();

  /** What `connect` gives is its own to close; without it clients are opened here, and closed by `close`. */
  constructor(home: FlightClient, connect: ((location: string) => FlightClient) | undefined) {
    this.home = home;
    this.#connect = connect;
  }

  /** Throws where the location can't be understood, or not be reached from here. */
  get(location: string): FlightClient {
    if (location.startsWith(REUSE_SCHEME) || location === this.home.location) return this.home;
    if (this.#connect) return this.#connect(location);
    const client = this.#own.get(location) ?? connectFlight(location);
    this.#own.set(location, client);
    return client;
  }

  close(): void {
    for (const client of this.#own.values()) void client.close();
    this.#own.clear();
  }
}
