import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { Call, type CallContext } from './call.ts';
import { statusTrailers } from './call-status.ts';
import { Decompressor } from './compression.ts';
import { type Connection, defaultKeepAlive, type KeepAlive } from './connection.ts';
import { GrpcError } from './grpc-error.ts';
import { type Health, HealthRegistry, healthService } from './health.ts';
import { grpcSubtype, type Http2Other, type HttpHandler, isGrpc, refuse, serveByHttp1 } from './http2-other.ts';
import { defaultLimits, type GrpcLimits } from './limits.ts';
import { Listener, type TlsOptions } from './listener.ts';
import { type GrpcLogger, silentLogger } from './logger.ts';
import type { Metadata } from './metadata.ts';
import { MethodTable, type ServiceOptions } from './method.ts';
import { reflectionServices } from './reflection.ts';
import { RequestBudget } from './request-budget.ts';
import { baseHeaders, stopClient, trailersOnly } from './responses.ts';
import type { CallReport, Interceptor } from './server-call.ts';
import type { ServiceDefinition, ServiceImplementation } from './service-definition.ts';
import { Status } from './status.ts';
import { BytePacer } from './young-garbage.ts';

export interface GrpcServerOptions {
  /** Serves HTTP/1.1 on the same port. Without it such requests are refused. */
  readonly http1?: HttpHandler;
  /** Serves HTTP/2 requests that aren't gRPC. Without it `http1` does, through Node's compatibility layer. */
  readonly http2Other?: Http2Other;
  /** TLS; the protocol is agreed by ALPN. Without it the server speaks plain text. */
  readonly tls?: TlsOptions;
  readonly limits?: Partial<GrpcLimits>;
  readonly keepAlive?: Partial<KeepAlive>;
  readonly logger?: GrpcLogger;
  /** Called after each 4 MiB received, so that their memory can be had again early: see `youngGarbageCollector`. */
  readonly collectGarbage?: () => void;
  /**
   * Sent with a call's refusal that means no more than too much at once (`requestBytesMax`, `callsMax`): a
   * `google.rpc.RetryInfo` in `grpc-status-details-bin`, say, without which OTLP's clients drop what was refused.
   */
  readonly retryHint?: Metadata;
  /** Run before each call's handler. */
  readonly interceptors?: readonly Interceptor[];
  /** Told of each call when it has ended. */
  readonly onCallEnd?: (report: CallReport) => void;
}

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

export interface UnixAddress {
  readonly path: string;
}

/** A gRPC server. Services are added before it listens or later; it listens once. */
export interface GrpcServer {
  /** Serves a service. Methods that the implementation lacks are UNIMPLEMENTED. Throws where a path is served already. */
  addService<D extends ServiceDefinition>(
    definition: D,
    implementation: ServiceImplementation<D>,
    options?: ServiceOptions,
  ): this;
  /** Serves `grpc.health.v1.Health`; the same object every time. NOT_SERVING when the server begins to close. */
  addHealth(): Health;
  /** Serves server reflection (v1 and v1alpha) from a serialized `google.protobuf.FileDescriptorSet` with its imports. */
  addReflection(fileDescriptorSet: Uint8Array): this;
  /** Port 0 takes a free one. Rejects where the address can't be had. */
  listen(address: TcpAddress): Promise<{ host: string; port: number }>;
  /** Listens on a Unix socket; one that a process which is gone left behind is replaced. Closing removes it. */
  listen(address: UnixAddress): Promise<{ path: string }>;
  /**
   * Takes no more connections and calls, lets those under way end, for `graceMs` (default 5000) at most; then cancels them.
   * May be called again.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
  /** Aborted when the server begins to close: streams without an end of their own should end then. */
  readonly closing: AbortSignal;
  /** New certificates for connections from now on. */
  updateTls(tls: TlsOptions): void;
}

// V8 marks the whole heap after some 16 MB (a small heap) to 32 MB of buffers; here are the socket's beside the messages'.
const collectEveryBytes = 4 << 20;

/** A gRPC server on node:http2. Nothing listens until `listen`. */
export function createGrpcServer(options: GrpcServerOptions = {}): GrpcServer {
  return new Http2GrpcServer(options);
}

