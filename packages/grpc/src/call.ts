import type { X509Certificate } from 'node:crypto';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { statusTrailers, toGrpcError } from './call-status.ts';
import { chooseEncoding, type Decompressor, type Encoding, parseEncoding } from './compression.ts';
import type { Connection } from './connection.ts';
import { GrpcError } from './grpc-error.ts';
import type { GrpcLimits } from './limits.ts';
import type { GrpcLogger } from './logger.ts';
import { Metadata } from './metadata.ts';
import type { BoundMethod } from './method.ts';
import type { RequestBudget } from './request-budget.ts';
import { Requests, type WaitingRequest } from './requests.ts';
import { Responses, stopClient } from './responses.ts';
import type { CallReport, Interceptor, ServerCall } from './server-call.ts';
import { Status } from './status.ts';
import { parseTimeoutMs } from './timeout.ts';
import type { BytePacer } from './young-garbage.ts';

/** What the calls of a server share. */
export interface CallContext {
  readonly limits: GrpcLimits;
  readonly budget: RequestBudget;
  readonly pacer: BytePacer | undefined;
  readonly decompressor: Decompressor;
  readonly interceptors: readonly Interceptor[];
  readonly logger: GrpcLogger;
  readonly onCallEnd: ((report: CallReport) => void) | undefined;
}

const timerMsMax = 2 ** 31 - 1;

/** One call from its headers to its status, of any of the four kinds. */
export class Call implements ServerCall {
  readonly path: string;
  readonly peer: string;
  readonly peerCertificate: X509Certificate | undefined;
  readonly deadline: Date | undefined;
  compress = false;
  readonly #context: CallContext;
  readonly #stream: ServerHttp2Stream;
  readonly #method: BoundMethod;
  readonly #headers: IncomingHttpHeaders;
  readonly #rawHeaders: readonly string[];
  readonly #requests: Requests;
  readonly #responses: Responses;
  readonly #startedMs: number;
  #encoding: Encoding | undefined;
  #timer: NodeJS.Timeout | undefined;
  #metadata: Metadata | undefined;
  #responseHeaders: Metadata | undefined;
  #trailers: Metadata | undefined;
  #abort: AbortController | undefined;
  #aborted: GrpcError | undefined;
  #iterator: AsyncIterator<unknown> | undefined;
  #finished = false;

  constructor(
    context: CallContext,
    stream: ServerHttp2Stream,
    method: BoundMethod,
    connection: Connection,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
  ) {
    this.path = method.definition.path;
    this.peer = connection.peer;
    this.peerCertificate = connection.peerCertificate;
    this.#context = context;
    this.#stream = stream;
    this.#method = method;
    this.#headers = headers;
    this.#rawHeaders = rawHeaders;
    this.#startedMs = context.onCallEnd ? performance.now() : 0;
    const { limits, budget, pacer } = context;
    const bufferBytes = method.definition.requestStream ? limits.receiveBufferBytes : Number.POSITIVE_INFINITY;
    const onFailure = (error: unknown) => this.#fail(error);
    const { requestPadding } = method.definition;
    this.#requests = new Requests(stream, limits, budget, pacer, bufferBytes, onFailure, requestPadding);
    this.#responses = new Responses(stream, limits.sendBufferBytes);
    const timeoutMs =
      headers['grpc-timeout'] === undefined ? undefined : parseTimeoutMs(headers['grpc-timeout'] as string);
    if (timeoutMs !== undefined) this.deadline = new Date(Date.now() + Math.min(timeoutMs, 8e14));
  }

  get metadata(): Metadata {
    this.#metadata ??= Metadata.fromWire(this.#rawHeaders);
    return this.#metadata;
  }

  get responseHeaders(): Metadata {
    this.#responseHeaders ??= new Metadata();
    return this.#responseHeaders;
  }

