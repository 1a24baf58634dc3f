import type { Client, ClientDuplexStream, ClientReadableStream } from '@grpc/grpc-js';
import type { FlightInfo as WireInfo, PollInfo as WirePollInfo } from '@signaldb/proto/arrow/flight/protocol/flight';
import type { Schema } from 'apache-arrow';
import { cancelled } from '../call-failure.ts';
import type { CallOptions, FlightClient } from '../client.ts';
import type { FlightDescriptor } from '../descriptor.ts';
import type { FlightInfo, PollInfo } from '../flight-info.ts';
import type { FlightMessage } from '../flight-message.ts';
import type { Compression } from '../ipc/compression.ts';
import type { IpcLimits } from '../ipc/limits.ts';
import { decodeSchemaBytes } from '../ipc/schema-bytes.ts';
import type { FlightAction, FlightActionType, HandshakeMessage } from '../service.ts';
import { BoundedQueue } from '../stream/bounded-queue.ts';
import { FlightDataDecoder } from '../stream/decode.ts';
import { type EncodedMessage, FlightDataEncoder } from '../stream/encode.ts';
import { descriptorToWire, flightInfoFromWire, pollInfoFromWire } from '../wire/messages.ts';
import { flightMethods } from './flight-methods.ts';
import { fromServiceError, metadataFromWire, metadataToWire } from './grpc-channel.ts';
import { Http2Call } from './http2-call.ts';
import type { Http2Link } from './http2-link.ts';
import { toGrpcMessage } from './parts-message.ts';
import { type RequestSink, sendRequests } from './request-writer.ts';
import { ResponseStream } from './response-stream.ts';

export interface GrpcClientSettings {
  readonly compression?: Compression | undefined;
  readonly limits?: Partial<IpcLimits> | undefined;
  /** Bytes read ahead, and bytes waiting to be sent, of one call. Default 8 MiB. */
  readonly bufferBytesMax?: number | undefined;
  /** Bytes of one message received; unlimited where absent. */
  readonly maxMessageBytes?: number | undefined;
}

interface Method<Req, Res> {
  readonly path: string;
  requestSerialize(request: Req): Buffer;
  responseDeserialize(bytes: Buffer): Res;
}

const SMALL_BYTES = 256;

/** The client of a service behind a network. */
export class GrpcFlightClient implements FlightClient {
  readonly location: string;
  readonly #channel: Client;
  readonly #link: Http2Link | undefined;
  readonly #settings: GrpcClientSettings;
  readonly #bufferBytesMax: number;
  readonly #calls = new Set<{ cancel(): void }>();
  #closed = false;

  /** Calls that move batches go over `link`, where there is one; all others, and without it all, over `channel`. */
  constructor(location: string, channel: Client, link: Http2Link | undefined, settings: GrpcClientSettings) {
    this.location = location;
    this.#channel = channel;
    this.#link = link;
    this.#settings = settings;
    this.#bufferBytesMax = settings.bufferBytesMax ?? 8 << 20;
  }