class Http2GrpcServer implements GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #methods = new MethodTable();
  readonly #context: CallContext;
  readonly #listener: Listener;
  readonly #calls = new Set<Call>();
  readonly #closing = new AbortController();
  #health: HealthRegistry | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: GrpcServerOptions) {
    const limits = { ...defaultLimits, ...options.limits };
    const logger = options.logger ?? silentLogger;
    this.#options = options;
    this.#context = {
      limits,
      logger,
      budget: new RequestBudget(limits.requestBytesMax, options.retryHint),
      pacer: options.collectGarbage && new BytePacer(collectEveryBytes, options.collectGarbage),
      decompressor: new Decompressor(limits.receiveMessageBytesMax),
      interceptors: options.interceptors ?? [],
      onCallEnd: options.onCallEnd,
    };
    this.#listener = new Listener({
      limits,
      logger,
      http1: options.http1,
      tls: options.tls,
      keepAlive: { ...defaultKeepAlive, ...options.keepAlive },
      onStream: (stream, headers, rawHeaders, connection) => this.#onStream(stream, headers, rawHeaders, connection),
    });
  }

  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  addService<D extends ServiceDefinition>(
    definition: D,
    implementation: ServiceImplementation<D>,
    options?: ServiceOptions,
  ): this {
    this.#methods.add(definition, implementation, options);
    return this;
  }

  addHealth(): Health {
    if (!this.#health) {
      this.#health = new HealthRegistry();
      this.#methods.add(healthService, this.#health.implementation);
    }
    return this.#health;
  }

  addReflection(fileDescriptorSet: Uint8Array): this {
    const services = reflectionServices(fileDescriptorSet, () => this.#methods.services);
    for (const { definition, implementation } of services) this.#methods.add(definition, implementation);
    return this;
  }

  listen(address: TcpAddress): Promise<{ host: string; port: number }>;
  listen(address: UnixAddress): Promise<{ path: string }>;
  async listen(address: TcpAddress | UnixAddress): Promise<{ host: string; port: number } | { path: string }> {
    const taken = await this.#listener.listen(address);
    return typeof taken === 'string' ? { path: taken } : { host: taken.address, port: taken.port };
  }

  updateTls(tls: TlsOptions): void {
    this.#listener.updateTls(tls);
  }

  close(options: { readonly graceMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(options.graceMs ?? 5000);
    return this.#closed;
  }

  async #close(graceMs: number): Promise<void> {
    this.#closing.abort(new GrpcError(Status.UNAVAILABLE, 'The server is closing'));
    this.#health?.close();
    const done = this.#listener.close();
    const timer = setTimeout(() => {
      for (const call of this.#calls) call.cancel(new GrpcError(Status.UNAVAILABLE, 'The server is closing'));
      // The statuses go out in an immediate or two.
      setTimeout(() => this.#listener.destroy(), 50);
    }, graceMs);
    await done;
    clearTimeout(timer);
  }

  #onStream(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
    connection: Connection,
  ): void {
    // A client may have gone, or have changed its mind, before its request is looked at.
    if (stream.destroyed || stream.closed) return;
    try {
      if (isGrpc(headers['content-type'])) this.#serveGrpc(stream, headers, rawHeaders, connection);
      else this.#serveOther(stream, headers, rawHeaders);
    } catch (error) {
      this.#context.logger.error({ err: error }, 'A request failed');
      stream.destroy();
    }
  }

  #serveGrpc(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
    connection: Connection,
  ): void {
    if (headers[':method'] !== 'POST') {
      refuse(stream, 405, 'gRPC calls are POST requests.');
      return;
    }
    const path = headers[':path'] as string;
    const method = this.#methods.get(path);
    const refusal = method
      ? this.#refusal(headers['content-type'] as string)
      : unimplemented(this.#methods.missing(path));
    if (!method || refusal) {
      refuseCall(stream, refusal as GrpcError);
      return;
    }
    const call = new Call(this.#context, stream, method, connection, headers, rawHeaders);
    this.#calls.add(call);
    stream.on('close', () => this.#calls.delete(call));
    call.start();
  }

  #refusal(contentType: string): GrpcError | undefined {
    const subtype = contentType === 'application/grpc' ? 'proto' : grpcSubtype(contentType);
    if (subtype !== 'proto')
      return unimplemented(`Messages in the encoding "${subtype}" can't be read; there is proto`);
    const { callsMax } = this.#context.limits;
    if (this.#calls.size < callsMax) return undefined;
    return new GrpcError(
      Status.RESOURCE_EXHAUSTED,
      `There are more calls than the limit callsMax (${callsMax}); try again later`,
      this.#options.retryHint,
    );
  }

  #serveOther(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]): void {
    const { http1, http2Other } = this.#options;
    if (!http1 && !http2Other) {
      refuse(stream, 415, 'This server speaks gRPC: the content type has to be application/grpc.');
      return;
    }
    if (http2Other) http2Other(stream, headers);
    else if (http1) serveByHttp1(http1, stream, headers, rawHeaders);
  }
}

function unimplemented(details: string): GrpcError {
  return new GrpcError(Status.UNIMPLEMENTED, details);
}

function refuseCall(stream: ServerHttp2Stream, error: GrpcError): void {
  stream.respond({ ...baseHeaders(), ...statusTrailers(error, undefined) }, trailersOnly);
  if (stream.readableEnded) return;
  stream.resume();
  stopClient(stream);
}
