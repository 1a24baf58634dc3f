import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { GrpcError, Status } from '@signaldb/grpc';

/** How long a call's proof is good: more than clocks differ. */
const proofMs = 300_000;
/** A proof is used again for so long. */
const renewMs = 60_000;
const proofPrefix = 'cluster.';

export interface ClusterKeyOptions {
  /** The clock, for tests. */
  readonly nowMs?: () => number;
}

/**
 * The secret that all services of a cluster share, and nobody else: known from the start where it is configured, else learnt from
 * the control plane with the registration. Keys for single purposes are derived of it, so that what was signed for one can't
 * be taken for another.
 */
export class ClusterKey {
  /** Given by the operator; otherwise the control plane makes one. */
  readonly configured: boolean;
  readonly #nowMs: () => number;
  readonly #derived = new Map<string, Buffer>();
  #secret: Uint8Array | undefined;
  #proof: { readonly text: string; readonly renewAtMs: number } | undefined;

  constructor(configured?: string, { nowMs = Date.now }: ClusterKeyOptions = {}) {
    this.configured = configured !== undefined;
    this.#secret = configured === undefined ? undefined : Buffer.from(configured);
    this.#nowMs = nowMs;
  }

  get known(): boolean {
    return this.#secret !== undefined;
  }

  /** What the control plane says; of no effect where the key is configured. */
  learn(secret: Uint8Array): void {
    if (this.configured || (this.#secret && Buffer.compare(this.#secret, secret) === 0)) return;
    this.#secret = secret;
    this.#derived.clear();
    this.#proof = undefined;
  }

  /** The key itself, for who hands it to members. Undefined until it is known. */
  get secret(): Uint8Array | undefined {
    return this.#secret;
  }

  /** 32 bytes for one purpose. @throws GrpcError UNAVAILABLE until the key is known */
  derive(purpose: string): Buffer {
    const secret = this.#secret;
    if (!secret)
      throw new GrpcError(
        Status.UNAVAILABLE,
        'this service has not reached the control plane yet; try again in a moment',
      );
    let key = this.#derived.get(purpose);
    if (!key) {
      key = Buffer.from(hkdfSync('sha256', secret, '', `signaldb ${purpose}`, 32));
      this.#derived.set(purpose, key);
    }
    return key;
  }

  /**
   * What a call between services carries as `authorization`: says that the caller has the key, for five minutes.
   * Undefined until the key is known.
   */
  authorization(): string | undefined {
    if (!this.#secret) return undefined;
    const now = this.#nowMs();
    if (!this.#proof || now >= this.#proof.renewAtMs) {
      const until = String(now + proofMs);
      const text = `Bearer ${proofPrefix}${until}.${this.#sign(until).toString('base64url')}`;
      this.#proof = { text, renewAtMs: now + renewMs };
    }
    return this.#proof.text;
  }

  /** Whether a bearer token is a proof of who has the key, and still good. */
  proves(token: string): boolean {
    if (!this.#secret || !token.startsWith(proofPrefix)) return false;
    const [until = '', signature = '', ...more] = token.slice(proofPrefix.length).split('.');
    if (more.length > 0 || !/^\d{1,15}$/.test(until)) return false;
    const given = Buffer.from(signature, 'base64url');
    const expected = this.#sign(until);
    return given.length === expected.length && timingSafeEqual(given, expected) && this.#nowMs() < Number(until);
  }

  #sign(until: string): Buffer {
    return createHmac('sha256', this.derive('calls between services')).update(until).digest();
  }
}
