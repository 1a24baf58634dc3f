import { unlink } from 'node:fs/promises';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { Connection, type ConnectionOptions } from './connection.ts';
import { Http1Server } from './http1-server.ts';
import type { HttpHandler } from './http2-other.ts';
import { detectProtocol, type Protocol } from './protocol-detection.ts';

/** Certificates and what node:tls takes beside them; the protocols are the server's own business. */
export type TlsOptions = Omit<tls.TlsOptions, 'ALPNProtocols' | 'ALPNCallback'>;

export interface ListenerOptions extends ConnectionOptions {
  readonly http1: HttpHandler | undefined;
  readonly tls: TlsOptions | undefined;
}

/** The port: accepts connections, tells HTTP/2 from HTTP/1.1, keeps what is open until it is closed. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: net.Server;
  readonly #http1: Http1Server;
  readonly #sockets = new Set<Socket>();
  readonly #undecided = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  #closing = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#http1 = new Http1Server(options.http1, options.limits);
    this.#server = options.tls ? this.#tlsServer(options.tls) : net.createServer((socket) => this.#detect(socket));
    this.#server.maxConnections = options.limits.connectionsMax;
    this.#server.on('connection', (socket: Socket) => this.#keep(socket));
    this.#server.on('drop', () =>
      options.logger.warn({ connectionsMax: options.limits.connectionsMax }, 'Too many connections: one was closed'),
    );
  }

  #tlsServer(options: TlsOptions): tls.Server {
    const { limits, logger } = this.#options;
    const server = tls.createServer({
      handshakeTimeout: limits.handshakeTimeoutMs,
      ...options,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    server.on('secureConnection', (socket) => {
      socket.on('error', (error) => logger.debug({ err: error }, 'A connection broke'));
      if (socket.alpnProtocol === 'h2') this.#serve(socket, 'http2');
      else if (socket.alpnProtocol === 'http/1.1') this.#serve(socket, 'http1');
      else this.#detect(socket);
    });
    server.on('tlsClientError', (error, socket) => {
      logger.debug({ err: error }, 'A TLS handshake failed');
      socket.destroy();
    });
    return server;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', (error) => this.#options.logger.debug({ err: error }, 'A connection broke'));
  }

  #detect(socket: Socket): void {
    this.#undecided.add(socket);
    socket.once('close', () => this.#undecided.delete(socket));
    detectProtocol(socket, this.#options.limits.handshakeTimeoutMs, (protocol) => {
      this.#undecided.delete(socket);
      this.#serve(socket, protocol);
    });
  }

  #serve(socket: Socket, protocol: Protocol): void {
    if (this.#closing) {
      socket.destroy();
      return;
    }
    if (protocol === 'http1') {
      this.#http1.serve(socket);
      return;
    }
    const connection = new Connection(socket, this.#options);
    this.#connections.add(connection);
    connection.onClose(() => this.#connections.delete(connection));
  }

  /** The address that was taken: a path's is the path. */
  async listen(
    address: { readonly host: string; readonly port: number } | { readonly path: string },
  ): Promise<AddressInfo | string> {
    try {
      await this.#listenOnce(address);
    } catch (error) {
      if (!('path' in address) || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      if (!(await isAbandoned(address.path))) throw error;
      await unlink(address.path);
      await this.#listenOnce(address);
    }
    this.#server.on('error', (error) => this.#options.logger.error({ err: error }, 'A port failed'));
    return this.#server.address() as AddressInfo | string;
  }

  #listenOnce(address: object): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(address, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  updateTls(options: TlsOptions): void {
    if (!(this.#server instanceof tls.Server)) throw new Error('The server was created without TLS');
    this.#server.setSecureContext(options);
  }

  /** Takes no more connections and ends those that are open when their calls are done; resolves when all are gone. */
  async close(): Promise<void> {
    this.#closing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#http1.close();
    for (const socket of this.#undecided) socket.destroy();
    for (const connection of this.#connections) connection.close();
    await closed;
  }

  /** Ends all connections at once. */
  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
    this.#http1.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Whether a Unix socket was left behind by a process that is gone. */
function isAbandoned(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}
