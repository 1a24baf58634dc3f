import { once } from 'node:events';
import http2 from 'node:http2';
import type { Writable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { bytesService, collect, frame, startServer, type TestServer, until } from './test-server.ts';

let test: TestServer;
afterEach(() => test?.stop());

const kibibyte = 1 << 10;
const limits = { receiveBufferBytes: 64 * kibibyte, sendBufferBytes: 64 * kibibyte, streamWindowBytes: 64 * kibibyte };

describe('back-pressure', () => {
  it('slows a handler whose client does not read, and loses nothing', async () => {
    let yielded = 0;
    test = await startServer(
      {
        async *download() {
          for (; yielded < 1000; yielded++) yield Buffer.alloc(10 * kibibyte, yielded % 256);
        },
      },
      { limits },
    );
    const session = http2.connect(`http://127.0.0.1:${test.port}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': bytesService.download.path,
      'content-type': 'application/grpc',
    });
    stream.end(frame(''));
    await until(() => yielded > 5, 'the handler yields');
    expect(await settled(() => yielded)).toBeLessThan(100);
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await once(stream, 'close');
    expect(bytes).toBe(1000 * (10 * kibibyte + 5));
    session.destroy();
  });

  it('slows a client whose handler does not read, and loses nothing', async () => {
    let go: () => void = () => {};
    let read = 0;
    test = await startServer(
      {
        async upload(requests) {
          for await (const request of requests) {
            if (read++ === 0) {
              await new Promise<void>((resolve) => {
                go = resolve;
              });
            }
            expect(request.length).toBe(10 * kibibyte);
          }
          return Buffer.from(String(read));
        },
      },
      { limits },
    );
    const session = http2.connect(`http://127.0.0.1:${test.port}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': bytesService.upload.path,
      'content-type': 'application/grpc',
    });
    const answer: Buffer[] = [];
    stream.on('data', (chunk) => answer.push(chunk));
    let written = 0;
    const writing = (async () => {
      for (; written < 1000; written++) await sent(stream, frame(Buffer.alloc(10 * kibibyte)));
      stream.end();
    })();
    await until(() => written > 2, 'some of it is on its way');
    expect(await settled(() => written)).toBeLessThan(100);
    go();
    await writing;
    await once(stream, 'close');
    expect(Buffer.concat(answer)).toEqual(frame('1000'));
    session.destroy();
  });

  it('lets other calls of the connection pass one that is stuck', async () => {
    test = await startServer(
      {
        async upload() {
          return new Promise(() => {});
        },
      },
      { limits },
    );
    const client = test.client();
    const stuck = client.upload(() => {});
    for (let i = 0; i < 100; i++) stuck.write(Buffer.alloc(100 * kibibyte));
    expect((await collect(client.download(Buffer.from('100')))).messages).toHaveLength(100);
    stuck.cancel();
  });

  it('counts empty messages too', async () => {
    const floodBytes = 1 << 20;
    test = await startServer(
      {
        async upload() {
          return new Promise(() => {});
        },
      },
      { limits },
    );
    const session = http2.connect(`http://127.0.0.1:${test.port}`);
    session.on('error', () => {});
    const stream = session.request({
      ':method': 'POST',
      ':path': bytesService.upload.path,
      'content-type': 'application/grpc',
    });
    stream.on('error', () => {});
    let sentBytes = 0;
    const flooding = (async () => {
      for (; sentBytes < floodBytes; sentBytes += 5000) await sent(stream, Buffer.alloc(5000));
    })().catch(() => {});
    await until(() => sentBytes > 0, 'some of it is on its way');
    expect(await settled(() => sentBytes)).toBeLessThan(floodBytes / 2);
    session.destroy();
    await flooding;
  });
});

/** Resolves when the bytes have left, which flow control may put off. */
function sent(stream: Writable, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => stream.write(bytes, (error) => (error ? reject(error) : resolve())));
}

/** The value once it hasn't changed for a while. */
async function settled(value: () => number): Promise<number> {
  for (let last = value(); ; last = value()) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (value() === last) return last;
  }
}
