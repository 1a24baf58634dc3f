import { request as http1Request } from 'node:http';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ExportTraceServiceResponse } from '@signaldb/proto/opentelemetry/proto/collector/trace/v1/trace_service';
import { createHarness, type Harness, type RunningAcceptor, until } from './testing/harness.ts';
import { traceRequest } from './testing/spans.ts';
import { createStandInWriter, type StandInWriter } from './testing/stand-in-writer.ts';

let harness: Harness;
let acceptor: RunningAcceptor;
let writer: StandInWriter;
beforeAll(async () => {
  harness = await createHarness('inproc');
  writer = createStandInWriter();
  await harness.startWriter(writer);
  acceptor = await harness.start({
    requestBytesMax: 1_000_000,
    corsOrigins: ['https://app.example'],
    retryAfterMs: 2500,
  });
});
afterAll(() => harness.close());

const json = { 'content-type': 'application/json' };
const protobuf = { 'content-type': 'application/x-protobuf' };

describe('OTLP over HTTP', () => {
  const compressed = {
    gzip: promisify(zlib.gzip),
    deflate: promisify(zlib.deflate),
    zstd: promisify(zlib.zstdCompress),
  };

  it.each([
    ['protobuf', 'identity'],
    ['protobuf', 'gzip'],
    ['protobuf', 'deflate'],
    ['protobuf', 'zstd'],
    ['json', 'identity'],
    ['json', 'gzip'],
  ] as const)('takes %s, %s', async (encoding, compression) => {
    const name = `${encoding} ${compression}`;
    const plain = traceRequest([name])[encoding];
    const body = compression === 'identity' ? plain : await compressed[compression](plain);
    const headers = {
      ...(encoding === 'json' ? json : protobuf),
      ...(compression !== 'identity' && { 'content-encoding': compression }),
    };
    const response = await acceptor.otlp.http('/v1/traces', body, headers);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, headers['content-type']]);
    expect(await response.text()).toBe(encoding === 'json' ? '{}' : '');
    await until('it is committed', () => writer.rows.some((row) => row.name === name));
  });

  it('takes parameters of the content type, any case, and an empty request', async () => {
    const headers = { 'content-type': 'Application/JSON; charset=UTF-8' };
    const response = await acceptor.otlp.http('/v1/traces?x=1', Buffer.from('{}'), headers);
    expect([response.status, await response.json()]).toEqual([200, {}]);
  });

  it('names the tenant by a header', async () => {
    await acceptor.otlp.http('/v1/traces', traceRequest(['of a tenant']).json, { ...json, 'X-Scope-OrgID': 'team-a' });
    await until('it is committed', () => writer.rows.some((row) => row.tenant === 'team-a'));
  });

  it('tells of spans that it left out, in the encoding of the request', async () => {
    const bad = JSON.parse(traceRequest(['good', 'bad']).json.toString());
    bad.resourceSpans[0].scopeSpans[0].spans[1].traceId = 'abcd';
    const response = await acceptor.otlp.http('/v1/traces', Buffer.from(JSON.stringify(bad)), json);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      partialSuccess: { rejectedSpans: '1', errorMessage: expect.stringContaining('spans[1]') },
    });
  });

  const truncatedGzip = zlib.gzipSync(Buffer.alloc(1000, 'x')).subarray(0, 20);
  const bomb = zlib.gzipSync(Buffer.alloc(50_000_000));
  const zstdBomb = zlib.zstdCompressSync(Buffer.alloc(50_000_000));

  it.each([
    ['another path', '/v1/profiles', {}, 404, 5, /nothing is served at \/v1\/profiles/],
    ['another content type', '/v1/traces', { headers: { 'content-type': 'text/plain' } }, 415, 3, /"text\/plain"/],
    ['no content type', '/v1/traces', { headers: { 'content-type': '' } }, 415, 3, /content type has to be/],
    ['another content encoding', '/v1/traces', { headers: { ...json, 'content-encoding': 'br' } }, 415, 3, /"br"/],
    [
      'a tenant that is none',
      '/v1/traces',
      { headers: { ...json, 'x-scope-orgid': 'a/b' } },
      400,
      3,
      /X-Scope-OrgID has "a\/b"/,
    ],
    ['a tenant of dots', '/v1/traces', { headers: { ...json, 'x-scope-orgid': '..' } }, 400, 3, /X-Scope-OrgID/],
    ['several tenants', '/v1/traces', { headers: { ...json, 'x-scope-orgid': 'a|b' } }, 400, 3, /X-Scope-OrgID/],
    ['broken JSON', '/v1/traces', { body: Buffer.from('{"resourceSpans":[{]}') }, 400, 3, /./],
    ['broken protobuf', '/v1/traces', { body: Buffer.from([0x0a, 0xff]), headers: protobuf }, 400, 3, /./],
    [
      'broken gzip',
      '/v1/traces',
      { body: Buffer.from('hello'), headers: { ...json, 'content-encoding': 'gzip' } },
      400,
      3,
      /not gzip/,
    ],
    [
      'cut gzip',
      '/v1/traces',
      { body: truncatedGzip, headers: { ...json, 'content-encoding': 'gzip' } },
      400,
      3,
      /not gzip/,
    ],
    [
      'a gzip bomb',
      '/v1/traces',
      { body: bomb, headers: { ...json, 'content-encoding': 'gzip' } },
      413,
      8,
      /1000000 bytes/,
    ],
    [
      'a zstd bomb',
      '/v1/traces',
      { body: zstdBomb, headers: { ...protobuf, 'content-encoding': 'zstd' } },
      413,
      8,
      /1000000 bytes/,
    ],
    ['a large body', '/v1/traces', { body: Buffer.alloc(2_000_000, ' ') }, 413, 8, /1000000 bytes/],
  ])('refuses %s', async (_name, path, request, status, code, message) => {
    const { body = Buffer.from('{}'), headers = json } = request as { body?: Buffer; headers?: Record<string, string> };
    const response = await acceptor.otlp.http(path, body, headers);
    expect(response.status).toBe(status);
    if (headers['content-type'] === 'application/x-protobuf') {
      expect(response.headers.get('content-type')).toBe('application/x-protobuf');
      const bytes = Buffer.from(await response.arrayBuffer());
      expect([bytes[0], bytes[1], bytes[2]]).toEqual([0x08, code, 0x12]);
      expect(bytes.subarray(4).toString()).toMatch(message);
    } else {
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(await response.json()).toMatchObject({ code, message: expect.stringMatching(message) });
    }
  });

  it('refuses other methods, and says which one there is', async () => {
    const response = await acceptor.otlp.http('/v1/traces', Buffer.alloc(0), {}, 'GET');
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await response.json()).toMatchObject({ code: 12 });
  });

  it('refuses a large body before it has come, and closes the connection', async () => {
    const { status, closed } = await upload(acceptor.otlpHttpPort, { 'content-length': '2000000000', ...json });
    expect([status, closed]).toEqual([413, 'close']);
  });

  it('refuses a body without an end as soon as it is too large', async () => {
    const { status } = await upload(acceptor.otlpHttpPort, { ...json });
    expect(status).toBe(413);
  });

  it('lets web pages of the origins that were named send', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    const preflight = await acceptor.otlp.http('/v1/traces', Buffer.alloc(0), headers, 'OPTIONS');
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'https://app.example',
    ]);
    const response = await acceptor.otlp.http('/v1/traces', Buffer.from('{}'), {
      ...json,
      origin: 'https://app.example',
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
    const other = await acceptor.otlp.http('/v1/traces', Buffer.from('{}'), {
      ...json,
      origin: 'https://evil.example',
    });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('speaks HTTP/2 without TLS, too', async () => {
    const session = http2.connect(`http://127.0.0.1:${acceptor.otlpHttpPort}`);
    const stream = session.request({ ':method': 'POST', ':path': '/v1/traces', ...json });
    stream.end(traceRequest(['over h2c']).json);
    const status = await new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])));
    expect(status).toBe(200);
    session.close();
    await until('it is committed', () => writer.rows.some((row) => row.name === 'over h2c'));
  });

  it('lives on after clients that go away or send garbage', async () => {
    for (const bytes of [
      '\x00\x01\x02\x03garbage',
      'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf',
    ]) {
      const socket = connect(acceptor.otlpHttpPort, '127.0.0.1');
      await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
      socket.destroy();
    }
    expect((await acceptor.otlp.http('/v1/traces', Buffer.from('{}'), json)).status).toBe(200);
  });
});

