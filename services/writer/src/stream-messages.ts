// The JSON that travels in app_metadata between an acceptor and its writer.
import { GrpcError, Status } from '@signaldb/grpc';

/** The first message of a log's stream. */
export interface StreamOpening {
  readonly logId: string;
  readonly epoch: number;
  readonly acceptorId: string;
}

/** What a batch is: rows of one table, in the order of their LSNs. All rows that an LSN has in the table are in it. */
export interface BatchHeader {
  readonly tenant: string;
  readonly table: string;
  /** Of a user's table: tells it from others of its name. Absent for the signals' tables, and in logs of older versions. */
  readonly tableUuid?: string | undefined;
  readonly firstLsn: number;
  readonly lastLsn: number;
  /** How many rows belong to which LSN; ascending. */
  readonly runs: readonly (readonly [lsn: number, rows: number])[];
}

export type StreamMessage =
  | { readonly kind: 'opening'; readonly opening: StreamOpening }
  | { readonly kind: 'batch'; readonly header: BatchHeader }
  /** Everything up to this LSN has been sent. */
  | { readonly kind: 'through'; readonly lsn: number };

export type DurabilityLevel = 'memory' | 'object_storage' | 'iceberg_committed';

const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

const refuse = (what: string): never => {
  throw new GrpcError(Status.INVALID_ARGUMENT, `log stream: ${what}`);
};

/** JSON of app_metadata or of an action's body. Throws INVALID_ARGUMENT. */
export function parseJsonObject(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    // told below
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('a JSON object is expected');
  return value as Record<string, unknown>;
}

export const jsonBytes = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));

function lsnOf(value: unknown, name: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) refuse(`${name} is no LSN`);
  return value as number;
}

const tenantPattern = /^[A-Za-z0-9_.-]{1,64}$/;
const tableNameMax = 255;

function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') refuse(`${name} is missing`);
  return value as string;
}

export function tenantOf(value: unknown): string {
  const tenant = textOf(value, 'tenant');
  return tenantPattern.test(tenant) ? tenant : refuse('tenant is no tenant name');
}

/** Throws INVALID_ARGUMENT for what is none of the three kinds of messages. */
export function parseStreamMessage(bytes: Uint8Array): StreamMessage {
  const message = parseJsonObject(bytes);
  if ('through_lsn' in message) return { kind: 'through', lsn: lsnOf(message.through_lsn, 'through_lsn') };
  if ('table_name' in message) return { kind: 'batch', header: batchHeader(message) };
  if ('log_id' in message) {
    const opening = {
      logId: textOf(message.log_id, 'log_id'),
      epoch: lsnOf(message.epoch, 'epoch'),
      acceptorId: textOf(message.acceptor_id, 'acceptor_id'),
    };
    return { kind: 'opening', opening };
  }
  return refuse('a message without table_name, through_lsn or log_id');
}

function batchHeader(message: Record<string, unknown>): BatchHeader {
  const table = textOf(message.table_name, 'table_name');
  if (table.length > tableNameMax) refuse('table_name is too long');
  const firstLsn = lsnOf(message.first_lsn, 'first_lsn');
  const lastLsn = lsnOf(message.last_lsn, 'last_lsn');
  if (!Array.isArray(message.runs) || message.runs.length === 0) refuse('runs are missing');
  let before = firstLsn - 1;
  const runs = (message.runs as unknown[]).map((run): readonly [number, number] => {
    if (!Array.isArray(run) || run.length !== 2) return refuse('a run is [lsn, rows]');
    const [lsn, rows] = [lsnOf(run[0], 'the LSN of a run'), lsnOf(run[1], 'the rows of a run')];
    if (lsn <= before || lsn > lastLsn) refuse('runs are not in the order of their LSNs');
    before = lsn;
    return [lsn, rows];
  });
  const tableUuid = message.table_uuid === undefined ? undefined : textOf(message.table_uuid, 'table_uuid');
  return { tenant: tenantOf(message.tenant), table, tableUuid, firstLsn, lastLsn, runs };
}
