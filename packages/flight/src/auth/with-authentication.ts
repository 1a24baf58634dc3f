import { randomBytes } from 'node:crypto';
import { GrpcError, Status } from '@signaldb/grpc';
import { wrapService } from '../middleware/wrap-calls.ts';
import type { CallContext, FlightService, HandshakeMessage } from '../service.ts';
import { deferred } from '../stream/deferred.ts';
import type { Authenticator } from './authenticator.ts';
import { createBearerTokens } from './bearer-tokens.ts';
import { type Credentials, credentialsOf } from './credentials.ts';
import { payloadCredentials } from './handshake-payload.ts';
import type { Principal } from './principal.ts';

export interface AuthenticationOptions {
  /** The header that holds an API key alone, in lower case. Default `x-api-key`. */
  readonly apiKeyHeader?: string;
}

/**
 * A service that knows its callers: serves `handshake`, refuses every other call without a known principal as
 * UNAUTHENTICATED, and tells the rest of the calls their `context.principal`. Credentials that are wrong are refused also
 * where `anonymous` would let the call through without any.
 *
 * A handshake takes whatever the other calls take. After user and password (in the header, with or without the base64's
 * padding, or in the payload) it answers a bearer token in the header `authorization` and, where the client sent a
 * payload, as payload too; a bearer token is answered as it came.
 */
export function withAuthentication(
  service: Partial<FlightService>,
  authenticator: Authenticator,
  options: AuthenticationOptions = {},
): Partial<FlightService> {
  const gate = new Gate(authenticator, options.apiKeyHeader ?? 'x-api-key');
  const guarded = wrapService(service, {
    unary: async ({ context }, next) => next(await gate.admit(context)),
    stream: ({ context }, next) => deferred(gate.admit(context).then((known) => next(known))),
  });
  return { ...guarded, handshake: (requests, context) => gate.handshake(requests, context) };
}

/** Lets known callers through. */
class Gate {
  readonly #authenticator: Authenticator;
  readonly #apiKeyHeader: string;
  readonly #ownTokens: ReturnType<typeof createBearerTokens> | undefined;

  constructor(authenticator: Authenticator, apiKeyHeader: string) {
    this.#authenticator = authenticator;
    this.#apiKeyHeader = apiKeyHeader;
    if (authenticator.basic && !authenticator.issue) this.#ownTokens = createBearerTokens({ key: randomBytes(32) });
  }

  async admit(context: CallContext): Promise<CallContext> {
    return {
      ...context,
      principal: await this.#principalOf(credentialsOf(context.metadata, this.#apiKeyHeader), context),
    };
  }

  async *handshake(requests: AsyncIterable<HandshakeMessage>, context: CallContext): AsyncGenerator<HandshakeMessage> {
    const inHeaders = credentialsOf(context.metadata, this.#apiKeyHeader);
    const credentials = inHeaders ?? (await payloadCredentials(requests));
    const principal = await this.#principalOf(credentials, context);
    const token = await this.#tokenFor(credentials, principal);
    if (token === undefined) return;
    context.responseHeaders.set('authorization', `Bearer ${token}`);
    if (!inHeaders) yield { payload: Buffer.from(token) };
  }

  async #tokenFor(credentials: Credentials | undefined, principal: Principal): Promise<string | undefined> {
    if (credentials?.kind === 'bearer') return credentials.token;
    if (credentials?.kind !== 'basic') return undefined;
    const issued = await (this.#authenticator.issue?.(principal) ?? this.#ownTokens?.issue(principal));
    return issued?.token;
  }

  async #principalOf(credentials: Credentials | undefined, context: CallContext): Promise<Principal> {
    if (credentials?.kind === 'unreadable') {
      throw this.#unauthenticated(`The header "authorization" can't be understood: ${credentials.problem}`);
    }
    const principal = credentials ? await this.#known(credentials, context) : await this.#withoutCredentials(context);
    if (principal) return principal;
    const kind = credentials?.kind ?? (context.peerCertificate ? 'certificate' : 'none');
    throw this.#unauthenticated(refusals[kind]);
  }

  async #known(
    credentials: Exclude<Credentials, { kind: 'unreadable' }>,
    context: CallContext,
  ): Promise<Principal | undefined> {
    const authenticator = this.#authenticator;
    switch (credentials.kind) {
      case 'basic':
        return authenticator.basic?.(credentials.user, credentials.password, context);
      case 'apiKey':
        return authenticator.apiKey?.(credentials.key, context);
      case 'bearer':
        return (
          (await this.#ownTokens?.bearer(credentials.token, context)) ??
          authenticator.bearer?.(credentials.token, context)
        );
    }
  }

  async #withoutCredentials(context: CallContext): Promise<Principal | undefined> {
    const { certificate, anonymous } = this.#authenticator;
    const { peerCertificate } = context;
    const named =
      certificate && peerCertificate && (await certificate.call(this.#authenticator, peerCertificate, context));
    return named || anonymous?.call(this.#authenticator);
  }

  #unauthenticated(why: string): GrpcError {
    const { basic, bearer, apiKey, certificate, issue } = this.#authenticator;
    const ways = [
      ...(basic ? ['"authorization: Basic <user:password in base64>"'] : []),
      ...(bearer || issue ? ['"authorization: Bearer <token>"'] : []),
      ...(apiKey ? [`"${this.#apiKeyHeader}: <key>"`] : []),
    ].join(' or ');
    const certificateToo = certificate
      ? `${ways && ', or '}connect with a client certificate that this server trusts`
      : '';
    return new GrpcError(Status.UNAUTHENTICATED, `${why}; ${ways && `send the header ${ways}`}${certificateToo}`);
  }
}

const refusals = {
  basic: 'The user is unknown here or the password is wrong',
  bearer: 'The bearer token is unknown here or has expired',
  apiKey: 'The API key is unknown here',
  certificate: 'The client certificate is of nobody who is known here',
  none: 'The call brings nothing that says who makes it',
} as const;
