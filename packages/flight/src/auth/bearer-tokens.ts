import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Authenticator } from './authenticator.ts';
import type { Principal } from './principal.ts';

export interface BearerTokenOptions {
  /** At least 32 secret bytes. Every server that has them takes the tokens of the others. */
  readonly key: Uint8Array;
  /** Keys whose tokens are still taken, but no longer made: for changing the key. */
  readonly olderKeys?: readonly Uint8Array[];
  /** How long a token is good. Default 12 hours. */
  readonly lifetimeMs?: number;
  /** The clock, for tests. */
  readonly nowMs?: () => number;
}

const VERSION = 'v1';
const LIFETIME_MS = 12 * 3_600_000;
const KEY_BYTES_MIN = 32;

/**
 * Bearer tokens that hold the principal, signed with HMAC-SHA256, and expire: an Authenticator's `issue` and `bearer`. Who holds
 * a token can read its claims, which have to be JSON. A token can't be taken back before it expires.
 * Throws a TypeError where a key is too short.
 */
export function createBearerTokens(options: BearerTokenOptions): Required<Pick<Authenticator, 'issue' | 'bearer'>> {
  const { lifetimeMs = LIFETIME_MS, nowMs = Date.now } = options;
  const current = signingKey(options.key);
  const keys = [current, ...(options.olderKeys ?? []).map(signingKey)];
  return {
    async issue(principal) {
      const expiresMs = nowMs() + lifetimeMs;
      const content = Buffer.from(JSON.stringify({ principal, expiresMs })).toString('base64url');
      return {
        token: `${VERSION}.${content}.${mac(current, content).toString('base64url')}`,
        expires: new Date(expiresMs),
      };
    },
    async bearer(token) {
      const [version, content, signature, ...rest] = token.split('.');
      if (version !== VERSION || !content || !signature || rest.length > 0) return undefined;
      const given = Buffer.from(signature, 'base64url');
      if (!keys.some((key) => sameBytes(mac(key, content), given))) return undefined;
      const { principal, expiresMs } = JSON.parse(Buffer.from(content, 'base64url').toString()) as {
        principal: Principal;
        expiresMs: number;
      };
      return nowMs() < expiresMs ? principal : undefined;
    },
  };
}

/** A key of its own, so that nothing else signed with the secret can be taken for a token. */
function signingKey(secret: Uint8Array): Buffer {
  if (secret.length < KEY_BYTES_MIN)
    throw new TypeError(`a key for bearer tokens needs ${KEY_BYTES_MIN} bytes or more`);
  return Buffer.from(hkdfSync('sha256', secret, '', 'arrow-flight bearer token', KEY_BYTES_MIN));
}

function mac(key: Buffer, content: string): Buffer {
  return createHmac('sha256', key).update(content).digest();
}

function sameBytes(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
