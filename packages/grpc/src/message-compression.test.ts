import zlib from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { bytesService, collect, frame, rawCall, startServer, type TestServer, unary } from './test-server.ts';

let test: TestServer;
afterEach(() => test?.stop());

const text = 'compressible '.repeat(1000);
const chat = { ':path': bytesService.chat.path };

describe('compressed requests', () => {
  it.each([1, 2])('of grpc-js, algorithm %i', async (algorithm) => {
    test = await startServer();
    const client = test.client({ 'grpc.default_compression_algorithm': algorithm });
    expect(await unary(client, Buffer.from(text))).toBe(text);
    const stream = client.chat();
    for (let i = 0; i < 20; i++) stream.write(Buffer.from(`${i} ${text}`));
    stream.end();
    expect((await collect(stream)).messages).toEqual(Array.from({ length: 20 }, (_, i) => `${i} ${text}`));
    expect(test.reports[0]!.requestBytes).toBeLessThan(500);
  });

  it('among others that are not', async () => {
    test = await startServer();
    const messages = [frame(zlib.gzipSync('one'), 1), frame('two'), frame(zlib.gzipSync(''), 1), frame('')];
    expect((await rawCall(test.port, messages, { ...chat, 'grpc-encoding': 'gzip' })).body).toEqual(
      Buffer.concat(['one', 'two', '', ''].map((m) => frame(m))),
    );
  });

  it.each([
    ['in an encoding that is not known', 'snappy', frame('x', 1), 12],
    ['in an encoding that is not known, though nothing is compressed', 'snappy', frame('x'), 12],
    ['without an encoding', undefined, frame('x', 1), 13],
    ['with the encoding identity', 'identity', frame('x', 1), 13],
    ['that are broken', 'gzip', frame('x', 1), 13],
  ])('%s are refused', async (_what, encoding, message, status) => {
    test = await startServer();
    for (const path of [bytesService.unary.path, bytesService.chat.path]) {
      const answer = await rawCall(test.port, [message], { ':path': path, 'grpc-encoding': encoding });
      expect(answer).toMatchObject({ status, headers: { 'grpc-accept-encoding': 'identity,deflate,gzip' } });
    }
  });
});

describe('compressed responses', () => {
  const compressing = {
    unary(request: Buffer, call: { compress: boolean }) {
      call.compress = true;
      return request;
    },
    async *chat(requests: AsyncIterable<Buffer>, call: { compress: boolean }) {
      call.compress = true;
      for await (const request of requests) {
        yield request;
        call.compress = !call.compress;
      }
    },
  };

  it('are what grpc-js reads', async () => {
    test = await startServer(compressing);
    expect(await unary(test.client(), Buffer.from(text))).toBe(text);
    expect(test.reports[0]!.responseBytes).toBeLessThan(200);
  });

  it.each([
    ['gzip', 'gzip', zlib.gunzipSync],
    ['identity,deflate,gzip', 'gzip', zlib.gunzipSync],
    ['deflate', 'deflate', zlib.inflateSync],
  ])('are in what the client takes (%s)', async (accepted, encoding, unpack) => {
    test = await startServer(compressing);
    const answer = await rawCall(test.port, [frame(text)], { 'grpc-accept-encoding': accepted });
    expect(answer.headers['grpc-encoding']).toBe(encoding);
    expect(answer.body[0]).toBe(1);
    expect(unpack(answer.body.subarray(5)).toString()).toBe(text);
  });

  it('are not sent to a client that takes none', async () => {
    test = await startServer(compressing);
    const answer = await rawCall(test.port, [frame(text)]);
    expect(answer.headers['grpc-encoding']).toBeUndefined();
    expect(answer.body).toEqual(frame(text));
  });

  it('may change from message to message, in order', async () => {
    test = await startServer(compressing);
    const answer = await rawCall(test.port, [frame(text), frame('two'), frame(text)], {
      ...chat,
      'grpc-accept-encoding': 'gzip',
    });
    const packed = frame(zlib.gzipSync(text), 1);
    expect(answer.body).toEqual(Buffer.concat([packed, frame('two'), packed]));
    expect(answer.status).toBe(0);
  });
});
