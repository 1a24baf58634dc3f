import { Metadata as ClientMetadata } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { GrpcError, type Interceptor, Metadata, Status } from './index.ts';
import { bytesService, collect, frame, rawCall, startServer, type TestServer, unary, until } from './test-server.ts';

let test: TestServer;
afterEach(() => test?.stop());

describe('the four kinds of calls', () => {
  it.each([0, 1, 5, 16_384, 65_536, 3_000_001])('unary with %i bytes', async (bytes) => {
    test = await startServer();
    expect((await unary(test.client(), Buffer.alloc(bytes, 'a'))).length).toBe(bytes);
  });

  it('unary, answered in parts, at once or later', async () => {
    test = await startServer({ unary: async (request) => [Buffer.from('a'), request, Buffer.alloc(20_000, 'c')] });
    expect(await unary(test.client(), Buffer.from('b'))).toBe(`ab${'c'.repeat(20_000)}`);
  });

  it.each([0, 1, 500])('a download of %i messages', async (count) => {
    test = await startServer();
    const messages = Array.from({ length: count }, (_, i) => `part ${i}`);
    expect(await collect(test.client().download(Buffer.from(String(count))))).toMatchObject({ messages, code: 0 });
  });

  it.each([0, 1, 500])('an upload of %i messages', async (count) => {
    test = await startServer();
    const answer = await new Promise((resolve, reject) => {
      const stream = test
        .client()
        .upload((error: Error | null, response: Buffer) => (error ? reject(error) : resolve(String(response))));
      for (let i = 0; i < count; i++) stream.write(Buffer.alloc(1000));
      stream.end();
    });
    expect(answer).toBe(String(count * 1000));
  });

  it('a chat, one message after another', async () => {
    test = await startServer();
    const stream = test.client().chat();
    const heard: string[] = [];
    for (const word of ['one', 'two', 'three']) {
      stream.write(Buffer.from(word));
      heard.push(await new Promise((resolve) => stream.once('data', (message: Buffer) => resolve(message.toString()))));
    }
    stream.end();
    expect(heard).toEqual(['one', 'two', 'three']);
    expect(await collect(stream)).toMatchObject({ messages: [], code: 0 });
  });

  it('many at once on one connection', async () => {
    test = await startServer({ unary: async (request) => request });
    const client = test.client();
    const answers = await Promise.all(Array.from({ length: 1000 }, (_, i) => unary(client, Buffer.from(`call ${i}`))));
    expect(answers).toEqual(Array.from({ length: 1000 }, (_, i) => `call ${i}`));
  });

  it('methods of a class keep their object', async () => {
    class Greeter {
      readonly #greeting = Buffer.from('hello');
      unary() {
        return this.#greeting;
      }
    }
    test = await startServer();
    const { unary: method } = bytesService;
    test.server.addService({ unary: { ...method, path: '/test.Greeter/Unary' } }, new Greeter());
    const answer = await rawCall(test.port, [frame('')], { ':path': '/test.Greeter/Unary' });
    expect(answer.body).toEqual(frame('hello'));
  });

  it('reports each call once', async () => {
    test = await startServer();
    await unary(test.client(), Buffer.from('12345'));
    expect(test.reports).toEqual([
      {
        path: '/test.Bytes/Unary',
        peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        code: 0,
        durationMs: expect.any(Number),
        requestMessages: 1,
        requestBytes: 10,
        responseMessages: 1,
        responseBytes: 10,
      },
    ]);
  });
});

