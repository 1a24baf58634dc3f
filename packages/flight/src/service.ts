import type { X509Certificate } from 'node:crypto';
import type { Metadata } from '@signaldb/grpc';
import type { Schema } from 'apache-arrow';
import type { Principal } from './auth/principal.ts';
import type { FlightDescriptor } from './descriptor.ts';
import type { FlightInfo, PollInfo } from './flight-info.ts';
import type { FlightMessage } from './flight-message.ts';
import type { TraceParent } from './middleware/trace-parent.ts';

/** One step of authentication. */
export interface HandshakeMessage {
  readonly protocolVersion?: number;
  readonly payload: Uint8Array;
}

export interface FlightAction {
  readonly type: string;
  readonly body: Uint8Array;
}

export interface FlightActionType {
  readonly type: string;
  readonly description: string;
}

/** What a call knows of its caller. */
export interface CallContext {
  /** Headers of the request; keys in lower case. */
  readonly metadata: Metadata;
  /** Aborted when the client cancels, its deadline passes or the connection is lost. */
  readonly signal: AbortSignal;
  readonly deadline?: Date;
  /** The caller's address, `inproc` in process. */
  readonly peer: string;
  /** Sent with the first message of the answer. */
  readonly responseHeaders: Metadata;
  readonly transport: 'inproc' | 'grpc';
  /** Who calls, as `withAuthentication` found out; absent where nobody asked. */
  readonly principal?: Principal;
  /** The span of this call, where `serviceTracing` is in use: `traceHeaders` hands it on. */
  readonly trace?: TraceParent;
  /** The client's TLS certificate, where it sent one that the server's `ca` vouches for. */
  readonly peerCertificate?: X509Certificate;
}

/**
 * Flight's ten calls. An implementer fills what it serves; what is missing answers UNIMPLEMENTED.
 * Errors are thrown as `GrpcError`; anything else becomes UNKNOWN.
 * https://arrow.apache.org/docs/format/Flight.html#rpc-methods-and-request-patterns
 */
export interface FlightService {
  handshake(requests: AsyncIterable<HandshakeMessage>, context: CallContext): AsyncIterable<HandshakeMessage>;
  listFlights(criteria: Uint8Array, context: CallContext): AsyncIterable<FlightInfo>;
  getFlightInfo(descriptor: FlightDescriptor, context: CallContext): Promise<FlightInfo>;
  pollFlightInfo(descriptor: FlightDescriptor, context: CallContext): Promise<PollInfo>;
  getSchema(descriptor: FlightDescriptor, context: CallContext): Promise<Schema>;
  doGet(ticket: Uint8Array, context: CallContext): AsyncIterable<FlightMessage>;
  /** Yields the `app_metadata` of each PutResult. */
  doPut(messages: AsyncIterable<FlightMessage>, context: CallContext): AsyncIterable<Uint8Array>;
  doExchange(messages: AsyncIterable<FlightMessage>, context: CallContext): AsyncIterable<FlightMessage>;
  /** Yields the body of each Result. */
  doAction(action: FlightAction, context: CallContext): AsyncIterable<Uint8Array>;
  listActions(context: CallContext): AsyncIterable<FlightActionType>;
}

/** The name of one of Flight's ten calls. */
export type FlightCall = keyof FlightService;
