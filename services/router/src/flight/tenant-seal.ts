import type { TicketSeal } from '@signaldb/flight-sql';
import { GrpcError, Status } from '@signaldb/grpc';

/** What is sealed for one tenant isn't good for another. The wrapped seal, whose key may be everyone's, is taken when it is needed. */
export function tenantSeal(tenant: string, seal: () => TicketSeal): TicketSeal {
  const prefix = Buffer.from(`${tenant}\0`);
  return {
    seal: (content) => seal().seal(Buffer.concat([prefix, content])),
    open(sealed) {
      const content = seal().open(sealed);
      if (prefix.compare(content, 0, prefix.length) === 0) return content.subarray(prefix.length);
      throw new GrpcError(
        Status.PERMISSION_DENIED,
        `this is not of the tenant "${tenant}", in whose name the call is made`,
      );
    },
    expirationTime: () => seal().expirationTime!(),
  };
}
