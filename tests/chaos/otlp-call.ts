import { type ClientHttp2Session, connect, constants } from 'node:http2';

/** Sends OTLP requests over gRPC, each once: no library that might send again when a connection breaks. */
export interface OtlpCaller {
  /** True: acknowledged. False: anything else, so nothing is known. Never rejects. */
  export(body: Uint8Array): Promise<boolean>;
  close(): void;
}

const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

/** @param timeoutMs after which an answer isn't waited for any more. */
export function createOtlpCaller(port: number, timeoutMs = 15_000): OtlpCaller {
  let session: ClientHttp2Session | undefined;
  const opened = (): ClientHttp2Session => {
    if (session && !session.closed && !session.destroyed) return session;
    const fresh = connect(`http://127.0.0.1:${port}`);
    // Ends the calls under way, each of which says so itself.
    fresh.on('error', () => fresh.destroy());
    fresh.on('goaway', () => fresh.close());
    session = fresh;
    return fresh;
  };
  return {
    export: (body) => {
      try {
        return call(opened(), body, timeoutMs);
      } catch {
        return Promise.resolve(false);
      }
    },
    close: () => session?.destroy(),
  };
}

function call(session: ClientHttp2Session, body: Uint8Array, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let status: unknown;
    const note = (headers: Record<string, unknown>) => {
      status = headers['grpc-status'] ?? status;
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('error', () => undefined);
    stream.on('close', () => resolve(status === '0'));
    stream.setTimeout(timeoutMs, () => stream.close(constants.NGHTTP2_CANCEL));
    stream.resume();
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.byteLength, 1);
    stream.end(Buffer.concat([head, body]));
  });
}
