import type { X509Certificate } from 'node:crypto';
import type { Metadata } from './metadata.ts';

/** What a handler knows of its call beside the request, and can say beside the response. */
export interface ServerCall {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** What the client sent. */
  readonly metadata: Metadata;
  /** The client's address and port; `unix` where it came by a Unix socket. */
  readonly peer: string;
  /** The client's certificate, where it sent one (TLS option `requestCert`) that the server's `ca` vouches for. */
  readonly peerCertificate: X509Certificate | undefined;
  /**
   * Aborted when the answer isn't wanted any more: the client cancelled, the deadline passed, the connection was lost, or
   * the server closed. Its reason is the GrpcError.
   */
  readonly signal: AbortSignal;
  /** When the client stops waiting; the server then ends the call with DEADLINE_EXCEEDED by itself. */
  readonly deadline: Date | undefined;
  /** Metadata to send before the first response; changes after that have no effect. */
  readonly responseHeaders: Metadata;
  /** Metadata to send with the status. */
  readonly trailers: Metadata;
  /** Whether responses that are sent from now on are compressed, where the client takes it. False at first; has to be set before the headers are sent to have any effect. */
  compress: boolean;
  /** Sends `responseHeaders` now instead of with the first response. */
  sendHeaders(): void;
}

/** Runs before the handler, in the order given; throws a GrpcError to refuse the call. */
export type Interceptor = (call: ServerCall) => void | Promise<void>;

/** How a call went; given to `onCallEnd` once a call. */
export interface CallReport {
  readonly path: string;
  readonly peer: string;
  readonly code: number;
  readonly durationMs: number;
  readonly requestMessages: number;
  readonly requestBytes: number;
  readonly responseMessages: number;
  readonly responseBytes: number;
}
