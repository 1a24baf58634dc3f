// What queries ask of a writer: the hot files of logs, up to the LSNs that were acknowledged before the query began.
import { createReadStream } from 'node:fs';
import type { CallContext } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { HotFile } from './hot-files.ts';
import type { LogRegistry } from './log-registry.ts';
import type { TimeRange } from './log-table.ts';
import { jsonBytes, parseJsonObject, tenantOf } from './stream-messages.ts';
import type { TableSet } from './table-set.ts';
import type { WriterContext } from './writer-context.ts';

export interface ReadBarrier {
  readonly context: WriterContext;
  readonly logs: LogRegistry;
  readonly tables: TableSet;
}

interface BarrierRequest {
  readonly tenant: string;
  readonly tables: readonly string[] | undefined;
  readonly logs: readonly { readonly logId: string; readonly epoch: number; readonly lsn: number }[];
  readonly minTime: bigint | undefined;
  readonly maxTime: bigint | undefined;
}

interface MissingLog {
  readonly log_id: string;
  readonly reason: string;
}

/**
 * Action `hot_files`: waits until the logs' rows have come, cuts them, and lists the hot files of the tables and times
 * asked for. Logs that this writer can't speak for are named as missing: then the answer isn't whole.
 */
export async function hotFilesAction(barrier: ReadBarrier, body: Uint8Array, call: CallContext): Promise<Uint8Array> {
  const request = parseRequest(body);
  const missing = await awaitLogs(barrier, request, call.signal);
  const tables = barrier.tables.of(request.tenant, request.tables);
  await Promise.all(tables.map((table) => table.flushToHotFiles(request)));
  const epochs = new Map(request.logs.map(({ logId, epoch }) => [logId, epoch]));
  for (const { log_id } of missing) epochs.delete(log_id);
  // A stream that ended while its rows were cut has taken them along.
  for (const { logId, epoch } of request.logs) {
    if (epochs.has(logId) && barrier.logs.get(logId)?.epoch !== epoch) {
      epochs.delete(logId);
      missing.push({ log_id: logId, reason: 'its stream was replaced' });
    }
  }
  const names = request.tables && new Set(request.tables);
  const files = [...barrier.context.hotFiles.list()]
    .filter(
      (file) =>
        file.tenant === request.tenant &&
        (!names || names.has(file.table)) &&
        epochs.get(file.logId) === file.epoch &&
        overlaps(file, request),
    )
    .map(fileJson);
  return jsonBytes({ files, missing });
}

async function awaitLogs(
  { context, logs }: ReadBarrier,
  request: BarrierRequest,
  signal: AbortSignal,
): Promise<MissingLog[]> {
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(context.config.barrierTimeoutMs)]);
  const missing = await Promise.all(
    request.logs.map(async ({ logId, epoch, lsn }): Promise<MissingLog[]> => {
      const log = await logs.waitFor(logId, epoch, timeout);
      if (!log?.isLive) return [{ log_id: logId, reason: 'this writer does not receive it' }];
      if (log.epoch !== epoch) return [{ log_id: logId, reason: `this writer has epoch ${log.epoch} of it` }];
      if (await log.waitFor(lsn, timeout)) return [];
      return [{ log_id: logId, reason: `received through LSN ${log.received} only` }];
    }),
  );
  return missing.flat();
}

const overlaps = (range: TimeRange, wanted: TimeRange): boolean =>
  (wanted.minTime === undefined || range.maxTime === undefined || range.maxTime >= wanted.minTime) &&
  (wanted.maxTime === undefined || range.minTime === undefined || range.minTime <= wanted.maxTime);

const fileJson = (file: HotFile) => ({
  tenant: file.tenant,
  table: file.table,
  log_id: file.logId,
  epoch: file.epoch,
  first_lsn: file.firstLsn,
  last_lsn: file.lastLsn,
  rows: file.rows,
  bytes: file.bytes,
  min_time: file.minTime?.toString(),
  max_time: file.maxTime?.toString(),
  path: file.path,
  name: file.name,
  trace_index: file.hasTraceSidecars,
});

function parseRequest(body: Uint8Array): BarrierRequest {
  const { tenant, tables, logs = {}, min_time, max_time } = parseJsonObject(body);
  if (tables !== undefined && (!Array.isArray(tables) || tables.some((name) => typeof name !== 'string')))
    refuse('tables is no list of names');
  if (typeof logs !== 'object' || logs === null) refuse('logs is no object');
  const entries = Object.entries(logs as Record<string, { epoch?: unknown; lsn?: unknown } | null>).map(
    ([logId, mark]) => {
      if (!Number.isSafeInteger(mark?.epoch) || !Number.isSafeInteger(mark?.lsn))
        refuse(`log ${logId} has no epoch and LSN`);
      return { logId, epoch: mark!.epoch as number, lsn: mark!.lsn as number };
    },
  );
  return {
    tenant: tenantOf(tenant),
    tables: tables as string[] | undefined,
    logs: entries,
    minTime: timeOf(min_time, 'min_time'),
    maxTime: timeOf(max_time, 'max_time'),
  };
}

function timeOf(value: unknown, name: string): bigint | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) refuse(`${name} is no decimal string of nanoseconds`);
  return BigInt(value as string);
}

function refuse(what: string): never {
  throw new GrpcError(Status.INVALID_ARGUMENT, `hot_files: ${what}`);
}

const chunkBytes = 1 << 20;

/** Action `fetch_hot_file`: a hot file's bytes, or those of one of its sidecars, in order. */
export async function* fetchHotFileAction({ context }: ReadBarrier, body: Uint8Array): AsyncGenerator<Uint8Array> {
  const { name } = parseJsonObject(body);
  const path = typeof name === 'string' ? context.hotFiles.pathOf(name) : undefined;
  if (!path) throw new GrpcError(Status.NOT_FOUND, `there is no hot file ${String(name)} (any more)`);
  yield* createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>;
}
