// Sends encoded OTLP requests over gRPC as fast as they are acknowledged: HTTP/2 by hand, so that the sender's own cost stays small.
import { type ClientHttp2Session, connect, constants } from 'node:http2';

export interface SenderOptions {
  /** `http://host:port`. */
  readonly url: string;
  /** Calls under way at once. */
  readonly concurrency: number;
  readonly connections?: number;
  readonly tenant?: string;
  /** Called with each request's number when it has been acknowledged. */
  readonly onAcknowledged?: (index: number) => void;
}

export interface SenderReport {
  readonly acknowledged: number;
  readonly refused: number;
  /** Of each acknowledged call, in milliseconds, sorted. */
  readonly latenciesMs: readonly number[];
}

const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

/** Sends each request once. Calls that fail or are refused are counted, never sent again. */
export async function sendAll(requests: Iterable<Uint8Array>, options: SenderOptions): Promise<SenderReport> {
  const sessions = Array.from({ length: options.connections ?? 2 }, () =>
    connect(options.url, { settings: { initialWindowSize: 1 << 20 } }),
  );
  for (const session of sessions) session.on('error', () => {});
  const source = requests[Symbol.iterator]();
  const latenciesMs: number[] = [];
  let index = 0;
  let refused = 0;
  const worker = async (session: ClientHttp2Session) => {
    for (;;) {
      const next = source.next();
      if (next.done) return;
      const number = index++;
      const began = performance.now();
      const ok = await call(session, next.value, options.tenant).catch(() => false);
      if (!ok) {
        refused++;
        if (session.destroyed) return;
        continue;
      }
      latenciesMs.push(performance.now() - began);
      options.onAcknowledged?.(number);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, (_, i) => worker(sessions[i % sessions.length]!)));
  for (const session of sessions) session.close();
  latenciesMs.sort((a, b) => a - b);
  return { acknowledged: latenciesMs.length, refused, latenciesMs };
}

function call(session: ClientHttp2Session, body: Uint8Array, tenant: string | undefined): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(tenant && { 'x-scope-orgid': tenant }),
    });
    let status: unknown;
    const note = (headers: Record<string, unknown>) => {
      status = headers['grpc-status'] ?? status;
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('error', reject);
    stream.on('close', () => resolve(status === '0'));
    stream.resume();
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.byteLength, 1);
    stream.cork();
    stream.write(head);
    stream.end(body);
    stream.uncork();
  });
}
