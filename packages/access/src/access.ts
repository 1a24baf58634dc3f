import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ClusterKey } from '@signaldb/component';
import {
  type Authenticator,
  type Credentials,
  createBearerTokens,
  credentialsOf,
  type FlightService,
  openHandshake,
  withAuthentication,
} from '@signaldb/flight';
import { GrpcError, Metadata, Status } from '@signaldb/grpc';
import type { AuthConfig, Logger } from '@signaldb/runtime';
import { readAccessFile } from './access-file.ts';
import { type Account, everyone, theCluster } from './account.ts';
import { Accounts } from './accounts.ts';
import { watchFile } from './watched-file.ts';

export interface AccessOptions {
  readonly config: AuthConfig;
  readonly clusterKey: ClusterKey;
  readonly logger: Pick<Logger, 'info' | 'error'>;
}

/** Who may come in, the same at every door of a service. */
export interface Access {
  /** False where authentication is off: then everyone is let in. */
  readonly required: boolean;
  readonly clusterKey: ClusterKey;
  /** A Flight service for people and for the cluster; each call has `context.principal`, see `accountOf`. */
  flight(service: Partial<FlightService>): Partial<FlightService>;
  /** A Flight service for the cluster's own calls alone. */
  internalFlight(service: Partial<FlightService>): Partial<FlightService>;
  /** Who makes a call that isn't Flight's. @throws GrpcError UNAUTHENTICATED that says which header to send */
  admit(headers: Metadata, certificate?: X509Certificate): Promise<Account>;
  /** A token for who came with a password, good at every service of the cluster. */
  issue(account: Account): Promise<{ readonly token: string; readonly expires: Date }>;
  /** Ends watching the file. May be called twice. */
  close(): void;
}

/** How often the file is looked at, in milliseconds. */
const watchMs = 1000;

/** Reads the authentication file, and again whenever it changes. @throws StartupError where it can't be understood */
export function createAccess({ config, clusterKey, logger }: AccessOptions): Access {
  const { file, bearerLifetimeMs } = config;
  if (!file) return openAccess(clusterKey);
  const accounts = new Accounts();
  const watched = watchFile({
    path: file,
    intervalMs: watchMs,
    read() {
      if (accounts.replace(readAccessFile(file))) logger.info({ file }, 'authentication file read');
    },
    onError: (error) =>
      logger.error({ reason: (error as Error).message }, 'authentication file not taken: what it said before holds on'),
  });

  const tokens = () => createBearerTokens({ key: clusterKey.derive('users’ tokens'), lifetimeMs: bearerLifetimeMs });
  const bearer = async (token: string): Promise<Account | undefined> => {
    if (clusterKey.proves(token)) return theCluster;
    const known = accounts.token(token);
    if (known || !clusterKey.known) return known;
    const issued = await tokens().bearer(token, undefined as never);
    const user = issued && accounts.user(issued.name);
    return user && user.version === issued?.version ? user.account : undefined;
  };
  const issue = async (account: Account) => {
    const { token, expires } = await tokens().issue({
      name: account.name,
      version: accounts.user(account.name)?.version,
    });
    return { token, expires: expires! };
  };
  const authenticator: Authenticator = {
    basic: (user, password) => accounts.password(user, password),
    bearer: (token) => bearer(token),
    apiKey: async (key) => accounts.token(key),
    certificate: async (certificate) => accounts.certificate(certificate),
    issue: (principal) => issue(principal as Account),
  };
  const known = async (credentials: Credentials | undefined, certificate: X509Certificate | undefined) => {
    switch (credentials?.kind) {
      case 'basic':
        return accounts.password(credentials.user, credentials.password);
      case 'bearer':
        return bearer(credentials.token);
      case 'apiKey':
        return accounts.token(credentials.key);
      default:
        return certificate && accounts.certificate(certificate);
    }
  };

  return {
    required: true,
    clusterKey,
    flight: (service) => withAuthentication(service, authenticator),
    internalFlight: (service) => withAuthentication(service, internalAuthenticator(clusterKey)),
    async admit(headers, certificate) {
      const credentials = credentialsOf(headers, apiKeyHeader);
      if (credentials?.kind === 'unreadable')
        throw unauthenticated(`the header "authorization" can't be understood: ${credentials.problem}`);
      const account = await known(credentials, certificate);
      if (account) return account;
      throw unauthenticated(
        credentials ? refusals[credentials.kind] : 'the request brings nothing that says who makes it',
      );
    },
    issue,
    close: () => watched.close(),
  };
}

/** Lets everyone in; for where authentication is off. */
export function openAccess(clusterKey: ClusterKey): Access {
  const flight = (service: Partial<FlightService>) => ({ ...service, handshake: openHandshake() });
  return {
    required: false,
    clusterKey,
    flight,
    internalFlight: flight,
    admit: async () => everyone,
    issue: async () => {
      throw new GrpcError(Status.FAILED_PRECONDITION, 'authentication is off: no token is needed');
    },
    close: () => {},
  };
}

const apiKeyHeader = 'x-api-key';

const refusals: Record<Exclude<Credentials['kind'], 'unreadable'>, string> = {
  basic: 'user or password are wrong',
  bearer: 'the bearer token is not known, or has expired',
  apiKey: 'the API key is not known',
};

function internalAuthenticator(clusterKey: ClusterKey): Authenticator {
  return { bearer: async (token) => (clusterKey.proves(token) ? theCluster : undefined) };
}

/** The challenges of HTTP's WWW-Authenticate. */
export const challenge = 'Basic realm="SignalDB", charset="UTF-8", Bearer realm="SignalDB"';

function unauthenticated(problem: string): GrpcError {
  return new GrpcError(
    Status.UNAUTHENTICATED,
    `${problem}; send "authorization: Basic <user:password in base64>", "authorization: Bearer <token>" or "${apiKeyHeader}: <token>"`,
    new Metadata({ 'www-authenticate': challenge }),
  );
}

/** The headers of an HTTP request as `admit` takes them; what gRPC's metadata couldn't hold is no credential. */
export function credentialHeaders(headers: Readonly<Record<string, string | readonly string[] | undefined>>): Metadata {
  const metadata = new Metadata();
  for (const name of ['authorization', apiKeyHeader]) {
    const value = headers[name];
    const text = typeof value === 'string' ? value : value?.[0];
    if (text !== undefined) metadata.set(name, /^[\x20-\x7e]*$/.test(text) ? text : 'unreadable');
  }
  return metadata;
}

/** The client's certificate of a connection, where it sent one that the server's `ca` vouches for. */
export function certificateOf(socket: Socket): X509Certificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  return socket.getPeerX509Certificate();
}
