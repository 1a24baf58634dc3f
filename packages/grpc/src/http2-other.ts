import type { IncomingMessage, ServerResponse } from 'node:http';
import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';

/** Serves HTTP/1.1 requests, and, through Node's compatibility layer, HTTP/2 requests that aren't gRPC. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Serves HTTP/2 requests that aren't gRPC. */
export type Http2Other = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** Whether a content type is gRPC's: `application/grpc`, with or without `+subtype` and parameters. Not gRPC-Web's. */
export function isGrpc(contentType: string | undefined): boolean {
  if (contentType === 'application/grpc') return true;
  return contentType !== undefined && /^application\/grpc(\s*;|\+|$)/i.test(contentType);
}

/** The part of gRPC's content type that names the messages' encoding: `proto` where it names none. */
export function grpcSubtype(contentType: string): string {
  return /^application\/grpc\+([^;\s]*)/i.exec(contentType)?.[1]?.toLowerCase() ?? 'proto';
}

/** Hands an HTTP/2 request to a handler written for HTTP/1.1. */
export function serveByHttp1(
  handler: HttpHandler,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
): void {
  const request = new http2.Http2ServerRequest(stream, headers, {}, rawHeaders);
  const response = new http2.Http2ServerResponse(stream);
  handler(request as unknown as IncomingMessage, response as unknown as ServerResponse);
}

/** Refuses a request that isn't gRPC. Specification: PROTOCOL-HTTP2.md, Content-Type. */
export function refuse(stream: ServerHttp2Stream, status: 405 | 415, text: string): void {
  stream.respond({ ':status': status, 'content-type': 'text/plain; charset=utf-8' });
  stream.end(`${text}\n`);
  if (!stream.readableEnded) stream.close(http2.constants.NGHTTP2_NO_ERROR);
}