  get trailers(): Metadata {
    this.#trailers ??= new Metadata();
    return this.#trailers;
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#aborted) this.#abort.abort(this.#aborted);
    }
    return this.#abort.signal;
  }

  sendHeaders(): void {
    if (this.#finished) return;
    const encoding = this.compress
      ? chooseEncoding(this.#headers['grpc-accept-encoding'] as string | undefined)
      : undefined;
    this.#responses.sendHeaders(this.#responseHeaders, encoding);
  }

  /** Begins to serve the call. */
  start(): void {
    const stream = this.#stream;
    stream.on('aborted', () => this.#lost('The client cancelled the call'));
    stream.on('close', () => this.#lost('The connection was lost'));
    try {
      this.#startTimer();
      this.#encoding = parseEncoding(this.#headers['grpc-encoding'] as string | undefined);
      const admitted = this.#intercept();
      const { requestStream } = this.#method.definition;
      stream.on('end', () => {
        this.#requests.end();
        if (!requestStream) void this.#serve(admitted);
      });
      if (requestStream) void this.#serve(admitted);
    } catch (error) {
      this.#fail(error);
    }
  }

  #startTimer(): void {
    const timeout = this.#headers['grpc-timeout'];
    if (timeout === undefined) return;
    if (!this.deadline) throw new GrpcError(Status.INTERNAL, `"${timeout}" isn't a grpc-timeout`);
    const waitMs = this.deadline.getTime() - Date.now();
    // Longer than a timer can be: nobody will see the end of it.
    if (waitMs > timerMsMax) return;
    this.#timer = setTimeout(() => this.cancel(new GrpcError(Status.DEADLINE_EXCEEDED, 'The deadline passed')), waitMs);
  }

  #intercept(): Promise<void> | undefined {
    const { interceptors } = this.#context;
    for (let i = 0; i < interceptors.length; i++) {
      const waiting = interceptors[i]!(this);
      if (!waiting) continue;
      const rest = interceptors.slice(i + 1);
      const all = waiting.then(async () => {
        for (const interceptor of rest) await interceptor(this);
      });
      all.catch((error) => this.#fail(error));
      return all;
    }
    return undefined;
  }

  async #serve(admitted: Promise<void> | undefined): Promise<void> {
    try {
      if (admitted) await admitted;
      if (this.#finished) return;
      const { definition, handler } = this.#method;
      let request: unknown;
      if (definition.requestStream) {
        request = this.#requestStream();
      } else {
        const only = this.#decoded(this.#onlyRequest());
        request = only instanceof Promise ? await only : only;
        if (this.#finished) return;
      }
      const answer = handler(request, this);
      if (definition.responseStream) await this.#sendAll(answer as AsyncIterable<unknown>);
      else this.#sendOne(answer instanceof Promise ? await answer : answer);
    } catch (error) {
      this.#fail(error);
    }
  }

  #onlyRequest(): WaitingRequest {
    const request = this.#requests.take();
    if (!request || this.#requests.messages > 1) {
      throw new GrpcError(
        Status.UNIMPLEMENTED,
        `${this.path} takes one request, not ${request ? this.#requests.messages : 'none'}`,
      );
    }
    return request;
  }

  // Reads what the client streams; a handler that stops reading early gives up the rest.
  async *#requestStream(): AsyncGenerator<unknown> {
    try {
      for (;;) {
        const waiting = await this.#requests.next();
        if (!waiting) return;
        const request = await this.#decoded(waiting);
        this.#requests.release(waiting);
        yield request;
      }
    } finally {
      this.#requests.discard();
    }
  }

  #decoded(waiting: WaitingRequest): unknown {
    if (!waiting.compressed) return this.#deserialize(waiting.body);
    if (!this.#encoding)
      throw new GrpcError(Status.INTERNAL, 'A message is compressed, but grpc-encoding names no encoding');
    return this.#context.decompressor.decompress(waiting.body, this.#encoding).then((body) => {
      if (!this.#method.definition.requestStream) this.#requests.hold(body.length);
      return this.#deserialize(body);
    });
  }

  #deserialize(body: Buffer): unknown {
    try {
      return this.#method.definition.requestDeserialize(body);
    } catch (error) {
      if (error instanceof GrpcError) throw error;
      throw new GrpcError(Status.INTERNAL, `The request can't be read: ${(error as Error)?.message}`, undefined, {
        cause: error,
      });
    }
  }

  #sendOne(response: unknown): void {
    if (this.#finished) return;
    const message = this.#method.definition.responseSerialize(response);
    this.sendHeaders();
    const sent = this.#responses.send(message, this.compress);
    // Only compression has to be waited for: what is written goes out before the trailers.
    if (sent && this.compress) sent.then(() => this.#finish(undefined)).catch((error) => this.#fail(error));
    else this.#finish(undefined);
  }

  async #sendAll(responses: AsyncIterable<unknown>): Promise<void> {
    const iterator = responses[Symbol.asyncIterator]();
    this.#iterator = iterator;
    for (;;) {
      const step = await iterator.next();
      if (this.#finished) return;
      if (step.done) break;
      const message = this.#method.definition.responseSerialize(step.value);
      this.sendHeaders();
      const sent = this.#responses.send(message, this.compress);
      if (sent) await sent;
      if (this.#finished) return;
    }
    this.#iterator = undefined;
    this.sendHeaders();
    this.#finish(undefined);
  }

  // Most streams close after their call has ended.
  #lost(details: string): void {
    if (!this.#finished) this.cancel(new GrpcError(Status.CANCELLED, details));
  }

  /** Ends the call from outside: its handler is told by the signal, the client by the status, if it can still be reached. */
  cancel(reason: GrpcError): void {
    if (this.#finished) return;
    this.#aborted = reason;
    this.#finish(reason);
    this.#abort?.abort(reason);
  }

  #fail(thrown: unknown): void {
    if (this.#finished) {
      if (!this.#aborted)
        this.#context.logger.debug({ err: thrown, path: this.path }, 'A gRPC handler failed after its call had ended');
      return;
    }
    this.#finish(toGrpcError(thrown, this.path, this.#context.logger));
  }

  #finish(error: GrpcError | undefined): void {
    if (this.#finished) return;
    this.#finished = true;
    clearTimeout(this.#timer);
    this.#requests.discard(error);
    if (this.#iterator) void this.#stopHandler();
    const stream = this.#stream;
    try {
      // Where the client doesn't take what was sent before, the status won't arrive either.
      if (error && error === this.#aborted && stream.writableLength > 0) stream.close(constants.NGHTTP2_CANCEL);
      const errorMetadata = error && this.#method.errorMetadata?.(error);
      this.#responses.end(statusTrailers(error, this.#trailers, errorMetadata), error !== undefined, () =>
        this.#stopClient(),
      );
    } catch (failure) {
      this.#context.logger.error({ err: failure, path: this.path }, 'The status of a gRPC call could not be sent');
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    }
    this.#report(error?.code ?? Status.OK);
  }

  // What the client is still sending isn't wanted: it is told so, after the status.
  #stopClient(): void {
    if (!this.#requests.ended) stopClient(this.#stream);
  }

  async #stopHandler(): Promise<void> {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    try {
      await iterator?.return?.();
    } catch (error) {
      this.#context.logger.debug({ err: error, path: this.path }, 'A gRPC handler failed while it was stopped');
    }
  }

  #report(code: number): void {
    const { onCallEnd, logger } = this.#context;
    if (!onCallEnd) return;
    const { path, peer } = this;
    const { messages: requestMessages, bytes: requestBytes } = this.#requests;
    const { messages: responseMessages, bytes: responseBytes } = this.#responses;
    const durationMs = performance.now() - this.#startedMs;
    try {
      onCallEnd({ path, peer, code, durationMs, requestMessages, requestBytes, responseMessages, responseBytes });
    } catch (error) {
      logger.error({ err: error, path }, 'onCallEnd failed');
    }
  }
}
