import { once } from 'node:events';
import net from 'node:net';
import zlib from 'node:zlib';
import type { ServiceError } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Metadata } from './metadata.ts';
import { bytesService, frame, rawCall, startServer, type TestServer, unary, until } from './test-server.ts';

let test: TestServer;
afterEach(() => test?.stop());

const paths = [bytesService.unary.path, bytesService.upload.path];

describe('receiveMessageBytesMax', () => {
  it('refuses a message by its length, before it comes', async () => {
    test = await startServer({}, { limits: { receiveMessageBytesMax: 1000 } });
    for (const path of paths) {
      expect(await rawCall(test.port, [frame(Buffer.alloc(1000))], { ':path': path })).toMatchObject({ status: 0 });
      const refused = await rawCall(
        test.port,
        [frame(Buffer.alloc(1001)).subarray(0, 5)],
        { ':path': path },
        { end: false },
      );
      expect(refused).toMatchObject({
        status: 8,
        message: expect.stringContaining('receiveMessageBytesMax (1000 bytes)'),
      });
    }
  });

  it.each(['gzip', 'deflate'])('holds for %s after decompression', async (encoding) => {
    test = await startServer({}, { limits: { receiveMessageBytesMax: 1 << 20 } });
    const pack = encoding === 'gzip' ? zlib.gzipSync : zlib.deflateSync;
    for (const path of paths) {
      const headers = { ':path': path, 'grpc-encoding': encoding };
      expect(await rawCall(test.port, [frame(pack(Buffer.alloc(1 << 20)), 1)], headers)).toMatchObject({ status: 0 });
      for (const bombBytes of [(1 << 20) + 1, 200 << 20]) {
        const refused = await rawCall(test.port, [frame(pack(Buffer.alloc(bombBytes)), 1)], headers);
        expect(refused).toMatchObject({ status: 8, message: expect.stringContaining('receiveMessageBytesMax') });
      }
    }
  });

  it('may be lifted', async () => {
    test = await startServer(
      { unary: (request) => Buffer.from(String(request.length)) },
      { limits: { receiveMessageBytesMax: Number.POSITIVE_INFINITY } },
    );
    expect(await unary(test.client(), Buffer.alloc(80 << 20))).toBe(String(80 << 20));
  });
});

describe('requestBytesMax', () => {
  it('bounds what all calls hold together, and lets go what ends', async () => {
    test = await startServer({ unary: () => new Promise(() => {}) }, { limits: { requestBytesMax: 1 << 20 } });
    const client = test.client();
    const held = Array.from({ length: 3 }, () => client.unary(Buffer.alloc(300_000), () => {}));
    const refused = await unary(client, Buffer.alloc(300_000));
    expect(refused).toMatch(/^8: .*requestBytesMax \(1048576 bytes\)/);
    for (const call of held) call.cancel();
    await until(() => test.reports.length === 4, 'all calls have ended');
    expect(
      await rawCall(test.port, [frame(Buffer.alloc(900_000))], { ':path': bytesService.upload.path }),
    ).toMatchObject({ status: 0 });
  });

  it('tells refused clients what it was given for them', async () => {
    const retryHint = new Metadata();
    retryHint.set('retry-hint', 'soon');
    test = await startServer({}, { limits: { requestBytesMax: 1000 }, retryHint });
    const { metadata } = await new Promise<ServiceError>((resolve) =>
      test.client().unary(Buffer.alloc(2000), (error: ServiceError | null) => resolve(error!)),
    );
    expect(metadata.get('retry-hint')).toEqual(['soon']);
  });

  it('counts nothing twice, however calls end', async () => {
    test = await startServer({}, { limits: { requestBytesMax: 200_000 } });
    const packed = frame(zlib.gzipSync(Buffer.alloc(50_000)), 1);
    for (let i = 0; i < 20; i++) {
      for (const path of Object.values(bytesService).map((method) => method.path)) {
        await rawCall(test.port, [packed], { ':path': path, 'grpc-encoding': 'gzip' });
        await rawCall(test.port, [frame(Buffer.alloc(50_000)).subarray(0, -1)], { ':path': path });
      }
    }
    expect(await rawCall(test.port, [frame(Buffer.alloc(180_000))])).toMatchObject({ status: 0 });
    expect(await rawCall(test.port, [frame(Buffer.alloc(210_000))])).toMatchObject({ status: 8 });
  });
});

describe('callsMax', () => {
  it('refuses those beyond it, and counts those that ended', async () => {
    test = await startServer({ upload: () => new Promise(() => {}) }, { limits: { callsMax: 2 } });
    const client = test.client();
    const stuck = [client.upload(() => {}), client.upload(() => {})];
    for (const call of stuck) call.write(Buffer.from('x'));
    await until(() => test.reports.length === 0, 'nothing has ended');
    let refused = '';
    await until(() => {
      void unary(client, Buffer.from('x')).then((answer) => {
        refused = answer;
      });
      return refused.startsWith('8: ');
    }, 'a call is refused');
    expect(refused).toContain('callsMax (2)');
    for (const call of stuck) call.cancel();
    await until(() => {
      void unary(client, Buffer.from('x')).then((answer) => {
        refused = answer;
      });
      return refused === 'x';
    }, 'a call is served again');
  });
});

describe('headers', () => {
  it.each([
    ['one of 100 KB', { big: 'x'.repeat(100_000) }],
    ['many of 1 KB', Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`h${i}`, 'x'.repeat(1000)]))],
    ['300 small ones', Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`h${i}`, 'x']))],
  ])('over the limits (%s) are refused, and the server lives', async (_what, headers) => {
    test = await startServer();
    const answer = await rawCall(test.port, [frame('x')], headers).catch((error) => ({ status: error }));
    expect(answer.status).not.toBe(0);
    expect(await rawCall(test.port, [frame('x')])).toMatchObject({ status: 0 });
  });
});

describe('connectionsMax', () => {
  it('closes those beyond it', async () => {
    test = await startServer({}, { limits: { connectionsMax: 2 } });
    const sockets = Array.from({ length: 4 }, () => net.connect(test.port, '127.0.0.1'));
    let closed = 0;
    for (const socket of sockets) {
      socket.on('close', () => closed++);
      socket.on('error', () => {});
      socket.resume();
    }
    await until(() => closed === 2, 'two are closed');
    for (const socket of sockets) socket.destroy();
    await until(() => test.log.some(({ message }) => message.startsWith('Too many connections')), 'it is logged');
  });
});

describe('handshakeTimeoutMs', () => {
  it.each([
    ['says nothing', ''],
    ['stops within the preface', 'PRI * HT'],
    ['stops within HTTP/1.1 headers', 'GET / HTTP/1.1\r\nHost: x\r\n'],
  ])('closes a connection that %s', async (_what, bytes) => {
    test = await startServer({}, { limits: { handshakeTimeoutMs: 100 } });
    const socket = net.connect(test.port, '127.0.0.1');
    socket.write(bytes);
    socket.resume();
    await once(socket, 'close');
  });

  it('closes a connection that sends the preface and no settings', async () => {
    test = await startServer({}, { limits: { handshakeTimeoutMs: 100 } });
    const socket = net.connect(test.port, '127.0.0.1');
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
  });
});
