import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { BytePacer } from '@signaldb/grpc';
import type { ClientTls } from './grpc-channel.ts';

export interface LinkSettings {
  /** `host:port` or `unix:/path`. */
  readonly target: string;
  /** Present where the connection is to be TLS. */
  readonly tls: ClientTls | undefined;
  /** See ChannelSettings. */
  readonly keepAliveMs: number | undefined;
  /** See ConnectOptions. */
  readonly collectGarbage: (() => void) | undefined;
}

/** What a server may send before it is told that more is welcome, of one call and of all together. */
const windowBytes = { call: 8 << 20, session: 16 << 20 };
/** Servers that can send large frames do: each costs a turn of JavaScript, however large it is. */
const frameBytesMax = 1 << 20;

/** What outlives two young collections is old: rarer ones free less, more frequent ones cost more than they free. */
const collectEveryBytes = 8 << 20;

/** One HTTP/2 connection to a server: dialled when the first call needs it, and again by the next call when it has broken. */
export class Http2Link {
  readonly #settings: LinkSettings;
  readonly #pacer: BytePacer | undefined;
  #session: ClientHttp2Session | undefined;
  #isClosed = false;

  constructor(settings: LinkSettings) {
    this.#settings = settings;
    const { collectGarbage } = settings;
    this.#pacer = collectGarbage && new BytePacer(collectEveryBytes, collectGarbage);
  }

  /** Told of what the calls receive. */
  received(bytes: number): void {
    this.#pacer?.count(bytes);
  }

  /** Begins a request. Where there is no connection the stream emits why as its error. */
  request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    if (this.#isClosed) throw new Error('The client is closed');
    if (!this.#session || this.#session.closed || this.#session.destroyed) this.#session = this.#dial();
    const session = this.#session;
    const stream = session.request(headers);
    // A connection keeps the process running as long as it has calls.
    if (++openStreams(session).count === 1) session.ref();
    stream.once('close', () => {
      if (--openStreams(session).count === 0) session.unref();
    });
    return stream;
  }

  #dial(): ClientHttp2Session {
    const { target, tls: security, keepAliveMs } = this.#settings;
    const host = security?.serverName ?? (target.startsWith('unix:') ? 'localhost' : target);
    const session = http2.connect(`${security ? 'https' : 'http'}://${host}`, {
      createConnection: () => connectTo(target, security),
      // Memory is bounded by the windows and by what each call holds; Node's own limit would break connections.
      maxSessionMemory: Number.MAX_SAFE_INTEGER,
      settings: { initialWindowSize: windowBytes.call, maxFrameSize: frameBytesMax, enablePush: false },
    });
    const forget = (): void => {
      if (this.#session === session) this.#session = undefined;
    };
    session.on('connect', () => {
      // It may have been closed while it was dialled.
      if (!session.destroyed) session.setLocalWindowSize(windowBytes.session);
    });
    session.on('goaway', forget);
    session.on('close', forget);
    // Each call hears of it through its own stream.
    session.on('error', forget);
    session.unref();
    if (keepAliveMs !== undefined) keepAlive(session, keepAliveMs);
    return session;
  }

  /** Ends the connection; calls that still run break. May be called twice. */
  close(): void {
    this.#isClosed = true;
    this.#session?.destroy();
    this.#session = undefined;
  }
}

const streams = new WeakMap<ClientHttp2Session, { count: number }>();

function openStreams(session: ClientHttp2Session): { count: number } {
  let found = streams.get(session);
  if (!found) {
    found = { count: 0 };
    streams.set(session, found);
  }
  return found;
}

/** Pings while calls are under way; an answer that doesn't come for as long breaks the connection. */
function keepAlive(session: ClientHttp2Session, everyMs: number): void {
  let isWaiting = false;
  const timer = setInterval(() => {
    if (openStreams(session).count === 0 || session.connecting || session.destroyed) return;
    if (isWaiting) session.destroy(new Error(`The server has not answered for ${everyMs} ms`));
    else {
      isWaiting = true;
      session.ping(() => {
        isWaiting = false;
      });
    }
  }, everyMs).unref();
  session.once('close', () => clearInterval(timer));
}

function connectTo(target: string, security: ClientTls | undefined): Socket {
  if (target.startsWith('unix:')) return net.connect({ path: target.slice('unix:'.length) });
  const colon = target.lastIndexOf(':');
  const address = { host: target.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(target.slice(colon + 1)) };
  const socket = security ? tls.connect(tlsOptions(address, security)) : net.connect(address);
  socket.setNoDelay(true);
  return socket;
}

function tlsOptions(address: { host: string; port: number }, { ca, cert, key, serverName }: ClientTls) {
  const name = serverName ?? address.host;
  return {
    ...address,
    ALPNProtocols: ['h2'],
    ...(net.isIP(name) === 0 && { servername: name }),
    ...(ca !== undefined && { ca: bytes(ca) }),
    ...(cert !== undefined && { cert: bytes(cert) }),
    ...(key !== undefined && { key: bytes(key) }),
  };
}

function bytes(pem: Uint8Array | string): Buffer {
  return Buffer.from(pem as string);
}
