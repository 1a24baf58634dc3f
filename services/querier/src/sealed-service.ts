import type { ClusterKey } from '@signaldb/component';
import { type CallContext, type FlightMessage, type FlightService, openHandshake } from '@signaldb/flight';
import { createHmacSeal } from '@signaldb/flight-sql';
import { rowsForClients } from './rows-for-clients.ts';

/** Routers seal with the key of the same purpose. */
const ticketPurpose = 'querier tickets';

/**
 * A service whose tickets and actions have to be sealed by the cluster: so that its port can be open to clients, who fetch here what
 * a router gave them a ticket for, and do nothing else. The handshake lets anyone through: drivers that were given a
 * password call it wherever they connect, and the ticket alone decides.
 */
export function sealedService(service: Partial<FlightService>, clusterKey: ClusterKey): Partial<FlightService> {
  const open = (sealed: Uint8Array) =>
    createHmacSeal({ key: clusterKey.derive(ticketPurpose), lifetimeMs: 0 }).open(sealed);
  const { doGet, doAction, listActions } = service;
  return {
    handshake: openHandshake(),
    ...(doGet && {
      async *doGet(ticket, context) {
        const messages: AsyncIterable<FlightMessage> = doGet.call(service, open(ticket), context);
        yield* isOfCluster(context, clusterKey) ? messages : rowsForClients(messages, context);
      },
    }),
    ...(doAction && {
      async *doAction({ type, body }, context) {
        yield* doAction.call(service, { type, body: open(body) }, context);
      },
    }),
    ...(listActions && { listActions: (context) => listActions.call(service, context) }),
  };
}

function isOfCluster({ transport, metadata }: CallContext, clusterKey: ClusterKey): boolean {
  if (transport === 'inproc') return true;
  return clusterKey.proves((metadata.get('authorization') ?? '').replace(/^Bearer /, ''));
}
