import type { CallOptions, FlightClient } from '@signaldb/flight';
import type { ClusterKey } from './cluster-key.ts';

/** A client whose calls prove that they come from the cluster itself. */
export function authorizedClient(client: FlightClient, clusterKey: ClusterKey): FlightClient {
  const proved = (options: CallOptions = {}): CallOptions => {
    const authorization = clusterKey.authorization();
    return authorization ? { ...options, metadata: { authorization, ...options.metadata } } : options;
  };
  return {
    location: client.location,
    handshake: (requests, options) => client.handshake(requests, proved(options)),
    listFlights: (criteria, options) => client.listFlights(criteria, proved(options)),
    getFlightInfo: (descriptor, options) => client.getFlightInfo(descriptor, proved(options)),
    pollFlightInfo: (descriptor, options) => client.pollFlightInfo(descriptor, proved(options)),
    getSchema: (descriptor, options) => client.getSchema(descriptor, proved(options)),
    doGet: (ticket, options) => client.doGet(ticket, proved(options)),
    doPut: (messages, options) => client.doPut(messages, proved(options)),
    doExchange: (messages, options) => client.doExchange(messages, proved(options)),
    doAction: (action, options) => client.doAction(action, proved(options)),
    listActions: (options) => client.listActions(proved(options)),
    close: () => client.close(),
  };
}
