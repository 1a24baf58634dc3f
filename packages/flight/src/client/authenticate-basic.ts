import { GrpcError, Status } from '@signaldb/grpc';
import type { CallOptions, FlightClient } from '../client.ts';
import type { HandshakeMessage } from '../service.ts';
import { withCallHeaders } from './call-headers.ts';

/**
 * Exchanges user and password for a bearer token (Handshake) and gives a client that sends it with every call. A server that hands
 * out none is sent user and password with every call. Closing the client closes the one within. Throws UNAUTHENTICATED
 * where the server says so; a token that has expired later shows as that too: then authenticate again.
 */
export async function authenticateBasic(
  client: FlightClient,
  user: string,
  password: string,
  options: CallOptions = {},
): Promise<FlightClient> {
  if (user.includes(':')) throw new GrpcError(Status.INVALID_ARGUMENT, "a user name can't have a colon: it ends there");
  const basic = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  let answered: string | undefined;
  const answers = client.handshake(nothing(), {
    ...options,
    metadata: { ...options.metadata, authorization: basic },
    onHeaders: (headers) => {
      answered = headers.get('authorization');
      options.onHeaders?.(headers);
    },
  });
  for await (const _ of answers);
  return withCallHeaders(client, { authorization: answered ?? basic });
}

async function* nothing(): AsyncGenerator<HandshakeMessage> {}
