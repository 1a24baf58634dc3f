import http2 from 'node:http2';
import { afterEach, describe, expect, it } from '@jest/globals';
import { GrpcError, type ServerCall, Status } from './index.ts';
import { bytesService, collect, frame, rawCall, startServer, type TestServer, unary, until } from './test-server.ts';

let test: TestServer;
afterEach(() => test?.stop());

// A handler that never answers, and what it was told.
function hanging() {
  const told: { reason: unknown; deadline: Date | undefined }[] = [];
  let running = 0;
  const hang = (call: ServerCall): Promise<never> => {
    running++;
    return new Promise((_resolve, reject) => {
      call.signal.addEventListener('abort', () => {
        told.push({ reason: call.signal.reason, deadline: call.deadline });
        reject(call.signal.reason);
      });
    });
  };
  return { told, hang, running: () => running };
}

describe('deadlines', () => {
  it('end the call, tell the handler, and reach a client that waits longer', async () => {
    const { told, hang } = hanging();
    test = await startServer({ unary: (_request, call) => hang(call) });
    const answer = await rawCall(test.port, [frame('')], { 'grpc-timeout': '50m' });
    expect(answer).toMatchObject({ status: 4, message: 'The deadline passed' });
    expect(told).toEqual([{ reason: expect.objectContaining({ code: 4 }), deadline: expect.any(Date) }]);
    expect(test.log).toEqual([]);
  });

  it.each(['download', 'chat'] as const)('end a %s between two responses', async (name) => {
    const { hang } = hanging();
    let stopped = false;
    async function* twoResponses(call: ServerCall) {
      try {
        yield Buffer.from('one');
        await hang(call);
      } finally {
        stopped = true;
      }
    }
    test = await startServer({
      download: (_request, call) => twoResponses(call),
      chat: (_requests, call) => twoResponses(call),
    });
    const answer = await rawCall(
      test.port,
      [frame('')],
      { ':path': bytesService[name].path, 'grpc-timeout': '50m' },
      { end: name === 'download' },
    );
    expect(answer).toMatchObject({ status: 4, body: frame('one') });
    await until(() => stopped, 'the handler has stopped');
  });

  it('end a call whose requests never come', async () => {
    test = await startServer();
    expect(await rawCall(test.port, [], { 'grpc-timeout': '50m' }, { end: false })).toMatchObject({ status: 4 });
  });

  it('that are far away hold nothing', async () => {
    test = await startServer();
    expect(await rawCall(test.port, [frame('x')], { 'grpc-timeout': '99999999H' })).toMatchObject({ status: 0 });
  });

  it.each(['x', '5', '123456789S', ''])('that are not one (%j) are refused', async (timeout) => {
    test = await startServer();
    expect(await rawCall(test.port, [frame('x')], { 'grpc-timeout': timeout })).toMatchObject({ status: 13 });
  });
});

describe('cancellation', () => {
  it('by the client reaches the handler', async () => {
    const { told, hang, running } = hanging();
    test = await startServer({ unary: (_request, call) => hang(call) });
    const call = test.client().unary(Buffer.from(''), () => {});
    await until(() => running() === 1, 'the handler runs');
    call.cancel();
    await until(() => told.length === 1, 'the handler is told');
    expect(told[0]!.reason).toBeInstanceOf(GrpcError);
    expect(test.reports).toMatchObject([{ code: Status.CANCELLED }]);
  });

  it('by a lost connection reaches all its handlers', async () => {
    const { told, hang, running } = hanging();
    test = await startServer({ unary: (_request, call) => hang(call) });
    const session = http2.connect(`http://127.0.0.1:${test.port}`);
    session.on('error', () => {});
    for (let i = 0; i < 20; i++) {
      const stream = session.request({
        ':method': 'POST',
        ':path': bytesService.unary.path,
        'content-type': 'application/grpc',
      });
      stream.on('error', () => {});
      stream.end(frame(''));
    }
    await until(() => running() === 20, 'the handlers run');
    session.destroy();
    await until(() => told.length === 20, 'the handlers are told');
  });

  it('ends the reading of requests', async () => {
    let failure: unknown;
    let started = false;
    test = await startServer({
      async upload(requests) {
        try {
          for await (const _request of requests) started = true;
        } catch (error) {
          failure = error;
          throw error;
        }
        return Buffer.from('all read');
      },
    });
    const session = http2.connect(`http://127.0.0.1:${test.port}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': bytesService.upload.path,
      'content-type': 'application/grpc',
    });
    stream.write(frame('x'));
    await until(() => started, 'the first request is read');
    session.destroy();
    await until(() => failure !== undefined, 'the handler fails');
    expect(failure).toMatchObject({ code: Status.CANCELLED });
  });

  it('stops a handler that waits for a client which does not read', async () => {
    let yielded = 0;
    let stopped = false;
    test = await startServer({
      async *download() {
        try {
          for (;;) {
            yielded++;
            yield Buffer.alloc(1 << 20);
          }
        } finally {
          stopped = true;
        }
      },
    });
    const session = http2.connect(`http://127.0.0.1:${test.port}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': bytesService.download.path,
      'content-type': 'application/grpc',
    });
    stream.on('error', () => {});
    stream.end(frame(''));
    await until(() => yielded > 0, 'the handler yields');
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await until(() => stopped, 'the handler has stopped');
    session.destroy();
  });

  it('is seen by a handler that looks only afterwards', async () => {
    let look: () => void = () => {};
    let aborted: boolean | undefined;
    test = await startServer({
      async unary(request, call) {
        await new Promise<void>((resolve) => {
          look = resolve;
        });
        aborted = call.signal.aborted;
        return request;
      },
    });
    expect(await rawCall(test.port, [frame('')], { 'grpc-timeout': '20m' })).toMatchObject({ status: 4 });
    look();
    await until(() => aborted !== undefined, 'the handler looks');
    expect(aborted).toBe(true);
  });

  it('does not come after a call that ended well', async () => {
    let signal: AbortSignal | undefined;
    test = await startServer({
      unary(request, call) {
        signal = call.signal;
        return request;
      },
    });
    await unary(test.client(), Buffer.from(''));
    await collect(test.client().download(Buffer.from('0')));
    expect(signal?.aborted).toBe(false);
  });
});