describe('metadata', () => {
  it('travels both ways, texts and bytes', async () => {
    test = await startServer({
      unary(request, call) {
        call.responseHeaders.set('seen', call.metadata.getAll('k').join('|'));
        call.trailers.set('seen-bin', call.metadata.getBinary('b-bin')!);
        expect(call.metadata.has('grpc-timeout')).toBe(false);
        return request;
      },
    });
    const metadata = new ClientMetadata();
    metadata.add('k', 'one');
    metadata.add('k', 'two');
    metadata.add('b-bin', Buffer.from([0, 255]));
    const seen: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      const call = test
        .client()
        .unary(
          Buffer.from(''),
          metadata,
          { deadline: Date.now() + 5000 },
          (error: Error | null) => error && reject(error),
        );
      call.on('metadata', (headers: ClientMetadata) => seen.push(headers.get('seen')));
      call.on('status', (status: { metadata: ClientMetadata }) => {
        seen.push(status.metadata.get('seen-bin'));
        resolve();
      });
    });
    expect(seen).toEqual([['one|two'], [Buffer.from([0, 255])]]);
  });

  it('headers can go out before the first response', async () => {
    let answer: (bytes: Buffer) => void = () => {};
    test = await startServer({
      unary(_request, call) {
        call.responseHeaders.set('early', 'yes');
        call.sendHeaders();
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
    });
    await new Promise<void>((resolve, reject) => {
      const call = test.client().unary(Buffer.from(''), (error: Error | null) => (error ? reject(error) : resolve()));
      call.on('metadata', (headers: ClientMetadata) => {
        expect(headers.get('early')).toEqual(['yes']);
        answer(Buffer.from(''));
      });
    });
  });
});

describe('errors', () => {
  const details = Buffer.from('a google.rpc.Status');
  const failing = () => {
    throw new GrpcError(
      Status.NOT_FOUND,
      '100 % naïve 😀',
      new Metadata({ 'grpc-status-details-bin': details, why: 'x' }),
    );
  };

  it('reach the client as they are, before any response in the headers alone', async () => {
    test = await startServer({ unary: failing });
    const answer = await rawCall(test.port, [frame('')]);
    expect(answer.headers).toMatchObject({
      ':status': 200,
      'grpc-status': '5',
      why: 'x',
      'grpc-status-details-bin': details.toString('base64').replace(/=+$/, ''),
    });
    expect(answer.message).toBe('100 % naïve 😀');
    expect(answer.trailers).toEqual({});
    expect(answer.resetCode).toBe(0);
  });

  it('reach the client after responses in the trailers', async () => {
    test = await startServer({
      async *download(request) {
        yield request;
        failing();
      },
    });
    expect(await collect(test.client().download(Buffer.from('x')))).toEqual({
      messages: ['x'],
      code: 5,
      details: '100 % naïve 😀',
    });
  });

  it.each([
    ['an Error', () => new Error('secret')],
    ['a string', () => 'secret'],
    ['undefined', () => undefined],
    ['the status OK', () => new GrpcError(Status.OK, 'secret')],
    ['an error of the system', () => Object.assign(new Error('secret'), { code: 'ENOENT' })],
  ])('%s becomes UNKNOWN, is logged, and its text stays here', async (_what, error) => {
    const thrower = () => {
      throw error();
    };
    test = await startServer({
      unary: thrower,
      upload: async () => thrower(),
      // biome-ignore lint/correctness/useYield: it fails before
      async *download() {
        thrower();
      },
    });
    const client = test.client();
    const answers = [
      await unary(client, Buffer.from('')),
      await collect(client.download(Buffer.from(''))).then(({ code, details }) => `${code}: ${details}`),
      await new Promise((resolve) =>
        client
          .upload((failure: { code: number; details: string }) => resolve(`${failure.code}: ${failure.details}`))
          .end(),
      ),
    ];
    for (const answer of answers) expect(answer).toBe('2: The server failed to answer; its log says why');
    expect(test.log.filter(({ level }) => level === 'error')).toHaveLength(3);
  });

  it("another server's error passes through", async () => {
    test = await startServer({
      unary: () => {
        throw Object.assign(new Error('x'), { code: 14, details: 'the other one is away' });
      },
    });
    expect(await unary(test.client(), Buffer.from(''))).toBe('14: the other one is away');
  });

  it('a handler that never gives an iterable fails its call only', async () => {
    test = await startServer({ download: (() => undefined) as never });
    expect(await collect(test.client().download(Buffer.from('')))).toMatchObject({ code: 2 });
    expect(await unary(test.client(), Buffer.from('alive'))).toBe('alive');
  });

  it('a response that cannot be serialized fails its call only', async () => {
    test = await startServer({ unary: () => 7 as never });
    expect(await unary(test.client(), Buffer.from(''))).toMatch(/^2: /);
  });

  it('requests that cannot be read are INTERNAL, or what the deserializer says', async () => {
    test = await startServer();
    const broken = (path: string, error: Error) => ({
      unary: {
        ...bytesService.unary,
        path,
        requestDeserialize: (): Buffer => {
          throw error;
        },
      },
    });
    const handlers = { unary: (request: Buffer) => request };
    test.server.addService(broken('/test.Broken/A', new Error('premature end')), handlers);
    test.server.addService(broken('/test.Broken/B', new GrpcError(Status.INVALID_ARGUMENT, 'field 3')), handlers);
    expect(await rawCall(test.port, [frame('')], { ':path': '/test.Broken/A' })).toMatchObject({
      status: 13,
      message: "The request can't be read: premature end",
    });
    expect(await rawCall(test.port, [frame('')], { ':path': '/test.Broken/B' })).toMatchObject({
      status: 3,
      message: 'field 3',
    });
  });

  it.each([
    ['no message', []],
    ['two messages', [frame('1'), frame('2')]],
  ])('%s for a unary call is UNIMPLEMENTED', async (_what, chunks) => {
    test = await startServer();
    expect(await rawCall(test.port, chunks)).toMatchObject({ status: 12 });
  });

  it.each([
    ['/test.Bytes/Missing', "Method /test.Bytes/Missing isn't served"],
    ['/test.Missing/Unary', "Service test.Missing isn't served"],
    ['/', "Service  isn't served"],
    ['/x', "Service  isn't served"],
  ])('%s is UNIMPLEMENTED', async (path, message) => {
    test = await startServer();
    expect(await rawCall(test.port, [frame('x')], { ':path': path })).toMatchObject({ status: 12, message });
  });

  it('a method without implementation is UNIMPLEMENTED', async () => {
    test = await startServer({ unary: undefined as never });
    expect(await rawCall(test.port, [frame('x')])).toMatchObject({ status: 12 });
  });

  it('a stream that ends within a message is INTERNAL', async () => {
    test = await startServer();
    for (const path of [bytesService.unary.path, bytesService.chat.path]) {
      expect(await rawCall(test.port, [frame('message').subarray(0, 8)], { ':path': path })).toMatchObject({
        status: 13,
      });
    }
  });

  it('a handler that answers before the requests end stops the client', async () => {
    test = await startServer({
      async upload(requests) {
        for await (const request of requests) return request;
        return Buffer.from('nothing');
      },
    });
    const answer = await rawCall(
      test.port,
      [frame('first'), frame('second')],
      { ':path': bytesService.upload.path },
      { end: false },
    );
    expect(answer).toMatchObject({ status: 0, resetCode: 0, body: frame('first') });
    await until(() => test.reports.length === 1, 'the call is reported');
  });
});

