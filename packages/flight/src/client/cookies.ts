import type { Metadata } from '@signaldb/grpc';
import type { CallOptions, FlightClient } from '../client.ts';
import { type ClientMiddleware, wrapClient } from '../middleware/wrap-calls.ts';

const COOKIES_MAX = 100;

interface Cookie {
  readonly value: string;
  /** When it is to be forgotten, in ms since 1970. */
  readonly expiresMs: number;
}

/**
 * Keeps the cookies that a server sets (`set-cookie`) and sends them with later calls, as servers want it that tell sessions by
 * them. They are kept for this client alone: a client has one server. Closing it closes the client within.
 * https://www.rfc-editor.org/rfc/rfc6265
 */
export function clientCookies(): ClientMiddleware {
  return (client: FlightClient) => {
    const jar = new CookieJar();
    const withCookies = (options: CallOptions): CallOptions => {
      const cookie = jar.header();
      return {
        ...options,
        ...(cookie && { metadata: { cookie, ...options.metadata } }),
        onHeaders: (headers) => {
          jar.take(headers);
          options.onHeaders?.(headers);
        },
      };
    };
    return wrapClient(client, {
      unary: ({ context }, next) => next(withCookies(context)),
      stream: ({ context }, next) => next(withCookies(context)),
    });
  };
}

class CookieJar {
  readonly #cookies = new Map<string, Cookie>();

  take(headers: Metadata): void {
    for (const text of headers.getAll('set-cookie')) this.#set(text);
  }

  #set(text: string): void {
    const [pair = '', ...attributes] = text.split(';').map((part) => part.trim());
    const equals = pair.indexOf('=');
    if (equals <= 0) return;
    const name = pair.slice(0, equals);
    const expiresMs = expiryOf(attributes);
    this.#cookies.delete(name);
    if (expiresMs <= Date.now()) return;
    this.#cookies.set(name, { value: pair.slice(equals + 1), expiresMs });
    // The oldest goes: a server doesn't decide how much a client holds.
    if (this.#cookies.size > COOKIES_MAX) this.#cookies.delete(this.#cookies.keys().next().value!);
  }

  header(): string {
    const now = Date.now();
    for (const [name, { expiresMs }] of this.#cookies) if (expiresMs <= now) this.#cookies.delete(name);
    return [...this.#cookies].map(([name, { value }]) => `${name}=${value}`).join('; ');
  }
}

/** `Max-Age` wins over `Expires`; without either a cookie is kept as long as the client. */
function expiryOf(attributes: readonly string[]): number {
  const attributeOf = (name: string) =>
    attributes.find((attribute) => attribute.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
  const maxAge = attributeOf('max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Date.now() + Number(maxAge) * 1000;
  const expires = Date.parse(attributeOf('expires') ?? '');
  return Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires;
}
