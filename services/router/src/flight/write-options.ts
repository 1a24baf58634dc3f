import { randomUUID } from 'node:crypto';
import type { CallContext, FlightClient } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { AcceptorFor } from './writes.ts';

/** A caller asks with it for its rows to be safer before they are answered for: `object_storage`, `iceberg_committed`. */
const durabilityHeader = 'x-signaldb-durability';
/** A caller that repeats a write under the same key writes it once, as long as it goes to the same acceptor. */
const keyHeader = 'x-signaldb-idempotency-key';
const levels = ['memory', 'disk', 'replicated', 'object_storage', 'iceberg_committed'];
const keyBytesMax = 256;

/** How a call wants its rows to be written. @throws INVALID_ARGUMENT */
export function writeOptions({ metadata }: CallContext): {
  readonly durability: string;
  readonly idempotencyKey: string;
} {
  const durability = metadata.get(durabilityHeader) || 'disk';
  if (!levels.includes(durability))
    throw invalid(
      `the header ${durabilityHeader} has ${JSON.stringify(durability)}: it is one of ${levels.join(', ')}`,
    );
  const key = metadata.get(keyHeader) || randomUUID();
  if (Buffer.byteLength(key) > keyBytesMax)
    throw invalid(`the header ${keyHeader} is longer than ${keyBytesMax} bytes`);
  return { durability, idempotencyKey: key };
}

/** The acceptor of a tenant's writes. @throws UNAVAILABLE */
export function acceptorOf(acceptorFor: AcceptorFor, tenant: string): FlightClient {
  const acceptor = acceptorFor(tenant);
  if (!acceptor) throw new GrpcError(Status.UNAVAILABLE, 'no acceptor is registered yet; try again in a moment');
  return acceptor;
}

const invalid = (message: string): GrpcError => new GrpcError(Status.INVALID_ARGUMENT, message);
