import { BasicAuth } from '@signaldb/proto/arrow/flight/protocol/flight';
import type { HandshakeMessage } from '../service.ts';
import type { Credentials } from './credentials.ts';

/**
 * User and password in the payload of a handshake's first message, as the authentication handlers of C++ and Java send
 * them (a `BasicAuth` message). Undefined where the client sends nothing.
 */
export async function payloadCredentials(
  requests: AsyncIterable<HandshakeMessage>,
): Promise<Extract<Credentials, { kind: 'basic' | 'unreadable' }> | undefined> {
  for await (const { payload } of requests) {
    if (payload.length === 0) continue;
    try {
      const { username, password } = BasicAuth.decode(payload);
      return { kind: 'basic', user: username, password };
    } catch {
      return { kind: 'unreadable', problem: "the handshake's payload is no BasicAuth message" };
    }
  }
  return undefined;
}
