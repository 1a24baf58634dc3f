// What the tests of this package share: a service on raw bytes, a server for it on a free port, and a client that
// speaks HTTP/2 by hand.
import { once } from 'node:events';
import http2, { type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { credentials, makeGenericClientConstructor, type ServiceClientConstructor } from '@grpc/grpc-js';
import {
  type CallReport,
  createGrpcServer,
  type GrpcServer,
  type GrpcServerOptions,
  type ServerCall,
  Status,
} from './index.ts';

const same = <T>(bytes: T): T => bytes;

function method<Q extends boolean, S extends boolean>(name: string, requestStream: Q, responseStream: S) {
  return {
    path: `/test.Bytes/${name}`,
    requestStream,
    responseStream,
    requestSerialize: same<Buffer>,
    requestDeserialize: same<Buffer>,
    responseSerialize: same<Uint8Array | readonly Uint8Array[]>,
    responseDeserialize: same<Buffer>,
  };
}

/** All four kinds of calls, on bytes. */
export const bytesService = {
  unary: method('Unary', false, false),
  download: method('Download', false, true),
  upload: method('Upload', true, false),
  chat: method('Chat', true, true),
};

type Bytes = Uint8Array | readonly Uint8Array[];

export interface BytesImplementation {
  unary(request: Buffer, call: ServerCall): Promise<Bytes> | Bytes;
  download(request: Buffer, call: ServerCall): AsyncIterable<Bytes>;
  upload(requests: AsyncIterable<Buffer>, call: ServerCall): Promise<Bytes>;
  chat(requests: AsyncIterable<Buffer>, call: ServerCall): AsyncIterable<Bytes>;
}

const echo: BytesImplementation = {
  unary: (request) => request,
  async *download(request) {
    for (let i = 0; i < Number(request.toString()); i++) yield Buffer.from(`part ${i}`);
  },
  async upload(requests) {
    let bytes = 0;
    for await (const request of requests) bytes += request.length;
    return Buffer.from(String(bytes));
  },
  async *chat(requests) {
    for await (const request of requests) yield request;
  },
};

// biome-ignore lint/suspicious/noExplicitAny: grpc-js makes clients without types
export type BytesClient = any;

export interface TestServer {
  readonly server: GrpcServer;
  readonly port: number;
  readonly reports: CallReport[];
  readonly log: { level: string; message: string; fields: object }[];
  client(options?: object): BytesClient;
  stop(): Promise<void>;
}

/** A server that echoes, save what the implementation given does differently. */
export async function startServer(
  implementation: Partial<BytesImplementation> = {},
  options: GrpcServerOptions = {},
): Promise<TestServer> {
  const reports: CallReport[] = [];
  const log: TestServer['log'] = [];
  const at = (level: string) => (fields: object, message: string) => void log.push({ level, message, fields });
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const server = createGrpcServer({ logger, onCallEnd: (report) => reports.push(report), ...options });
  server.addService(bytesService, { ...echo, ...implementation });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const clients: BytesClient[] = [];
  const BytesServiceClient: ServiceClientConstructor = makeGenericClientConstructor(bytesService as never, 'Bytes');
  return {
    server,
    port,
    reports,
    log,
    client(clientOptions = {}) {
      const client = new BytesServiceClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
        'grpc.max_receive_message_length': -1,
        'grpc.use_local_subchannel_pool': 1,
        ...clientOptions,
      });
      clients.push(client);
      return client;
    },
    async stop() {
      for (const client of clients) client.close();
      await server.close({ graceMs: 0 });
    },
  };
}

/** A unary call's answer, or its status in words. */
export function unary(client: BytesClient, request: Uint8Array, ...rest: unknown[]): Promise<string> {
  return new Promise((resolve) => {
    client.unary(Buffer.from(request), ...rest, (error: { code: number; details: string } | null, response: Buffer) => {
      resolve(error ? `${error.code}: ${error.details}` : response.toString());
    });
  });
}

/** What a stream of responses brought, and the status it ended with. */
export async function collect(stream: BytesClient): Promise<{ messages: string[]; code: number; details: string }> {
  const messages: string[] = [];
  stream.on('data', (message: Buffer) => messages.push(message.toString()));
  stream.on('error', () => {});
  const status = await new Promise<{ code: number; details: string }>((resolve) => stream.on('status', resolve));
  return { messages, code: status.code, details: status.details };
}

/** A message as it goes over the wire. */
export function frame(message: string | Uint8Array, flag = 0): Buffer {
  const body = Buffer.from(message as Uint8Array);
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

export interface RawAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly resetCode: number;
  /** `grpc-status` of trailers or headers, as a number. */
  readonly status: number;
  readonly message: string;
}

/** One call by hand: the headers given over those of a unary call, then the chunks as they are. */
export async function rawCall(
  port: number,
  chunks: readonly Uint8Array[],
  headers: OutgoingHttpHeaders = {},
  { end = true }: { end?: boolean } = {},
): Promise<RawAnswer> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': bytesService.unary.path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    let answered: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    const body: Buffer[] = [];
    stream.on('response', (received) => {
      answered = received;
    });
    stream.on('trailers', (received) => {
      trailers = received;
    });
    stream.on('data', (chunk: Buffer) => body.push(chunk));
    stream.on('error', () => {});
    for (const chunk of chunks) stream.write(chunk);
    if (end) stream.end();
    if (!stream.closed) await once(stream, 'close');
    const status = Number(trailers['grpc-status'] ?? answered['grpc-status'] ?? Status.UNKNOWN);
    const message = decodeURIComponent(String(trailers['grpc-message'] ?? answered['grpc-message'] ?? ''));
    return { headers: answered, trailers, body: Buffer.concat(body), resetCode: stream.rstCode, status, message };
  } finally {
    session.destroy();
  }
}

/** Waits until something holds, which no event tells. */
export async function until(holds: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`Waited ${timeoutMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
