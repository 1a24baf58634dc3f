import http2, { type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type GrpcError, Status } from '@signaldb/grpc';
import { connectFlight } from '../connect.ts';
import { sampleBatch } from '../testing/sample.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A server that does to each stream what it is told, and the number of connections that it has seen. */
async function serve(onStream: (stream: ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void) {
  const server: Http2Server = http2.createServer();
  const seen = { sessions: 0 };
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    seen.sessions++;
    sessions.add(session);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    stream.resume();
    onStream(stream, headers);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const client = connectFlight(`grpc://127.0.0.1:${port}`);
  open.push({
    close: () => {
      void client.close();
      for (const session of sessions) session.destroy();
      server.close();
    },
  });
  return { client, seen, port };
}

const grpcHeaders = { ':status': 200, 'content-type': 'application/grpc' };
const ticket = Buffer.from('t');

async function failureOf(stream: AsyncIterable<unknown>): Promise<GrpcError> {
  try {
    for await (const _ of stream);
  } catch (error) {
    return error as GrpcError;
  }
  throw new Error('nothing failed');
}

/** Answers with headers, bytes and trailers, as they are given. */
function answer(stream: ServerHttp2Stream, body: Buffer, trailers: Record<string, string>): void {
  stream.respond(grpcHeaders, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}

describe('what a server may do to a stream', () => {
  it.each<[what: string, onStream: (stream: ServerHttp2Stream) => void, code: number, details: RegExp]>([
    ['answer 503', (s) => s.respond({ ':status': 503 }, { endStream: true }), Status.UNAVAILABLE, /HTTP 503/],
    ['answer 404', (s) => s.respond({ ':status': 404 }, { endStream: true }), Status.UNIMPLEMENTED, /HTTP 404/],
    [
      'answer a page',
      (s) => {
        s.respond({ ':status': 200, 'content-type': 'text/html' });
        s.end('<p>hello');
      },
      Status.UNKNOWN,
      /text\/html/,
    ],
    ['end without a status', (s) => answer(s, Buffer.alloc(0), { other: 'x' }), Status.UNKNOWN, /no status/],
    ['end without trailers', (s) => s.respond(grpcHeaders, { endStream: true }), Status.UNAVAILABLE, /lost/],
    [
      'end within a message',
      (s) => answer(s, Buffer.from([0, 0, 0, 1, 0, 7]), { 'grpc-status': '0' }),
      Status.INTERNAL,
      /within a message/,
    ],
    [
      'compress unasked',
      (s) => answer(s, Buffer.from([1, 0, 0, 0, 1, 7]), { 'grpc-status': '0' }),
      Status.INTERNAL,
      /compressed/,
    ],
    [
      'send what is no Flight message',
      (s) => answer(s, Buffer.from([0, 0, 0, 0, 1, 255]), { 'grpc-status': '0' }),
      Status.INVALID_ARGUMENT,
      /cut off/,
    ],
    [
      'tell an error in other letters',
      (s) =>
        s.respond({ ...grpcHeaders, 'grpc-status': '5', 'grpc-message': 'no t%C3%A4ble %zz' }, { endStream: true }),
      Status.NOT_FOUND,
      /^no täble %zz$/,
    ],
    ['refuse it', (s) => s.close(http2.constants.NGHTTP2_REFUSED_STREAM), Status.UNAVAILABLE, /code 7/],
    ['cancel it', (s) => s.close(http2.constants.NGHTTP2_CANCEL), Status.CANCELLED, /code 8/],
    ['calm it', (s) => s.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM), Status.RESOURCE_EXHAUSTED, /code 11/],
    ['break the connection', (s) => s.session?.destroy(), Status.UNAVAILABLE, /lost/],
  ])('%s', async (_, onStream, code, details) => {
    const { client } = await serve(onStream);
    const error = await failureOf(client.doGet(ticket));
    expect([error.code, error.details]).toEqual([code, expect.stringMatching(details)]);
  });
});

it('takes one connection for all calls, and another when that has gone', async () => {
  const { client, seen } = await serve((stream) =>
    stream.respond({ ...grpcHeaders, 'grpc-status': '0' }, { endStream: true }),
  );
  const call = async () => {
    for await (const _ of client.doGet(ticket));
  };
  await Promise.all([call(), call(), call()]);
  await call();
  expect(seen.sessions).toBe(1);
  const breaking = await serve((stream) => stream.session?.destroy());
  await failureOf(breaking.client.doGet(ticket));
  await failureOf(breaking.client.doGet(ticket));
  expect(breaking.seen.sessions).toBe(2);
});

it('can be closed at every moment of dialling', async () => {
  const { port } = await serve(() => {});
  for (let turns = 0; turns < 20; turns++) {
    const client = connectFlight(`grpc://127.0.0.1:${port}`);
    const failure = failureOf(client.doGet(ticket));
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    await client.close();
    expect((await failure).code).toBe(Status.CANCELLED);
  }
});

it('sends its deadline and its headers', async () => {
  const seen: http2.IncomingHttpHeaders[] = [];
  const { client } = await serve((stream, headers) => {
    seen.push(headers);
    stream.respond({ ...grpcHeaders, 'grpc-status': '0' }, { endStream: true });
  });
  const metadata = { 'x-name': 'value', 'x-bytes-bin': 'AAEC' };
  for (const timeoutMs of [1500.2, 123_456_789_000])
    for await (const _ of client.doGet(ticket, { timeoutMs, metadata }));
  const always = { 'x-name': 'value', 'x-bytes-bin': 'AAEC', te: 'trailers', 'content-type': 'application/grpc' };
  expect(seen).toMatchObject([
    { ...always, 'grpc-timeout': '1501m' },
    { ...always, 'grpc-timeout': '99999999S' },
  ]);
});

it('says so where nobody listens', async () => {
  const { client, port } = await serve(() => {});
  for (const each of open.splice(0)) each.close();
  await client.close();
  const late = connectFlight(`grpc://127.0.0.1:${port}`);
  const error = await failureOf(late.doGet(ticket));
  expect([error.code, error.details]).toEqual([Status.UNAVAILABLE, expect.stringContaining('ECONNREFUSED')]);
  await late.close();
});

it('waits with sending when the server doesn’t read', async () => {
  const { client } = await serve((stream) => {
    stream.pause();
    stream.respond(grpcHeaders);
  });
  const batch = sampleBatch(20_000);
  let taken = 0;
  let quiet = (): void => {};
  const stalled = new Promise<void>((resolve) => {
    quiet = resolve;
  });
  async function* messages() {
    let timer = setTimeout(quiet, 300);
    for (; taken < 1000; taken++) {
      clearTimeout(timer);
      timer = setTimeout(quiet, 300);
      yield { batch };
    }
  }
  const abort = new AbortController();
  const failure = failureOf(client.doPut(messages(), { signal: abort.signal }));
  await stalled;
  expect(taken * batch.data.byteLength).toBeLessThan(24 << 20);
  expect(taken).toBeGreaterThan(1);
  abort.abort();
  expect((await failure).code).toBe(Status.CANCELLED);
});
