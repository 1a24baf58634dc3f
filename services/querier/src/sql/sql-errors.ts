import { DuckDbError } from '@signaldb/duckdb';
import { GrpcError, Status } from '@signaldb/grpc';
import type { QuerierConfig } from '../config.ts';
import { plainMessage } from './error-message.ts';
import { guessPlace } from './error-place.ts';
import type { CheckedStatement } from './statement.ts';
import { statementStarts } from './statement-starts.ts';

/** What is known of a statement when it fails. */
export interface StatementAtHand {
  readonly sql: string;
  /** Absent before it is checked. */
  statement?: CheckedStatement;
  /** Columns of the tables that it reads, once those are open. */
  columns?: readonly string[];
}

/** An error at a place, given as an offset in bytes of UTF-8. */
export function invalidAt(
  sql: string,
  byteOffset: number,
  message: string,
  status: number = Status.INVALID_ARGUMENT,
): GrpcError {
  const before = Buffer.from(sql).subarray(0, byteOffset).toString();
  const line = before.split('\n').length;
  const column = [...before.slice(before.lastIndexOf('\n') + 1)].length + 1;
  return new GrpcError(status, `line ${line}, column ${column}: ${message}`);
}

const faults = new Set(['IO', 'Closed', 'Busy', 'Unknown', 'Interrupted']);
/** Kinds of errors that come up while rows are computed: their places may be those of a function's own text. */
const whileRunning = new Set(['Conversion', 'Out of Range', 'Invalid Input']);

/** How an error of a user's SQL is told: with the place, and what to do. Faults of ours stay what they are. */
export function sqlError(error: unknown, config: QuerierConfig, at: StatementAtHand): unknown {
  if (!(error instanceof DuckDbError)) return error;
  if (error.kind === 'Out of Memory') return new GrpcError(Status.RESOURCE_EXHAUSTED, tooLarge(error.message, config));
  if (faults.has(error.kind) && /No space left/i.test(error.message)) {
    return new GrpcError(
      Status.RESOURCE_EXHAUSTED,
      'the disk that queries spill to is full; try again when others have ended',
    );
  }
  if (error.kind === 'FATAL') {
    return new GrpcError(
      Status.UNAVAILABLE,
      'DuckDB failed for good, and starts anew; this or another statement of the tenant is too much for it',
    );
  }
  if (faults.has(error.kind)) return error;
  const message =
    error.kind === 'INTERNAL'
      ? `DuckDB fails on this statement; write it in another way (${firstLine(error.message)})`
      : plainMessage(error.message, error.details, { columns: at.columns ?? [] });
  return invalidAt(at.sql, placeOf(error, at), message);
}

function placeOf(error: DuckDbError, { sql, statement }: StatementAtHand): number {
  const { position, kind, message } = error;
  const hasOwnText = statement !== undefined && (statement.views.length > 0 || statement.usesBuiltins);
  const isInText = position !== undefined && position.offset <= sql.length;
  if (isInText && !(hasOwnText && whileRunning.has(kind))) return Buffer.byteLength(sql.slice(0, position.offset));
  const start = Buffer.byteLength(sql.slice(0, statementStarts(sql)[0] ?? 0));
  return guessPlace(sql, message, statement?.tree, start);
}

function tooLarge(message: string, { sqlMemoryBytesMax, sqlSpillBytesMax }: QuerierConfig): string {
  const memory = `${sqlMemoryBytesMax} bytes of memory (setting querier.sqlMemoryBytesMax)`;
  const disk = `${sqlSpillBytesMax} bytes of disk (setting querier.sqlSpillBytesMax)`;
  const limit = /max_temp_directory_size|offload/.test(message)
    ? `the query needs more than the ${disk} that a tenant’s queries may spill to together, beside their ${memory}`
    : `the query needs more than the ${memory} that a tenant’s queries have together; what can be spilled goes to ${disk}`;
  return `${limit}; ask for less, raise the limit, or try again when other queries of the tenant have ended`;
}

const firstLine = (text: string): string => text.split('\n', 1)[0]!;