  handshake(requests: AsyncIterable<HandshakeMessage>, options: CallOptions = {}): AsyncIterable<HandshakeMessage> {
    const wire = mapped(requests, ({ protocolVersion = 0, payload }) => ({
      protocolVersion: BigInt(protocolVersion),
      payload: asBuffer(payload),
    }));
    return this.#duplex(flightMethods.handshake, wire, small, options, small, ({ protocolVersion, payload }) => ({
      protocolVersion: Number(protocolVersion),
      payload,
    }));
  }

  listFlights(criteria: Uint8Array = new Uint8Array(0), options: CallOptions = {}): AsyncIterable<FlightInfo> {
    const request = { expression: asBuffer(criteria) };
    return this.#serverStream(flightMethods.listFlights, request, options, small, flightInfoFromWire);
  }

  async getFlightInfo(descriptor: FlightDescriptor, options: CallOptions = {}): Promise<FlightInfo> {
    const request = descriptorToWire(descriptor);
    return flightInfoFromWire(
      await this.#unary<typeof request, WireInfo>(flightMethods.getFlightInfo, request, options),
    );
  }

  async pollFlightInfo(descriptor: FlightDescriptor, options: CallOptions = {}): Promise<PollInfo> {
    const request = descriptorToWire(descriptor);
    return pollInfoFromWire(
      await this.#unary<typeof request, WirePollInfo>(flightMethods.pollFlightInfo, request, options),
    );
  }

  async getSchema(descriptor: FlightDescriptor, options: CallOptions = {}): Promise<Schema> {
    const { schema } = await this.#unary(flightMethods.getSchema, descriptorToWire(descriptor), options);
    return decodeSchemaBytes(schema);
  }

  doGet(ticket: Uint8Array, options: CallOptions = {}): AsyncIterable<FlightMessage> {
    const decoder = new FlightDataDecoder(this.#settings.limits);
    const request = [flightMethods.doGet.requestSerialize({ ticket: asBuffer(ticket) })];
    return this.#data(flightMethods.doGet.path, only(request), options, (bytes) => decoder.decode(bytes));
  }

  doPut(messages: AsyncIterable<FlightMessage>, options: CallOptions = {}): AsyncIterable<Uint8Array> {
    const { path, responseDeserialize } = flightMethods.doPut;
    return this.#data(path, this.#encoded(messages), options, (bytes) => responseDeserialize(bytes).appMetadata);
  }

  doExchange(messages: AsyncIterable<FlightMessage>, options: CallOptions = {}): AsyncIterable<FlightMessage> {
    const decoder = new FlightDataDecoder(this.#settings.limits);
    const { path } = flightMethods.doExchange;
    return this.#data(path, this.#encoded(messages), options, (bytes) => decoder.decode(bytes));
  }

  doAction({ type, body }: FlightAction, options: CallOptions = {}): AsyncIterable<Uint8Array> {
    const request = { type, body: asBuffer(body) };
    return this.#serverStream(
      flightMethods.doAction,
      request,
      options,
      (result) => result.body.length,
      ({ body }) => body,
    );
  }

  listActions(options: CallOptions = {}): AsyncIterable<FlightActionType> {
    return this.#serverStream(flightMethods.listActions, {}, options, small, ({ type, description }) => ({
      type,
      description,
    }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const call of [...this.#calls]) call.cancel();
    this.#channel.close();
    this.#link?.close();
  }

  async *#encoded(messages: AsyncIterable<FlightMessage>): AsyncGenerator<EncodedMessage> {
    const encoder = new FlightDataEncoder({ compression: this.#settings.compression });
    for await (const message of messages) yield* encoder.encode(message);
  }

  /** A call whose messages stay bytes until they are used. */
  #data<T>(
    path: string,
    messages: AsyncIterable<EncodedMessage>,
    options: CallOptions,
    map: (bytes: Buffer) => T | undefined,
  ): AsyncIterable<T> {
    if (this.#closed || options.signal?.aborted) return failed(cancelled());
    const call = this.#link
      ? new Http2Call(this.#link, path, options, this.#settings.maxMessageBytes)
      : this.#rawCall(path, options);
    const over = new AbortController();
    const responses = this.#responses(call, options, rawBytes, map, () => over.abort());
    const sink: RequestSink<EncodedMessage> = call;
    sendRequests(sink, messages, partsBytes, this.#bufferBytesMax, over.signal).catch((error) => responses.fail(error));
    return responses;
  }

  #rawCall(path: string, options: CallOptions): ClientDuplexStream<EncodedMessage, Buffer> {
    const metadata = metadataToWire(options.metadata);
    return this.#channel.makeBidiStreamRequest(path, toGrpcMessage, (bytes) => bytes, metadata, deadlineOf(options));
  }

  #unary<Req, Res>(method: Method<Req, Res>, request: Req, options: CallOptions): Promise<Res> {
    const { signal, onHeaders } = options;
    return new Promise<Res>((resolve, reject) => {
      if (this.#closed || signal?.aborted) return reject(cancelled());
      const call = this.#channel.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadataToWire(options.metadata),
        deadlineOf(options),
        (error, response) => {
          this.#calls.delete(call);
          signal?.removeEventListener('abort', cancel);
          if (error) reject(fromServiceError(error));
          else resolve(response as Res);
        },
      );
      const cancel = (): void => call.cancel();
      this.#calls.add(call);
      if (onHeaders) call.on('metadata', (wire) => onHeaders(metadataFromWire(wire)));
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  #serverStream<Req, Res, T>(
    method: Method<Req, Res>,
    request: Req,
    options: CallOptions,
    bytesOf: (response: Res) => number,
    map: (response: Res) => T | undefined,
  ): AsyncIterable<T> {
    if (this.#closed || options.signal?.aborted) return failed(cancelled());
    const call = this.#channel.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadataToWire(options.metadata),
      deadlineOf(options),
    );
    return this.#responses(call, options, bytesOf, map, () => {});
  }

  #duplex<Req, Res, T>(
    method: Method<Req, Res>,
    requests: AsyncIterable<Req>,
    requestBytes: (request: Req) => number,
    options: CallOptions,
    responseBytes: (response: Res) => number,
    map: (response: Res) => T | undefined,
  ): AsyncIterable<T> {
    if (this.#closed || options.signal?.aborted) return failed(cancelled());
    const call: ClientDuplexStream<Req, Res> = this.#channel.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      metadataToWire(options.metadata),
      deadlineOf(options),
    );
    const over = new AbortController();
    const responses = this.#responses(call, options, responseBytes, map, () => over.abort());
    sendRequests(call, requests, requestBytes, this.#bufferBytesMax, over.signal).catch((error) =>
      responses.fail(error),
    );
    return responses;
  }

  #responses<Res, T>(
    call: ClientReadableStream<Res> | Http2Call,
    options: CallOptions,
    bytesOf: (response: Res) => number,
    map: (response: Res) => T | undefined,
    onOver: () => void,
  ): ResponseStream<Res, T> {
    this.#calls.add(call);
    return new ResponseStream(call, options, this.#bufferBytesMax, bytesOf, map, () => {
      this.#calls.delete(call);
      onOver();
    });
  }
}

async function* only<T>(item: T): AsyncGenerator<T> {
  yield item;
}

function failed<T>(error: unknown): AsyncIterable<T> {
  const queue = new BoundedQueue<T>(0, () => {});
  queue.fail(error);
  return queue;
}

async function* mapped<T, U>(items: AsyncIterable<T>, map: (item: T) => U): AsyncGenerator<U> {
  for await (const item of items) yield map(item);
}

function deadlineOf({ timeoutMs }: CallOptions): { deadline?: number } {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function small(): number {
  return SMALL_BYTES;
}

function rawBytes(bytes: Buffer): number {
  return SMALL_BYTES + bytes.length;
}

function partsBytes(parts: EncodedMessage): number {
  return parts.reduce((sum, part) => sum + part.length, SMALL_BYTES);
}
