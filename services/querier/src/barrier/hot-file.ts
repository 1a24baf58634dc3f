import type { TableMetadata } from '@signaldb/iceberg';
import { z } from '@signaldb/runtime';
import type { TimeRange } from '../time-range.ts';

/** A Parquet file on a writer's disk, with rows of one log that may not be in the table's snapshot yet. */
export interface HotFile {
  readonly tenant: string;
  readonly table: string;
  /** Of a user's table: tells it from others of its name. */
  readonly tableUuid: string | undefined;
  readonly logId: string;
  readonly epoch: number;
  readonly firstLsn: number;
  readonly lastLsn: number;
  readonly rows: number;
  readonly bytes: number;
  readonly times: TimeRange;
  /** Names it at its writer; never used twice. */
  readonly name: string;
  /** Where it lies on the writer's machine. */
  readonly path: string;
  /** The writer's Flight location. */
  readonly location: string;
  readonly hasTraceFilter: boolean;
}

/** Whether a hot file has rows of this very table, rather than of one of its name that was dropped. */
export function isOf({ tableUuid }: HotFile, table: TableMetadata | undefined): boolean {
  return tableUuid === undefined || tableUuid === table?.['table-uuid'];
}

const time = z.string().transform(BigInt).nullish();

const fileSchema = z.object({
  tenant: z.string(),
  table: z.string(),
  table_uuid: z.string().nullish(),
  log_id: z.string(),
  epoch: z.number(),
  first_lsn: z.number(),
  last_lsn: z.number(),
  rows: z.number(),
  bytes: z.number(),
  min_time: time,
  max_time: time,
  path: z.string(),
  name: z.string().regex(/^[A-Za-z0-9_.-]+$/),
  trace_index: z.boolean().nullish(),
});

const answerSchema = z.object({
  files: z.array(fileSchema),
  missing: z.array(z.object({ log_id: z.string(), reason: z.string() })).default([]),
});

/** What a writer answers to `hot_files`. */
export interface HotFilesAnswer {
  readonly files: readonly HotFile[];
  readonly missing: readonly { readonly logId: string; readonly reason: string }[];
}

/** Reads a writer's answer. Throws what zod throws for one that isn't an answer. */
export function parseHotFiles(body: Uint8Array, location: string): HotFilesAnswer {
  const { files, missing } = answerSchema.parse(JSON.parse(Buffer.from(body).toString()));
  return {
    files: files.map((file) => ({
      tenant: file.tenant,
      table: file.table,
      tableUuid: file.table_uuid ?? undefined,
      logId: file.log_id,
      epoch: file.epoch,
      firstLsn: file.first_lsn,
      lastLsn: file.last_lsn,
      rows: file.rows,
      bytes: file.bytes,
      times: { min: file.min_time ?? undefined, max: file.max_time ?? undefined },
      name: file.name,
      path: file.path,
      location,
      hasTraceFilter: file.trace_index === true,
    })),
    missing: missing.map(({ log_id: logId, reason }) => ({ logId, reason })),
  };
}

const barrierSchema = z.object({
  log_id: z.string(),
  epoch: z.number().default(0),
  lsn: z.number(),
  writer_id: z.string().nullish(),
});

/** What an acceptor answers to `barrier`: every row acknowledged before has an LSN up to `lsn`. */
export interface LogEnd {
  readonly logId: string;
  readonly epoch: number;
  readonly lsn: number;
  /** '' where no writer has the log. */
  readonly writerId: string;
}

/** Reads an acceptor's answer. Throws what zod throws for one that isn't an answer. */
export function parseLogEnd(body: Uint8Array): LogEnd {
  const {
    log_id: logId,
    epoch,
    lsn,
    writer_id: writerId,
  } = barrierSchema.parse(JSON.parse(Buffer.from(body).toString()));
  return { logId, epoch, lsn, writerId: writerId ?? '' };
}
