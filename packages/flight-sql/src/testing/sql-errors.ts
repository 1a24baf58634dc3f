import { DuckDbError } from '@signaldb/duckdb';
import { GrpcError, Status } from '@signaldb/grpc';

/** What a client is told of an error of DuckDB: whose fault it is, and where in the text. Others are left as they are. */
export function asGrpcError(error: unknown): unknown {
  if (!(error instanceof DuckDbError)) return error;
  const { position } = error;
  const place = position ? `line ${position.line}, column ${position.column}: ` : '';
  return new GrpcError(statusOf(error), place + error.message, undefined, { cause: error });
}

function statusOf({ kind, details }: DuckDbError): Status {
  if (details.error_subtype === 'MISSING_ENTRY') return Status.NOT_FOUND;
  if (details.error_subtype === 'ENTRY_ALREADY_EXISTS') return Status.ALREADY_EXISTS;
  switch (kind) {
    case 'Interrupted':
    case 'INTERRUPT':
      return Status.CANCELLED;
    case 'Out of Memory':
      return Status.RESOURCE_EXHAUSTED;
    case 'Constraint':
      return Status.ALREADY_EXISTS;
    case 'Transaction':
      return Status.FAILED_PRECONDITION;
    case 'INTERNAL':
    case 'FATAL':
    case 'Closed':
    case 'Busy':
      return Status.INTERNAL;
    default:
      return Status.INVALID_ARGUMENT;
  }
}
