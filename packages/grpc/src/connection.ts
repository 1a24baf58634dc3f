import type { X509Certificate } from 'node:crypto';
import http2, { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { EagerSocket } from './eager-socket.ts';
import type { GrpcLimits } from './limits.ts';
import type { GrpcLogger } from './logger.ts';
import { PingGuard } from './ping-guard.ts';

/** When connections are checked and ended. */
export interface KeepAlive {
  /** How often a client is pinged. Default one minute. */
  readonly pingIntervalMs: number;
  /** How long its answer may take before the connection is closed. Default 20 s. */
  readonly pingTimeoutMs: number;
  /** How long a connection may have no call before it is closed gracefully. Default half an hour. */
  readonly connectionIdleMsMax: number;
  /** Age at which a connection is closed gracefully (give or take a tenth), so that clients spread anew. Default never. */
  readonly connectionAgeMsMax: number;
}

export const defaultKeepAlive: KeepAlive = {
  pingIntervalMs: 60_000,
  pingTimeoutMs: 20_000,
  connectionIdleMsMax: 1_800_000,
  connectionAgeMsMax: Number.POSITIVE_INFINITY,
};

export interface ConnectionOptions {
  readonly limits: GrpcLimits;
  readonly keepAlive: KeepAlive;
  readonly logger: GrpcLogger;
  readonly onStream: (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
    connection: Connection,
  ) => void;
}

/** One HTTP/2 connection: its limits, its life signs, its end. */
export class Connection {
  /** The client's address and port; `unix` where it came by a Unix socket. */
  readonly peer: string;
  /** The client's certificate, only where it was verified. */
  readonly peerCertificate: X509Certificate | undefined;
  readonly #session: ServerHttp2Session;
  readonly #options: ConnectionOptions;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #socket: Socket;
  readonly #pingGuard: PingGuard;
  #streams = 0;
  #idle: NodeJS.Timeout | undefined;
  #unanswered: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: ConnectionOptions) {
    const { limits, keepAlive, logger } = options;
    this.#options = options;
    this.#socket = socket;
    this.#pingGuard = new PingGuard(limits.idlePingsMax);
    this.peer = peerOf(socket);
    this.peerCertificate =
      socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
    const transport = socket.remoteAddress === undefined ? new EagerSocket(socket) : socket;
    const session = http2.performServerHandshake(transport, sessionOptions(limits));
    this.#session = session;
    session.setLocalWindowSize(limits.connectionWindowBytes);
    session.on(
      'stream',
      (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: readonly string[]) => {
        this.#onStream(stream);
        options.onStream(stream, headers, rawHeaders, this);
      },
    );
    session.on('ping', () => this.#onPing());
    session.on('error', (error) => logger.debug({ err: error, peer: this.peer }, 'An HTTP/2 connection broke'));
    session.on('close', () => this.#stopTimers());
    this.#awaitSettings();
    this.#startTimers(keepAlive);
  }

  onClose(listener: () => void): void {
    this.#session.once('close', listener);
  }

  // Every client begins with its settings: one that doesn't isn't speaking HTTP/2.
  #awaitSettings(): void {
    const timer = setTimeout(() => this.destroy(), this.#options.limits.handshakeTimeoutMs).unref();
    this.#timers.push(timer);
    this.#session.once('remoteSettings', () => clearTimeout(timer));
  }

  #onStream(stream: ServerHttp2Stream): void {
    this.#streams++;
    // Without a listener an error would end the process, also that of a stream that nobody serves any more.
    stream.on('error', (error) =>
      this.#options.logger.debug({ err: error, peer: this.peer }, 'An HTTP/2 stream broke'),
    );
    stream.on('close', () => {
      this.#streams--;
      this.#idle?.refresh();
    });
  }

  #startTimers(keepAlive: KeepAlive): void {
    if (Number.isFinite(keepAlive.connectionIdleMsMax)) {
      this.#idle = setInterval(() => this.#streams === 0 && this.close(), keepAlive.connectionIdleMsMax).unref();
      this.#timers.push(this.#idle);
    }
    if (Number.isFinite(keepAlive.pingIntervalMs)) {
      this.#timers.push(setInterval(() => this.#ping(keepAlive.pingTimeoutMs), keepAlive.pingIntervalMs).unref());
    }
    if (Number.isFinite(keepAlive.connectionAgeMsMax)) {
      const ageMs = keepAlive.connectionAgeMsMax * (0.9 + Math.random() * 0.2);
      this.#timers.push(setTimeout(() => this.close(), ageMs).unref());
    }
  }

  #stopTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    clearTimeout(this.#unanswered);
  }

  #ping(timeoutMs: number): void {
    if (this.#unanswered || this.#session.destroyed) return;
    this.#unanswered = setTimeout(() => {
      this.#options.logger.info({ peer: this.peer }, 'A client no longer answers; its connection is closed');
      this.destroy();
    }, timeoutMs).unref();
    this.#session.ping(() => {
      clearTimeout(this.#unanswered);
      this.#unanswered = undefined;
    });
  }

  #onPing(): void {
    const bytes = this.#socket.bytesRead + this.#socket.bytesWritten;
    if (!this.#pingGuard.ping(performance.now(), bytes)) return;
    this.#options.logger.warn({ peer: this.peer }, 'A client pings too often; its connection is closed');
    this.#session.goaway(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from('too_many_pings'));
    this.#session.destroy(undefined, http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /**
   * Ends the connection when its calls are done. Calls that a client begins before it knows are refused in a way that
   * lets it make them elsewhere.
   */
  close(): void {
    if (!this.#session.destroyed) this.#session.close();
  }

  /** Ends the connection at once. */
  destroy(): void {
    if (!this.#session.destroyed) this.#session.destroy();
  }
}

function peerOf({ remoteAddress, remoteFamily, remotePort }: Socket): string {
  if (remoteAddress === undefined) return 'unix';
  return remoteFamily === 'IPv6' ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

function sessionOptions(limits: GrpcLimits): http2.ServerOptions {
  return {
    maxHeaderListPairs: limits.headersMax,
    maxSessionMemory: limits.sessionMemoryMbMax,
    maxSettings: 32,
    streamResetBurst: limits.streamResetsBurst,
    streamResetRate: 33,
    settings: {
      enablePush: false,
      initialWindowSize: limits.streamWindowBytes,
      maxConcurrentStreams: limits.streamsPerConnectionMax,
      maxFrameSize: limits.frameBytesMax,
      maxHeaderListSize: limits.headerBytesMax,
    },
  };
}
