import http from 'node:http';
import type { Socket } from 'node:net';
import type { HttpHandler } from './http2-other.ts';
import type { GrpcLimits } from './limits.ts';

/** An HTTP/1.1 server that doesn't listen: it is given connections that others accepted. */
export class Http1Server {
  readonly #server: http.Server;

  constructor(handler: HttpHandler | undefined, limits: GrpcLimits) {
    this.#server = http.createServer(
      {
        maxHeaderSize: limits.headerBytesMax,
        headersTimeout: limits.handshakeTimeoutMs,
        requestTimeout: 300_000,
        keepAliveTimeout: 65_000,
        connectionsCheckingInterval: Math.min(limits.handshakeTimeoutMs, 30_000),
      },
      handler ?? refuse,
    );
    this.#server.maxHeadersCount = limits.headersMax;
    // Node begins to look for connections that are too slow when a server begins to listen.
    this.#server.emit('listening');
  }

  /** Serves a connection, from the bytes put back into it on. */
  serve(socket: Socket): void {
    this.#server.emit('connection', socket);
    socket.resume();
  }

  /** Closes connections as soon as they have no request under way. */
  close(): void {
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  /** Closes all connections at once. */
  destroy(): void {
    this.#server.closeAllConnections();
  }
}

const refuse: HttpHandler = (_request, response) => {
  response.writeHead(505, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end('This port speaks gRPC, which needs HTTP/2.\n');
};
