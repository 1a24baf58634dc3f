import { createHmac, timingSafeEqual } from 'node:crypto';
import { GrpcError, Status } from '@signaldb/grpc';

/** Protects handles and tickets on their way through clients. */
export interface TicketSeal {
  seal(content: Uint8Array): Uint8Array;
  /** Throws GrpcError where it isn't (or no longer) good. */
  open(sealed: Uint8Array): Uint8Array;
  /** When what is sealed now ends being good. */
  expirationTime?(): Date;
}

/** No protection: for services whose clients may run any statement anyhow. */
export const plainSeal: TicketSeal = {
  seal: (content) => content,
  open: (sealed) => sealed,
};

const MAC_BYTES = 32;
const TIME_BYTES = 8;

/**
 * Signs with HMAC-SHA256 and a time after which it is no longer good: who has the key can open what another sealed.
 * `nowMs` is the clock, for tests.
 */
export function createHmacSeal(options: {
  readonly key: Uint8Array;
  readonly lifetimeMs: number;
  readonly nowMs?: () => number;
}): TicketSeal {
  const { key, lifetimeMs, nowMs = Date.now } = options;
  const mac = (bytes: Uint8Array): Buffer => createHmac('sha256', key).update(bytes).digest();
  return {
    seal(content) {
      const signed = Buffer.alloc(TIME_BYTES + content.length);
      signed.writeDoubleBE(nowMs() + lifetimeMs, 0);
      signed.set(content, TIME_BYTES);
      return Buffer.concat([mac(signed), signed]);
    },
    open(sealed) {
      const signed = sealed.subarray(MAC_BYTES);
      if (signed.length < TIME_BYTES || !timingSafeEqual(sealed.subarray(0, MAC_BYTES), mac(signed))) {
        throw new GrpcError(
          Status.INVALID_ARGUMENT,
          'the ticket or handle was not made by this service, or was changed',
        );
      }
      const expires = new DataView(signed.buffer, signed.byteOffset, TIME_BYTES).getFloat64(0);
      if (nowMs() > expires)
        throw new GrpcError(Status.NOT_FOUND, 'the ticket or handle has expired: prepare and run the statement again');
      return signed.subarray(TIME_BYTES);
    },
    expirationTime: () => new Date(nowMs() + lifetimeMs),
  };
}
