// What queries ask of a writer: the hot files of logs, up to the LSNs that were acknowledged before the query began.
import { createReadStream } from 'node:fs';
import type { CallContext } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { HotFile } from './hot-files.ts';
import type { LogRegistry } from './log-registry.ts';
import type { TimeRange } from './log-table.ts';
import { jsonBytes, parseJsonObject, tenantOf } from './stream-messages.ts';
import type { TableSet } from './table-set.ts';
import type { TableWriter } from './table-writer.ts';
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

/**
 * Action `hot_files`: waits until the logs' rows have come, cuts them, and lists the hot files of the tables and times
 * asked for. Logs that this writer can't speak for are named as missing: then the answer isn't whole.
 */
export async function hotFilesAction(barrier: ReadBarrier, body: Uint8Array, call: CallContext): Promise<Uint8Array> {
  const request = parseRequest(body);
  const timeout = () => AbortSignal.any([call.signal, AbortSignal.timeout(barrier.context.config.barrierTimeoutMs)]);
  const reasons = new Map<string, string>();
  await awaitLogs(barrier, request, timeout(), reasons);
  await awaitCuts(barrier.tables.of(request.tenant, request.tables), request, timeout(), reasons);
  const epochs = new Map<string, number>();
  for (const { logId, epoch } of request.logs) {
    const stream = barrier.logs.get(logId);
    // A stream that ended while its rows were cut has taken them along.
    if (!reasons.has(logId) && !(stream?.isLive && stream.epoch === epoch)) reasons.set(logId, 'its stream has ended');
    if (!reasons.has(logId)) epochs.set(logId, epoch);
  }
  const missing = request.logs.flatMap(({ logId }) =>
    reasons.has(logId) ? [{ log_id: logId, reason: reasons.get(logId) }] : [],
  );
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
  { logs }: ReadBarrier,
  request: BarrierRequest,
  timeout: AbortSignal,
  missing: Map<string, string>,
): Promise<void> {
  await Promise.all(
    request.logs.map(async ({ logId, epoch, lsn }) => {
      const log = await logs.waitFor(logId, epoch, timeout);
      if (!log?.isLive) missing.set(logId, 'this writer does not receive it');
      else if (log.epoch !== epoch) missing.set(logId, `this writer has epoch ${log.epoch} of it`);
      else if (!(await log.waitFor(lsn, timeout))) missing.set(logId, `received through LSN ${log.received} only`);
    }),
  );
}

/** Cuts that wait for a disk that is full, say, don't hold up a query for ever: it is told that they are missing. */
async function awaitCuts(
  tables: readonly TableWriter[],
  range: TimeRange,
  timeout: AbortSignal,
  missing: Map<string, string>,
): Promise<void> {
  const late = Promise.withResolvers<void>();
  timeout.addEventListener('abort', () => late.resolve(), { once: true });
  await Promise.race([Promise.all(tables.map((table) => table.flushToHotFiles(range))), late.promise]);
  if (!timeout.aborted) return;
  for (const part of tables.flatMap((table) => table.parts)) {
    if (part.isUnwritten(range)) missing.set(part.log.logId, 'its rows are not on disk yet');
  }
}

const overlaps = (range: TimeRange, wanted: TimeRange): boolean =>
  (wanted.minTime === undefined || range.maxTime === undefined || range.maxTime >= wanted.minTime) &&
  (wanted.maxTime === undefined || range.minTime === undefined || range.minTime <= wanted.maxTime);

const fileJson = (file: HotFile) => ({
  tenant: file.tenant,
  table: file.table,
  table_uuid: file.tableUuid,
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
