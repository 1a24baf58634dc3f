// Writes belong to the acceptors: the streams are handed through as they are, both ways.

import { accountOf, checkWrite, tenantHeader } from '@signaldb/access';
import type { CallContext, FlightClient, FlightService } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';

/** Where a tenant's writes go; undefined where no acceptor is there. */
export type AcceptorFor = (tenant: string) => FlightClient | undefined;

/** Actions that the acceptors answer. */
export const writeActions = [
  {
    type: 'CreateTable',
    description:
      'creates a table: {"name", "schema_json", "primary_key", "table_type", "partition_spec", "or_replace"}',
  },
  { type: 'ListTables', description: 'lists the tables of the tenant' },
  { type: 'DropTable', description: 'drops a table: {"name"}' },
] as const;

/** The writes of one tenant. */
export function forwardWrites(
  tenant: string,
  acceptorFor: AcceptorFor,
): Pick<FlightService, 'doPut' | 'doExchange' | 'doAction'> {
  const target = (context: CallContext) => {
    const acceptor = acceptorFor(tenant);
    if (!acceptor) throw new GrpcError(Status.UNAVAILABLE, 'no acceptor is registered yet; try again in a moment');
    return { acceptor, options: { metadata: { [tenantHeader]: tenant }, signal: context.signal } };
  };
  return {
    doPut(messages, context) {
      checkWrite(accountOf(context));
      const { acceptor, options } = target(context);
      return acceptor.doPut(messages, options);
    },
    doExchange(messages, context) {
      checkWrite(accountOf(context));
      const { acceptor, options } = target(context);
      return acceptor.doExchange(messages, options);
    },
    doAction(action, context) {
      if (action.type !== 'ListTables') checkWrite(accountOf(context));
      const { acceptor, options } = target(context);
      return acceptor.doAction(action, options);
    },
  };
}
