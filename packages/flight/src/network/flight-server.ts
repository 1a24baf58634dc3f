import type { GrpcServer, ServerCall } from '@signaldb/grpc';
import { arrowStatusTrailers } from '../arrow-status.ts';
import { askedCompression } from '../compression-header.ts';
import type { FlightMessage } from '../flight-message.ts';
import type { Compression } from '../ipc/compression.ts';
import type { IpcLimits } from '../ipc/limits.ts';
import { encodeSchemaBytes } from '../ipc/schema-bytes.ts';
import type { CallContext, FlightService } from '../service.ts';
import { FlightDataDecoder } from '../stream/decode.ts';
import { type EncodedMessage, FlightDataEncoder } from '../stream/encode.ts';
import { descriptorFromWire, flightInfoToWire, pollInfoToWire } from '../wire/messages.ts';
import { flightMethods } from './flight-methods.ts';

/** @grpc/grpc-js receives a message into one buffer together with its length prefix. */
const CLIENT_PREFIX_BYTES = 5;

export interface FlightServerOptions {
  /** What is taken from one stream of a client. */
  readonly limits?: Partial<IpcLimits>;
  /** Compresses the bodies of what is sent, where the client doesn't ask for something else: see COMPRESSION_HEADER. */
  readonly compression?: Compression;
}

/** Serves Flight's calls on a gRPC server; those that the service lacks answer UNIMPLEMENTED. */
export function addFlightService(
  server: GrpcServer,
  service: Partial<FlightService>,
  options: FlightServerOptions = {},
): void {
  const all = implementation(service, options);
  const served = Object.entries(all).filter(([name]) => service[name as keyof FlightService] !== undefined);
  server.addService(flightMethods, Object.fromEntries(served) as unknown as typeof all, {
    errorMetadata: arrowStatusTrailers,
  });
}

function implementation(service: Partial<FlightService>, options: FlightServerOptions) {
  const decoded = (requests: AsyncIterable<Buffer>) => decodeMessages(requests, options.limits);
  const encoded = (call: ServerCall, serve: () => AsyncIterable<FlightMessage>) => {
    const compression = askedCompression(call.metadata, options.compression);
    return encodeMessages(serve(), compression);
  };
  return {
    handshake: (requests: AsyncIterable<{ protocolVersion: bigint; payload: Buffer }>, call: ServerCall) =>
      mapped(
        service.handshake!(
          mapped(requests, ({ protocolVersion, payload }) => ({ protocolVersion: Number(protocolVersion), payload })),
          contextOf(call),
        ),
        ({ protocolVersion = 0, payload }) => ({
          protocolVersion: BigInt(protocolVersion),
          payload: asBuffer(payload),
        }),
      ),
    listFlights: ({ expression }: { expression: Buffer }, call: ServerCall) =>
      mapped(service.listFlights!(expression, contextOf(call)), flightInfoToWire),
    getFlightInfo: async (wire: Parameters<typeof descriptorFromWire>[0], call: ServerCall) =>
      flightInfoToWire(await service.getFlightInfo!(descriptorFromWire(wire), contextOf(call))),
    pollFlightInfo: async (wire: Parameters<typeof descriptorFromWire>[0], call: ServerCall) =>
      pollInfoToWire(await service.pollFlightInfo!(descriptorFromWire(wire), contextOf(call))),
    getSchema: async (wire: Parameters<typeof descriptorFromWire>[0], call: ServerCall) => ({
      schema: asBuffer(encodeSchemaBytes(await service.getSchema!(descriptorFromWire(wire), contextOf(call)))),
    }),
    doGet: ({ ticket }: { ticket: Buffer }, call: ServerCall) =>
      encoded(call, () => service.doGet!(ticket, contextOf(call))),
    doPut: (requests: AsyncIterable<Buffer>, call: ServerCall) =>
      mapped(service.doPut!(decoded(requests), contextOf(call)), (bytes) => ({ appMetadata: asBuffer(bytes) })),
    doExchange: (requests: AsyncIterable<Buffer>, call: ServerCall) =>
      encoded(call, () => service.doExchange!(decoded(requests), contextOf(call))),
    doAction: (action: { type: string; body: Buffer }, call: ServerCall) =>
      mapped(service.doAction!(action, contextOf(call)), (body) => ({ body: asBuffer(body) })),
    listActions: (_: unknown, call: ServerCall) =>
      mapped(service.listActions!(contextOf(call)), ({ type, description }) => ({ type, description })),
  };
}

function contextOf(call: ServerCall): CallContext {
  return {
    metadata: call.metadata,
    signal: call.signal,
    peer: call.peer,
    responseHeaders: call.responseHeaders,
    transport: 'grpc',
    ...(call.deadline && { deadline: call.deadline }),
    ...(call.peerCertificate && { peerCertificate: call.peerCertificate }),
  };
}

async function* decodeMessages(
  requests: AsyncIterable<Buffer>,
  limits: Partial<IpcLimits> | undefined,
): AsyncGenerator<FlightMessage> {
  const decoder = new FlightDataDecoder(limits);
  for await (const bytes of requests) {
    const message = decoder.decode(bytes);
    if (message) yield message;
  }
}

async function* encodeMessages(
  messages: AsyncIterable<FlightMessage>,
  compression: Compression | undefined,
): AsyncGenerator<EncodedMessage> {
  const encoder = new FlightDataEncoder({ compression, messageStart: CLIENT_PREFIX_BYTES });
  for await (const message of messages) yield* encoder.encode(message);
}

async function* mapped<T, U>(items: AsyncIterable<T>, map: (item: T) => U): AsyncGenerator<U> {
  for await (const item of items) yield map(item);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