describe('OTLP over gRPC', () => {
  it('answers an empty message where all was taken', async () => {
    expect(await acceptor.otlp.traces(['over grpc'])).toEqual({ partialSuccess: undefined });
  });

  it('answers with what it left out', async () => {
    const body = traceRequest(['x']).protobuf;
    const at = body.indexOf(Buffer.from('0a10', 'hex')); // trace_id = 1, 16 bytes
    const short = Buffer.concat([body.subarray(0, at), Buffer.from([0x0a, 0x10]), body.subarray(at + 2)]);
    short.fill(0, at + 2, at + 18); // all zeros: no trace id
    const { partialSuccess } = await acceptor.otlp.raw(short);
    expect(partialSuccess?.rejectedSpans).toBe(1n);
    expect(ExportTraceServiceResponse.encode({ partialSuccess }).finish().length).toBeGreaterThan(10);
  });

  it.each([
    ['broken protobuf', Buffer.from([0x0a, 0xff]), {}, 3, /./],
    ['a tenant that is none', Buffer.alloc(0), { 'x-scope-orgid': 'a b' }, 3, /X-Scope-OrgID has "a b"/],
    ['a large message', Buffer.alloc(1_000_001), {}, 8, /./],
  ])('refuses %s', async (_name, body, metadata, code, details) => {
    await expect(acceptor.otlp.raw(body, metadata as Record<string, string>)).rejects.toMatchObject({
      code,
      details: expect.stringMatching(details),
    });
  });

  it('counts what it took and what it refused', async () => {
    const text = await acceptor.metrics.registry.metrics();
    expect(text).toMatch(/signaldb_acceptor_accepted_rows_total\{table="traces"\} \d+/);
    expect(text).toMatch(/signaldb_acceptor_refused_requests_total\{reason="too_large"\} [1-9]/);
    expect(text).toMatch(/signaldb_acceptor_refused_requests_total\{reason="bad_tenant"\} [1-9]/);
    expect(text).toMatch(/signaldb_acceptor_log_fsync_seconds_count [1-9]/);
  });
});

