import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { acceptedEncodings, compress, type Encoding } from './compression.ts';
import { joined, type Serialized, serializedBytes, writeMessage } from './message-encoder.ts';
import type { Metadata } from './metadata.ts';

// `sendDate` isn't in Node's types; gRPC has no use for the header.
const withTrailers = { waitForTrailers: true, sendDate: false };
export const trailersOnly = { endStream: true, sendDate: false };

/** The responses of one call: headers, messages, and at the end trailers with the status. */
export class Responses {
  readonly #stream: ServerHttp2Stream;
  readonly #bufferBytes: number;
  #encoding: Encoding | undefined;
  #wake: (() => void) | undefined;
  headersSent = false;
  messages = 0;
  bytes = 0;

  /** `bufferBytes`: how much may wait to be sent before `send` waits too. */
  constructor(stream: ServerHttp2Stream, bufferBytes: number) {
    this.#stream = stream;
    this.#bufferBytes = bufferBytes;
  }

  /** Sends the headers, once. `encoding` is what messages may be compressed with. */
  sendHeaders(metadata: Metadata | undefined, encoding: Encoding | undefined): void {
    if (this.headersSent) return;
    this.headersSent = true;
    this.#encoding = encoding;
    const headers = baseHeaders();
    if (encoding) headers['grpc-encoding'] = encoding;
    metadata?.addTo(headers as Record<string, string>);
    this.#stream.respond(headers, withTrailers);
  }

  /** Sends a message. A promise where the next one should wait: until there is room, or nothing can be sent any more. */
  send(message: Serialized, compressed: boolean): Promise<void> | undefined {
    if (compressed && this.#encoding) return this.#sendCompressed(message, this.#encoding);
    return this.#write(message, false);
  }

  async #sendCompressed(message: Serialized, encoding: Encoding): Promise<void> {
    const whole =
      message instanceof Uint8Array ? message : joined(message, serializedBytes(message), false).subarray(5);
    await this.#write(await compress(whole, encoding), true);
  }

  #write(message: Serialized, compressed: boolean): Promise<void> | undefined {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed || stream.writableEnded) return undefined;
    const bytes = serializedBytes(message);
    this.messages++;
    this.bytes += bytes + 5;
    writeMessage(stream, message, bytes, compressed);
    if (stream.writableLength < this.#bufferBytes) return undefined;
    return new Promise((resolve) => {
      this.#wake = resolve;
      stream.once('drain', resolve);
    });
  }

  /** Ends the call with its status, of a failure in the headers where none were sent, else in trailers; then calls back. */
  end(status: OutgoingHttpHeaders, failed: boolean, onSent: () => void): void {
    this.cancel();
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    if (!this.headersSent && failed) {
      this.headersSent = true;
      stream.respond({ ...baseHeaders(), ...status }, trailersOnly);
      onSent();
      return;
    }
    stream.once('wantTrailers', () => this.#sendTrailers(status, onSent));
    stream.end();
  }

  #sendTrailers(status: OutgoingHttpHeaders, onSent: () => void): void {
    try {
      this.#stream.sendTrailers(status);
      // Node hands trailers over in an immediate of its own.
      setImmediate(onSent);
    } catch {
      this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    }
  }

  /** Lets go whoever waits in `send`. */
  cancel(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

export function baseHeaders(): OutgoingHttpHeaders {
  return { ':status': 200, 'content-type': 'application/grpc', 'grpc-accept-encoding': acceptedEncodings };
}

const stopAgainMs = 5;

/** Tells a client whose call has its status that it needn't send the rest. A reset drops what HTTP/2 hasn't written yet: that goes first. */
export function stopClient(stream: ServerHttp2Stream): void {
  if (stream.closed || stream.destroyed) return;
  if (stream.session?.state.outboundQueueSize) setTimeout(() => stopClient(stream), stopAgainMs);
  else stream.close(constants.NGHTTP2_NO_ERROR);
}
