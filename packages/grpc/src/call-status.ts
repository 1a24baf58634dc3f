import type { OutgoingHttpHeaders } from 'node:http2';
import { GrpcError } from './grpc-error.ts';
import type { GrpcLogger } from './logger.ts';
import type { Metadata } from './metadata.ts';
import { percentEncode } from './percent-encoding.ts';
import { isStatus, Status } from './status.ts';

// Trailers are headers: what doesn't fit into a client's header limit would lose the whole status.
const messageBytesMax = 4 << 10;

/** The trailers that end a call. */
export function statusTrailers(
  error: GrpcError | undefined,
  trailers: Metadata | undefined,
  errorMetadata?: Metadata,
): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = {};
  trailers?.addTo(headers);
  if (!error) {
    headers['grpc-status'] = '0';
    return headers;
  }
  error.metadata?.addTo(headers);
  errorMetadata?.addTo(headers);
  headers['grpc-status'] = String(error.code);
  if (error.details) headers['grpc-message'] = percentEncode(error.details.slice(0, messageBytesMax));
  return headers;
}

/** What the client is told of whatever a handler threw: gRPC errors as they are, others as UNKNOWN, and logged. */
export function toGrpcError(thrown: unknown, path: string, logger: GrpcLogger): GrpcError {
  if (thrown instanceof GrpcError && thrown.code !== Status.OK) return thrown;
  if (isStatusError(thrown)) return new GrpcError(thrown.code, thrown.details);
  logger.error({ err: thrown, path }, 'A gRPC handler failed');
  return new GrpcError(Status.UNKNOWN, 'The server failed to answer; its log says why');
}

// The errors of gRPC's clients, which a handler that calls another server may let through.
function isStatusError(thrown: unknown): thrown is { code: number; details: string } {
  if (!(thrown instanceof Error)) return false;
  const { code, details } = thrown as { code?: unknown; details?: unknown };
  return isStatus(code) && code !== Status.OK && typeof details === 'string';
}
