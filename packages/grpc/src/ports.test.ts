import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http2, { type OutgoingHttpHeaders } from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { GrpcServerOptions, HttpHandler } from './index.ts';
import { bytesService, frame, rawCall, startServer, type TestServer, until } from './test-server.ts';

let test: TestServer;
afterEach(() => test?.stop());

const tls = {
  key: readFileSync(join(import.meta.dirname, 'testdata/localhost.key')),
  cert: readFileSync(join(import.meta.dirname, 'testdata/localhost.crt')),
};

const http1: HttpHandler = (request, response) => {
  const body: Buffer[] = [];
  request.on('data', (chunk) => body.push(chunk));
  request.on('end', () => {
    response.setHeader('x-version', request.httpVersion);
    response.end(`${request.method} ${request.url} ${Buffer.concat(body)}`);
  });
};

describe('HTTP/1.1 on the same port', () => {
  it('is served by its handler', async () => {
    test = await startServer({}, { http1 });
    const url = `http://127.0.0.1:${test.port}/v1/traces?x=1`;
    expect(await (await fetch(url)).text()).toBe('GET /v1/traces?x=1 ');
    const large = 'x'.repeat(1_000_000);
    expect(await (await fetch(url, { method: 'POST', body: large })).text()).toBe(`POST /v1/traces?x=1 ${large}`);
    expect(await rawCall(test.port, [frame('x')])).toMatchObject({ status: 0 });
  });

  it.each([1, 3, 7, 100])('comes in pieces of %i bytes too', async (size) => {
    test = await startServer({}, { http1 });
    const socket = net.connect(test.port, '127.0.0.1');
    const request = Buffer.from('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody');
    const answer: Buffer[] = [];
    socket.on('data', (chunk) => answer.push(chunk));
    socket.setNoDelay(true);
    for (let at = 0; at < request.length; at += size) {
      socket.write(request.subarray(at, at + size));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await once(socket, 'close');
    expect(Buffer.concat(answer).toString()).toMatch(/POST \/a body/);
  });

  it('is refused in words where nobody serves it', async () => {
    test = await startServer();
    const answer = await fetch(`http://127.0.0.1:${test.port}/`);
    expect([answer.status, await answer.text()]).toEqual([505, 'This port speaks gRPC, which needs HTTP/2.\n']);
  });

  it('is told apart where the preface comes in pieces', async () => {
    test = await startServer({}, { http1 });
    const socket = net.connect(test.port, '127.0.0.1');
    const bytes = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
    const answer: Buffer[] = [];
    socket.on('data', (chunk) => answer.push(chunk));
    for (const byte of bytes) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => Buffer.concat(answer).length >= 9, 'the server sends its settings');
    expect(Buffer.concat(answer)[3]).toBe(4);
    socket.destroy();
  });
});