describe('services', () => {
  it('refuse what makes no sense', async () => {
    test = await startServer();
    expect(() => test.server.addService(bytesService, { unary: same } as never)).toThrow(
      '/test.Bytes/Unary is served already',
    );
    const { unary: method } = bytesService;
    expect(() => test.server.addService({ unary: { ...method, path: 'nonsense' } }, { unary: same })).toThrow(
      TypeError,
    );
    expect(() => test.server.addService({ unary: { ...method, path: '/a/B' } }, { unary: 7 } as never)).toThrow(
      TypeError,
    );
  });
});

describe('interceptors', () => {
  const refuse: Interceptor = (call) => {
    if (call.metadata.get('authorization') !== 'yes') throw new GrpcError(Status.UNAUTHENTICATED, 'who are you?');
  };
  const later: Interceptor = async (call) => {
    await Promise.resolve();
    refuse(call);
  };

  it.each([
    ['at once', [refuse]],
    ['later', [later]],
    ['one after the other', [() => {}, async () => {}, refuse, later]],
  ])('let in and refuse %s', async (_when, interceptors) => {
    test = await startServer({}, { interceptors });
    for (const path of Object.values(bytesService).map((method) => method.path)) {
      expect(await rawCall(test.port, [frame('1')], { ':path': path })).toMatchObject({
        status: 16,
        message: 'who are you?',
      });
      expect(await rawCall(test.port, [frame('1')], { ':path': path, authorization: 'yes' })).toMatchObject({
        status: 0,
      });
    }
    expect(test.reports.map(({ code }) => code)).toEqual([16, 0, 16, 0, 16, 0, 16, 0]);
  });
});

function same<T>(value: T): T {
  return value;
}
