import { accountOf, isTenant, mayName } from '@signaldb/access';
import type { ClusterKey } from '@signaldb/component';
import type { CallContext, SessionError, Sessions, SessionValue } from '@signaldb/flight';
import { createHmacSeal, type TicketSeal } from '@signaldb/flight-sql';
import { GrpcError, Status } from '@signaldb/grpc';

/** What a session knows. It lives in the client's cookie, signed, so that every router of the cluster serves it. */
export interface Session {
  readonly schema?: string;
}

/** Under this name Flight's clients expect a session. */
const cookieName = 'arrow_flight_session_id';
const lifetimeMs = 24 * 3_600_000;

/** Sessions in cookies, for clients that keep them: JDBC does, ADBC with `adbc.flight.sql.rpc.with_cookie_middleware`. */
export class SessionCookies {
  readonly #seal: () => TicketSeal;

  constructor(clusterKey: ClusterKey) {
    this.#seal = () => createHmacSeal({ key: clusterKey.derive('sessions'), lifetimeMs });
  }

  /** Undefined where the client brings none, or one that isn't good any more. */
  read(context: CallContext): Session | undefined {
    const text = cookieOf(context);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(Buffer.from(this.#seal().open(Buffer.from(text, 'base64url'))).toString());
    } catch {
      return undefined;
    }
  }

  /** Goes out with the answer. */
  write(context: CallContext, session: Session): void {
    const value = Buffer.from(this.#seal().seal(Buffer.from(JSON.stringify(session)))).toString('base64url');
    context.responseHeaders.set('set-cookie', `${cookieName}=${value}`);
  }

  /** Offers an empty session to who has none: whoever brings it along later keeps cookies. */
  offer(context: CallContext): void {
    if (cookieOf(context) === undefined) this.write(context, {});
  }

  end(context: CallContext): void {
    context.responseHeaders.set('set-cookie', `${cookieName}=; Max-Age=0`);
  }
}

/** Options `catalog`, which is what it is, and `schema`, the tenant: any that the account may use. */
export function cookieSessions(options: {
  readonly cookies: SessionCookies;
  readonly catalog: string;
  readonly tenantOf: (context: CallContext) => string;
}): Sessions {
  const { cookies, catalog, tenantOf } = options;
  const setSchema = (wanted: SessionValue, context: CallContext): SessionError | undefined => {
    if (wanted === undefined) {
      cookies.write(context, {});
      return undefined;
    }
    if (typeof wanted !== 'string' || !isTenant(wanted) || !mayName(accountOf(context), wanted)) return 'INVALID_VALUE';
    if (wanted === current(context)) return undefined;
    if (!cookies.read(context))
      throw new GrpcError(
        Status.FAILED_PRECONDITION,
        'the schema of a session is kept in a cookie, and this client keeps none: turn cookies on in the driver, or name the tenant in the header X-Scope-OrgID',
      );
    cookies.write(context, { schema: wanted });
    return undefined;
  };
  const current = (context: CallContext): string | undefined => {
    try {
      return tenantOf(context);
    } catch {
      return undefined; // of several tenants none is chosen yet
    }
  };
  return {
    get: async (context) => ({ catalog, schema: current(context) }),
    async set(wanted, context) {
      const errors: Record<string, SessionError> = {};
      for (const [name, value] of Object.entries(wanted)) {
        const error: SessionError | undefined =
          name === 'schema'
            ? setSchema(value, context)
            : name !== 'catalog'
              ? 'INVALID_NAME'
              : value === catalog
                ? undefined
                : 'INVALID_VALUE';
        if (error) errors[name] = error;
      }
      return errors;
    },
    async close(context) {
      cookies.end(context);
      return 'CLOSED';
    },
  };
}

function cookieOf({ metadata }: CallContext): string | undefined {
  for (const header of metadata.getAll('cookie')) {
    for (const pair of header.split(';')) {
      const equals = pair.indexOf('=');
      if (pair.slice(0, equals).trim() === cookieName)
        return pair
          .slice(equals + 1)
          .trim()
          .replace(/^"(.*)"$/, '$1');
    }
  }
  return undefined;
}