describe('an acceptor whose log is full', () => {
  it('refuses with a hint when to come again, over gRPC and HTTP, until there is room', async () => {
    const full = await createHarness('inproc');
    try {
      const small = await full.start({ logBytesMax: 40_000, logSegmentBytesMax: 10_000, retryAfterMs: 2500 });
      const names = Array.from({ length: 20 }, (_, i) => `span ${i}`);
      let sent = 0;
      const error = await (async () => {
        for (;;) {
          await small.otlp.traces(names);
          sent++;
        }
      })().catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 8, details: 'the log is full: no writer has taken its contents yet' });
      const [details] = error.metadata.get('grpc-status-details-bin') as Buffer[];
      expect(details!.toString('latin1')).toContain('type.googleapis.com/google.rpc.RetryInfo');
      expect(details!.subarray(-10).toString('hex')).toContain('0802' + '1080cab5ee01'); // 2 s and 500 000 000 ns
      const response = await small.otlp.http('/v1/traces', traceRequest(names).json, json);
      expect([response.status, response.headers.get('retry-after')]).toEqual([429, '3']);
      expect(await response.json()).toMatchObject({ code: 8, details: [{ retryDelay: '2.5s' }] });
      const { writer: late } = await full.startWriter();
      await until('all is committed', () => late.rows.length === sent * 20);
      await until('there is room again', () =>
        small.otlp.traces(names).then(
          () => true,
          () => false,
        ),
      );
    } finally {
      await full.close();
    }
  });
});

/** Sends a body in small pieces until there is an answer. */
async function upload(port: number, headers: Record<string, string>) {
  const request = http1Request({ port, host: '127.0.0.1', path: '/v1/traces', method: 'POST', headers });
  const answered = new Promise<{ status: number | undefined; closed: string | undefined }>((resolve, reject) => {
    request.on('error', reject);
    request.once('response', (response) => {
      response.resume();
      resolve({ status: response.statusCode, closed: response.headers.connection });
    });
  });
  const timer = setInterval(() => request.write(Buffer.alloc(100_000, ' ')), 1);
  try {
    return await answered;
  } finally {
    clearInterval(timer);
    request.destroy();
  }
}
