import { EventEmitter } from 'node:events';
import { type ClientHttp2Stream, constants, type Http2Session, type IncomingHttpHeaders } from 'node:http2';
import {
  GrpcError,
  MessageDecoder,
  Metadata,
  percentDecode,
  Status,
  serializedBytes,
  writeMessage,
} from '@signaldb/grpc';
import { withArrowCode } from '../arrow-status.ts';
import { cancelled, deadlineExceeded } from '../call-failure.ts';
import type { CallOptions } from '../client.ts';
import type { EncodedMessage } from '../stream/encode.ts';
import { paddingForBody } from '../wire/flight-data.ts';
import type { Http2Link } from './http2-link.ts';

/** Longer than a timer can be: nobody will see the end of it. */
const timerMsMax = 2 ** 31 - 1;
/** `grpc-timeout` has at most so many digits. */
const timeoutDigitsMax = 99_999_999;

interface CallEvents {
  metadata: [Metadata];
  data: [Buffer];
  /** All messages have come and the call is well. */
  end: [];
  /** The call has failed. */
  error: [GrpcError];
  /** The call is over, well or not. */
  status: [];
}

/**
 * One streaming call straight on HTTP/2, of messages as bytes. It emits what @grpc/grpc-js's calls emit, and takes what they take.
 * Specification: gRPC over HTTP2, https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export class Http2Call extends EventEmitter<CallEvents> {
  readonly #link: Http2Link;
  readonly #stream: ClientHttp2Stream;
  readonly #session: Http2Session | undefined;
  readonly #decoder: MessageDecoder;
  readonly #timer: NodeJS.Timeout | undefined;
  #status: IncomingHttpHeaders | undefined;
  #allRead = false;
  #isOver = false;

  /** Throws a TypeError for metadata that the wire can't carry. */
  constructor(link: Http2Link, path: string, options: CallOptions, maxMessageBytes: number | undefined) {
    super();
    const { timeoutMs } = options;
    this.#decoder = new MessageDecoder(
      maxMessageBytes ?? Number.POSITIVE_INFINITY,
      (body, compressed) => this.#onMessage(body, compressed),
      paddingForBody,
    );
    const stream = link.request(headersOf(path, options));
    this.#link = link;
    this.#stream = stream;
    this.#session = stream.session;
    stream.on('response', (headers, _flags, raw?: readonly string[]) => this.#onHeaders(headers, raw));
    stream.on('trailers', (headers) => this.#onTrailers(headers));
    stream.on('data', (chunk: Buffer) => this.#onData(chunk));
    stream.on('end', () => {
      this.#allRead = true;
      this.#settle();
    });
    stream.on('error', (error) => this.#over(this.#lost(error)));
    stream.on('close', () => this.#over(this.#status ? failureOf(this.#status) : this.#lost()));
    if (timeoutMs !== undefined && timeoutMs <= timerMsMax)
      this.#timer = setTimeout(() => this.#stop(deadlineExceeded(timeoutMs)), Math.max(0, timeoutMs));
  }

  #onHeaders(headers: IncomingHttpHeaders, raw: readonly string[] | undefined): void {
    const problem = refusal(headers);
    if (problem) this.#stop(problem);
    else this.emit('metadata', metadataOf(headers, raw));
    if (headers['grpc-status'] !== undefined) this.#onTrailers(headers);
  }

  #onTrailers(headers: IncomingHttpHeaders): void {
    this.#status = headers;
    this.#settle();
  }

  #onData(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      this.#decoder.push(chunk);
      this.#link.received(chunk.length);
    } catch (error) {
      this.#stop(error as GrpcError);
    }
  }

  #onMessage(body: Buffer, compressed: boolean): void {
    if (compressed) throw new GrpcError(Status.INTERNAL, 'The server compressed a message, which it wasn’t asked for');
    this.emit('data', body);
  }

  /** The status counts when everything before it was read. */
  #settle(): void {
    if (!this.#allRead || !this.#status) return;
    const cutOff = this.#decoder.partialBytes > 0;
    const failure = failureOf(this.#status);
    this.#over(failure ?? (cutOff ? new GrpcError(Status.INTERNAL, 'The stream ended within a message') : undefined));
  }

  #over(error: GrpcError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    // What is still to be sent isn't wanted any more.
    if (!this.#stream.writableFinished) this.#stream.close(constants.NGHTTP2_CANCEL);
    if (error) this.emit('error', error);
    else this.emit('end');
    this.emit('status');
  }

  /** Ends the call from this side. */
  #stop(error: GrpcError): void {
    if (this.#isOver) return;
    this.#stream.close(constants.NGHTTP2_CANCEL);
    this.#over(error);
  }

  /** Why the stream ended without a status. */
  #lost(error?: Error): GrpcError {
    const { rstCode = constants.NGHTTP2_NO_ERROR } = this.#stream;
    const isConnected = this.#session && !this.#session.destroyed && !this.#session.connecting;
    // Where the connection is gone, that is the reason, whatever code its streams were given.
    if (!isConnected || rstCode === constants.NGHTTP2_NO_ERROR) {
      const why = error?.message ?? 'it was closed';
      const details = `The connection to the server is lost: ${why}`;
      return new GrpcError(Status.UNAVAILABLE, details, undefined, { cause: error });
    }
    const code = resetStatuses[rstCode] ?? Status.INTERNAL;
    return new GrpcError(code, `The server reset the call (HTTP/2 code ${rstCode})`, undefined, { cause: error });
  }

  cancel(): void {
    this.#stop(cancelled());
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Sends a message; `onSent` is called when the connection has taken it, or never will. */
  write(message: EncodedMessage, onSent: () => void): void {
    const stream = this.#stream;
    if (this.#isOver || stream.destroyed || stream.writableEnded) onSent();
    else writeMessage(stream, message, serializedBytes(message), false, () => onSent());
  }

  end(): void {
    if (!this.#stream.destroyed) this.#stream.end();
  }
}

function headersOf(path: string, { metadata = {}, timeoutMs }: CallOptions): Record<string, string> {
  const headers: Record<string, string> = {
    ':method': 'POST',
    ':path': path,
    te: 'trailers',
    'content-type': 'application/grpc',
    'user-agent': 'signaldb-flight',
  };
  const own = new Metadata();
  for (const [key, value] of Object.entries(metadata))
    own.set(key, key.toLowerCase().endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  own.addTo(headers);
  if (timeoutMs !== undefined) headers['grpc-timeout'] = timeoutText(timeoutMs);
  return headers;
}

function timeoutText(timeoutMs: number): string {
  const ms = Math.max(0, Math.ceil(timeoutMs));
  return ms <= timeoutDigitsMax ? `${ms}m` : `${Math.min(timeoutDigitsMax, Math.ceil(ms / 1000))}S`;
}

/** What a server that doesn't answer as gRPC does means by it. Specification: HTTP to gRPC Status Code Mapping. */
function refusal(headers: IncomingHttpHeaders): GrpcError | undefined {
  const status = Number(headers[':status']);
  if (status !== 200)
    return new GrpcError(httpStatuses[status] ?? Status.UNKNOWN, `The server answered HTTP ${status}`);
  const type = headers['content-type'] ?? '';
  if (type.startsWith('application/grpc')) return undefined;
  return new GrpcError(Status.UNKNOWN, `The server doesn't speak gRPC: its answer is ${type || 'of no type'}`);
}

const httpStatuses: Readonly<Record<number, number>> = {
  400: Status.INTERNAL,
  401: Status.UNAUTHENTICATED,
  403: Status.PERMISSION_DENIED,
  404: Status.UNIMPLEMENTED,
  429: Status.UNAVAILABLE,
  502: Status.UNAVAILABLE,
  503: Status.UNAVAILABLE,
  504: Status.UNAVAILABLE,
};

function failureOf(headers: IncomingHttpHeaders): GrpcError | undefined {
  const code = Number(headers['grpc-status']);
  if (code === Status.OK) return undefined;
  const details = percentDecode(String(headers['grpc-message'] ?? ''));
  if (!Number.isInteger(code)) return new GrpcError(Status.UNKNOWN, 'The server sent no status');
  return withArrowCode(new GrpcError(code, details, metadataOf(headers, undefined)));
}

function metadataOf(headers: IncomingHttpHeaders, raw: readonly string[] | undefined): Metadata {
  if (raw) return Metadata.fromWire(raw);
  return Metadata.fromWire(
    Object.entries(headers).flatMap(([key, value]) => [value].flat().flatMap((text) => [key, String(text ?? '')])),
  );
}

const resetStatuses: Readonly<Record<number, number>> = {
  [constants.NGHTTP2_REFUSED_STREAM]: Status.UNAVAILABLE,
  [constants.NGHTTP2_CANCEL]: Status.CANCELLED,
  [constants.NGHTTP2_ENHANCE_YOUR_CALM]: Status.RESOURCE_EXHAUSTED,
  [constants.NGHTTP2_INADEQUATE_SECURITY]: Status.PERMISSION_DENIED,
};