describe('HTTP/2 that is not gRPC', () => {
  const json = { 'content-type': 'application/json', ':path': '/v1/traces' };

  it('is served by the handler for HTTP/1.1', async () => {
    test = await startServer({}, { http1 });
    const answer = await rawCall(test.port, [Buffer.from('{}')], json);
    expect(answer.headers).toMatchObject({ ':status': 200, 'x-version': '2.0' });
    expect(answer.body.toString()).toBe('POST /v1/traces {}');
  });

  it('is served by its own handler where there is one', async () => {
    const http2Other: GrpcServerOptions['http2Other'] = (stream, headers) => {
      stream.respond({ ':status': 201 });
      stream.end(headers[':path']);
      stream.resume();
    };
    test = await startServer({}, { http1, http2Other });
    expect(await rawCall(test.port, [Buffer.from('{}')], json)).toMatchObject({
      headers: { ':status': 201 },
      body: Buffer.from('/v1/traces'),
    });
  });

  it('does not take the server down where its handler throws', async () => {
    const http1: HttpHandler = () => {
      throw new Error('broken');
    };
    test = await startServer({}, { http1 });
    await rawCall(test.port, [Buffer.from('{}')], json);
    expect(await rawCall(test.port, [frame('x')])).toMatchObject({ status: 0 });
  });

  it.each<[number, OutgoingHttpHeaders]>([
    [415, { 'content-type': 'application/json' }],
    [415, { 'content-type': undefined }],
    [415, { 'content-type': 'application/grpc-web+proto' }],
    [415, { 'content-type': 'application/grpcx' }],
    [405, { ':method': 'GET' }],
    [405, { ':method': 'PUT' }],
  ])('is refused with %i where nobody serves %j', async (status, headers) => {
    test = await startServer();
    expect((await rawCall(test.port, [], headers)).headers[':status']).toBe(status);
    if (headers[':method'] === 'GET') return;
    expect((await rawCall(test.port, [frame('x')], headers, { end: false })).headers[':status']).toBe(status);
  });

  it.each([
    'application/grpc',
    'application/grpc+proto',
    'application/grpc;charset=utf-8',
    'Application/gRPC',
    'application/grpc+proto; v=1',
  ])('%s is gRPC', async (type) => {
    test = await startServer();
    expect(await rawCall(test.port, [frame('x')], { 'content-type': type })).toMatchObject({
      status: 0,
      body: frame('x'),
    });
  });

  it('messages that are no protobuf are UNIMPLEMENTED', async () => {
    test = await startServer();
    expect(await rawCall(test.port, [frame('x')], { 'content-type': 'application/grpc+json' })).toMatchObject({
      status: 12,
    });
  });
});

describe('TLS', () => {
  const greet = (port: number) =>
    new Promise((resolve) => {
      const client = new Client(`localhost:${port}`, credentials.createSsl(tls.cert));
      const { path, requestSerialize, responseDeserialize } = bytesService.unary;
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, Buffer.from('hello'), (error, response) => {
        client.close();
        resolve(error?.code ?? response?.toString());
      });
    });

  it('serves gRPC and HTTP/1.1 on one port, by ALPN', async () => {
    test = await startServer({}, { tls, http1 });
    expect(await greet(test.port)).toBe('hello');
    const answer = await new Promise((resolve, reject) => {
      const request = https.get({ port: test.port, host: 'localhost', ca: tls.cert, path: '/x' }, async (response) => {
        resolve((await response.toArray()).join(''));
      });
      request.on('error', reject);
    });
    expect(answer).toBe('GET /x ');
  });

  it('serves HTTP/2 without ALPN', async () => {
    test = await startServer({}, { tls });
    const { connect } = await import('node:tls');
    const socket = connect({ port: test.port, host: 'localhost', ca: tls.cert });
    await once(socket, 'secureConnect');
    const session = http2.connect('https://localhost', {
      createConnection: () => Object.assign(socket, { alpnProtocol: 'h2' }),
    });
    const stream = session.request({
      ':method': 'POST',
      ':path': bytesService.unary.path,
      'content-type': 'application/grpc',
    });
    stream.end(frame('hello'));
    expect(Buffer.concat(await stream.toArray())).toEqual(frame('hello'));
    session.destroy();
  });

  it('survives clients that speak plain text or nonsense', async () => {
    test = await startServer({}, { tls });
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\x16\x03\x01\xff\xff', '']) {
      const socket = net.connect(test.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.end(bytes, 'latin1');
      socket.resume();
      await once(socket, 'close');
    }
    expect(await greet(test.port)).toBe('hello');
  });

  it('takes new certificates while it runs', async () => {
    test = await startServer({}, { tls });
    test.server.updateTls(tls);
    expect(await greet(test.port)).toBe('hello');
    expect(() => test.server.updateTls({ key: 'no key', cert: 'no cert' })).toThrow();
  });
});

describe('listening', () => {
  it('fails where the port is taken', async () => {
    test = await startServer();
    const other = await startServer();
    await other.stop();
    const { createGrpcServer } = await import('./index.ts');
    const server = createGrpcServer();
    await expect(server.listen({ host: '127.0.0.1', port: test.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await server.close();
  });
});
