import type { FlightService } from '../service.ts';
import { credentialsOf } from './credentials.ts';
import { payloadCredentials } from './handshake-payload.ts';

const OPEN_TOKEN = 'open';

/**
 * A handshake that lets everyone through, for services without authentication: drivers that were given a user or a token
 * call it all the same, and don't connect where it is missing. A bearer token is answered as it came; user and password
 * with one that says nothing.
 */
export function openHandshake(): FlightService['handshake'] {
  return async function* handshake(requests, context) {
    const inHeaders = credentialsOf(context.metadata, 'x-api-key');
    const token = inHeaders?.kind === 'bearer' ? inHeaders.token : OPEN_TOKEN;
    context.responseHeaders.set('authorization', `Bearer ${token}`);
    if (!inHeaders && (await payloadCredentials(requests))) yield { payload: Buffer.from(token) };
  };
}
