import type { X509Certificate } from 'node:crypto';
import type { CallContext } from '../service.ts';
import type { Principal } from './principal.ts';

/** A bearer token as it was handed out. */
export interface IssuedToken {
  readonly token: string;
  readonly expires?: Date;
}

/**
 * Knows who is who. A server takes the kinds of credentials whose methods are there; each answers the principal, or undefined where
 * the credentials aren't good. Compare secrets with `secretsEqual`, which takes the same time for every wrong one. What a
 * method throws ends the call: a GrpcError as it is, anything else as UNKNOWN.
 */
export interface Authenticator {
  /** `authorization: Basic …`, or a handshake with name and password in its payload. */
  basic?(user: string, password: string, context: CallContext): Promise<Principal | undefined>;
  /** `authorization: Bearer …`. */
  bearer?(token: string, context: CallContext): Promise<Principal | undefined>;
  /** `x-api-key: …` or `authorization: ApiKey …`. */
  apiKey?(key: string, context: CallContext): Promise<Principal | undefined>;
  /** A client certificate that the server's `ca` has vouched for already; asked where a call brings nothing else. */
  certificate?(certificate: X509Certificate, context: CallContext): Promise<Principal | undefined>;
  /** Who a call without any credentials is made by; undefined refuses it. */
  anonymous?(): Principal | undefined;
  /**
   * The bearer token that a handshake hands out after user and password, for `bearer` to take. Where it is absent, tokens
   * are signed with a key of this `withAuthentication`'s own: good for 12 hours, here only.
   */
  issue?(principal: Principal): Promise<IssuedToken>;
}
