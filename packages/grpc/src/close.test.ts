import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createGrpcServer } from './index.ts';
import { bytesService, collect, frame, rawCall, startServer, type TestServer, unary, until } from './test-server.ts';

let test: TestServer;
afterEach(() => test?.stop());

describe('close', () => {
  it('ends at once where nothing is under way', async () => {
    test = await startServer({}, { http1: (_request, response) => response.end() });
    const client = test.client();
    await unary(client, Buffer.from(''));
    await (await fetch(`http://127.0.0.1:${test.port}/`)).text();
    const idle = net.connect(test.port, '127.0.0.1');
    await once(idle, 'connect');
    idle.on('error', () => {});
    const began = performance.now();
    await test.server.close();
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('lets calls under way end, and takes no new ones', async () => {
    let answer: (bytes: Buffer) => void = () => {};
    test = await startServer({
      unary: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    const client = test.client();
    const pending = unary(client, Buffer.from(''));
    await until(() => answer.length > 0, 'the handler runs');
    const closed = test.server.close({ graceMs: 10_000 });
    expect(test.server.closing.aborted).toBe(true);
    await expect(rawCall(test.port, [frame('')])).rejects.toThrow();
    answer(Buffer.from('late'));
    expect(await pending).toBe('late');
    await closed;
  });

  it('refuses what comes on an open connection, so that the client may go elsewhere', async () => {
    let answer: (bytes: Buffer) => void = () => {};
    test = await startServer({
      unary: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    const session = http2.connect(`http://127.0.0.1:${test.port}`);
    const call = () => {
      const stream = session.request({
        ':method': 'POST',
        ':path': bytesService.unary.path,
        'content-type': 'application/grpc',
      });
      return stream.end(frame('')).toArray();
    };
    const first = call();
    await until(() => answer.length > 0, 'the first handler runs');
    const closed = test.server.close({ graceMs: 10_000 });
    await expect(call()).rejects.toThrow('NGHTTP2_REFUSED_STREAM');
    answer(Buffer.from('late'));
    expect(Buffer.concat(await first)).toEqual(frame('late'));
    await closed;
  });

  it('cancels what does not end in time', async () => {
    let reason: unknown;
    test = await startServer({
      async *chat(_requests, call) {
        yield Buffer.from('one');
        await once(call.signal, 'abort');
        reason = call.signal.reason;
      },
    });
    const stream = test.client().chat();
    const ended = collect(stream);
    await once(stream, 'data');
    await test.server.close({ graceMs: 50 });
    expect(await ended).toMatchObject({ code: 14, details: 'The server is closing' });
    expect(reason).toMatchObject({ code: 14 });
  });

  it('may be called again, and before listening', async () => {
    test = await startServer();
    await Promise.all([test.server.close(), test.server.close()]);
    await test.server.close();
    await createGrpcServer().close();
  });
});

describe('keep-alive', () => {
  it('closes a connection whose client no longer answers', async () => {
    test = await startServer({}, { keepAlive: { pingIntervalMs: 50, pingTimeoutMs: 50 } });
    const socket = net.connect(test.port, '127.0.0.1');
    socket.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1'));
    socket.resume();
    await once(socket, 'close');
  });

  it('keeps one whose client answers', async () => {
    test = await startServer({}, { keepAlive: { pingIntervalMs: 20, pingTimeoutMs: 100 } });
    const session = http2.connect(`http://127.0.0.1:${test.port}`);
    await once(session, 'connect');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(session.destroyed).toBe(false);
    session.destroy();
  });

  it('closes connections without calls gracefully', async () => {
    test = await startServer({ unary: () => new Promise(() => {}) }, { keepAlive: { connectionIdleMsMax: 50 } });
    const busy = http2.connect(`http://127.0.0.1:${test.port}`);
    const stream = busy.request({
      ':method': 'POST',
      ':path': bytesService.unary.path,
      'content-type': 'application/grpc',
    });
    stream.on('error', () => {});
    stream.end(frame(''));
    const idle = http2.connect(`http://127.0.0.1:${test.port}`);
    expect((await once(idle, 'goaway'))[0]).toBe(0);
    await once(idle, 'close');
    expect(busy.closed).toBe(false);
    busy.destroy();
  });

  it('closes connections of a certain age gracefully', async () => {
    test = await startServer({}, { keepAlive: { connectionAgeMsMax: 50 } });
    const session = http2.connect(`http://127.0.0.1:${test.port}`);
    const [code] = await once(session, 'goaway');
    expect(code).toBe(0);
    await once(session, 'close');
    expect(await rawCall(test.port, [frame('x')])).toMatchObject({ status: 0 });
  });
});
