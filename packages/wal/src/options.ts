import { WalError } from './errors.ts';
import type { LogEvents } from './log.ts';
import type { LogIo } from './log-io.ts';

export interface LogOptions extends LogEvents {
  /** The log's folder; made when it isn't there. */
  readonly dir: string;
  /** A segment's size, about. Default 64 MiB. */
  readonly segmentBytesMax?: number;
  /** The bytes that all segments together may have; then `append` throws LOG_FULL. Default 10 GiB, at least two segments. */
  readonly bytesMax?: number;
  /** Bytes that may wait for the disk; then `append` throws QUEUE_FULL. Default 64 MiB. */
  readonly queueBytesMax?: number;
  /** Bytes written with one fsync, about. Default 8 MiB. */
  readonly writeBytesMax?: number;
  /** A record's size. Default 256 MiB. */
  readonly recordBytesMax?: number;
  /** Trimmed segments stay this long, as far as `bytesMax` allows. Default 0. */
  readonly retainMs?: number;
  /** How many idempotency keys are remembered, and how long. Default 200 000 and one day. */
  readonly idempotencyKeysMax?: number;
  readonly idempotencyKeyAgeMsMax?: number;
  /** False gives up the promise that acknowledged records survive a power loss (a killed process loses nothing). */
  readonly fsync?: boolean;
  /** File operations. Default the file system. */
  readonly io?: LogIo;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

export type LogLimits = Required<
  Pick<
    LogOptions,
    | 'segmentBytesMax'
    | 'bytesMax'
    | 'queueBytesMax'
    | 'writeBytesMax'
    | 'recordBytesMax'
    | 'retainMs'
    | 'idempotencyKeysMax'
    | 'idempotencyKeyAgeMsMax'
  >
>;

const MiB = 2 ** 20;

export function limitsOf(options: LogOptions): LogLimits {
  const limits: LogLimits = {
    segmentBytesMax: options.segmentBytesMax ?? 64 * MiB,
    bytesMax: options.bytesMax ?? 10 * 1024 * MiB,
    queueBytesMax: options.queueBytesMax ?? 64 * MiB,
    writeBytesMax: options.writeBytesMax ?? 8 * MiB,
    recordBytesMax: options.recordBytesMax ?? 256 * MiB,
    retainMs: options.retainMs ?? 0,
    idempotencyKeysMax: options.idempotencyKeysMax ?? 200_000,
    idempotencyKeyAgeMsMax: options.idempotencyKeyAgeMsMax ?? 24 * 3600 * 1000,
  };
  for (const [name, value] of Object.entries(limits)) {
    if (!(value >= 0)) throw new WalError('INVALID_OPTIONS', `${name} is ${value}`);
  }
  if (limits.bytesMax < 2 * limits.segmentBytesMax) {
    throw new WalError(
      'INVALID_OPTIONS',
      `bytesMax (${limits.bytesMax}) must be at least two segments (segmentBytesMax is ${limits.segmentBytesMax})`,
    );
  }
  return limits;
}
