import { GrpcError, Status } from '@signaldb/grpc';
import { type DurabilityLevel, durabilityLevels } from '../forward/progress.ts';

/** What a Flight writer says about the batches that follow. */
export interface WriteRequest {
  readonly table: string;
  /** Acknowledgements come for every level up to this. */
  readonly durability: DurabilityLevel;
  readonly idempotencyKey?: string | undefined;
}

const keyBytesMax = 512;

/**
 * Reads a WriteRequest from a message's `app_metadata`. What it leaves out comes from the one before, or from the
 * descriptor's path. Throws INVALID_ARGUMENT.
 */
export function parseWriteRequest(bytes: Uint8Array, before: Partial<WriteRequest>): Partial<WriteRequest> {
  const json = parseObject(bytes);
  const { table_name: table = before.table, requested_durability: durability, idempotency_key: key } = json;
  if (table !== undefined && (typeof table !== 'string' || table === '')) throw invalid('table_name is no text');
  if (key !== undefined && key !== null && typeof key !== 'string') throw invalid('idempotency_key is no text');
  if (typeof key === 'string' && Buffer.byteLength(key) > keyBytesMax) {
    throw invalid(`idempotency_key is longer than ${keyBytesMax} bytes`);
  }
  return {
    ...(table !== undefined && { table: table as string }),
    durability: durability === undefined ? (before.durability ?? 'disk') : levelOf(durability),
    ...(typeof key === 'string' && key !== '' && { idempotencyKey: key }),
  };
}

function levelOf(name: unknown): DurabilityLevel {
  if (!(durabilityLevels as readonly unknown[]).includes(name)) {
    const shown = JSON.stringify(name)?.slice(0, 80);
    throw invalid(`requested_durability ${shown} is none of ${durabilityLevels.join(', ')}`);
  }
  if (name === 'replicated') throw invalid('requested_durability "replicated" needs a replicated log, this one is not');
  return name as DurabilityLevel;
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch (error) {
    throw invalid(`it is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('it is not a JSON object');
  return value as Record<string, unknown>;
}

function invalid(what: string): GrpcError {
  return new GrpcError(Status.INVALID_ARGUMENT, `app_metadata is no write request: ${what}`);
}
