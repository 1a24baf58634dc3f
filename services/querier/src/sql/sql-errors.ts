import { DuckDbError } from '@signaldb/duckdb';
import { GrpcError, Status } from '@signaldb/grpc';
import type { QuerierConfig } from '../config.ts';

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

const faults = new Set(['INTERNAL', 'FATAL', 'IO', 'Closed', 'Busy', 'Unknown', 'Interrupted']);

/** How an error of a user's SQL is told. Faults of ours stay what they are. */
export function sqlError(error: unknown, config: QuerierConfig): unknown {
  if (!(error instanceof DuckDbError)) return error;
  if (error.kind === 'Out of Memory') {
    return new GrpcError(
      Status.RESOURCE_EXHAUSTED,
      `the query needs more than the ${config.sqlMemoryBytesMax} bytes of memory (setting querier.sqlMemoryBytesMax) and ${config.sqlSpillBytesMax} bytes of disk (querier.sqlSpillBytesMax) that a tenant’s queries have`,
    );
  }
  if (faults.has(error.kind)) return error;
  const place = error.position === undefined ? '' : `line ${error.position.line}, column ${error.position.column}: `;
  return new GrpcError(Status.INVALID_ARGUMENT, `${place}${error.message}`);
}
