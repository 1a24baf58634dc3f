import type { Metadata } from '@signaldb/grpc';
import type { Schema } from 'apache-arrow';
import type { FlightDescriptor } from './descriptor.ts';
import type { FlightInfo, PollInfo } from './flight-info.ts';
import type { FlightMessage } from './flight-message.ts';
import type { FlightAction, FlightActionType, HandshakeMessage } from './service.ts';

export interface CallOptions {
  /** Headers of the request. Keys that end in `-bin` hold base64. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Aborting cancels the call; what waits for it fails with CANCELLED. */
  readonly signal?: AbortSignal;
  /** After that the call fails with DEADLINE_EXCEEDED, on both sides. */
  readonly timeoutMs?: number;
  /** Called once with the headers of the answer. */
  readonly onHeaders?: (headers: Metadata) => void;
}

/**
 * The ten calls, seen from a client. A call begins when its method is called, read or not; leaving a stream early
 * (`break`, `return`) cancels it. Errors are `GrpcError`, whatever the transport.
 */
export interface FlightClient {
  readonly location: string;
  handshake(requests: AsyncIterable<HandshakeMessage>, options?: CallOptions): AsyncIterable<HandshakeMessage>;
  listFlights(criteria?: Uint8Array, options?: CallOptions): AsyncIterable<FlightInfo>;
  getFlightInfo(descriptor: FlightDescriptor, options?: CallOptions): Promise<FlightInfo>;
  pollFlightInfo(descriptor: FlightDescriptor, options?: CallOptions): Promise<PollInfo>;
  getSchema(descriptor: FlightDescriptor, options?: CallOptions): Promise<Schema>;
  doGet(ticket: Uint8Array, options?: CallOptions): AsyncIterable<FlightMessage>;
  doPut(messages: AsyncIterable<FlightMessage>, options?: CallOptions): AsyncIterable<Uint8Array>;
  doExchange(messages: AsyncIterable<FlightMessage>, options?: CallOptions): AsyncIterable<FlightMessage>;
  doAction(action: FlightAction, options?: CallOptions): AsyncIterable<Uint8Array>;
  listActions(options?: CallOptions): AsyncIterable<FlightActionType>;
  /** Ends the connection; calls that still run are cancelled. May be called twice. */
  close(): Promise<void>;
}
