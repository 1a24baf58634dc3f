import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createS3Store, type S3StoreOptions } from './s3-store.ts';

const servers: http.Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A store whose server answers each request by the next function, the last one for ever. */
async function storeOf(
  answers: ((req: IncomingMessage, res: ServerResponse) => void)[],
  options: Partial<S3StoreOptions> = {},
) {
  const seen: string[] = [];
  const server = http.createServer((req, res) => {
    seen.push(`${req.method} ${req.url}`);
    req.resume();
    answers[Math.min(seen.length, answers.length) - 1]!(req, res);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const retry = { pauseMs: 1, ...options.retry };
  const store = createS3Store({ endpoint, bucket: 'bucket', accessKey: 'a', secretKey: 'bbbbbbbb', ...options, retry });
  return { store, seen };
}

const status =
  (code: number, body = '', headers = {}) =>
  (_req: IncomingMessage, res: ServerResponse) =>
    res.writeHead(code, headers).end(body);
const xml = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>why</Message></Error>`;
const hang = () => {};
const reset = (req: IncomingMessage) => req.socket.destroy();
const cutOff = (_req: IncomingMessage, res: ServerResponse) => {
  res.writeHead(200, { 'content-length': '100' });
  res.write('half');
  setTimeout(() => res.destroy(), 10);
};
const good = status(200, 'hello');

describe('an S3 server that fails', () => {
  it.each<[string, ((req: IncomingMessage, res: ServerResponse) => void)[], number]>([
    ['503', [status(503, xml('SlowDown')), good], 2],
    ['500 twice', [status(500), status(500), good], 3],
    ['a reset connection', [reset, good], 2],
    ['an answer cut off', [cutOff, good], 2],
    ['silence', [hang, good], 2],
  ])('is asked again after %s', async (_name, answers, requests) => {
    const { store, seen } = await storeOf(answers, { silenceMsMax: 100 });
    expect(Buffer.from(await store.get('key')).toString()).toBe('hello');
    expect(seen).toHaveLength(requests);
    await store.close();
  });

  it.each<[string, (req: IncomingMessage, res: ServerResponse) => void, string, number]>([
    ['404', status(404, xml('NoSuchKey')), 'NOT_FOUND', 1],
    ['404 without a word', status(404), 'NOT_FOUND', 1],
    ['403', status(403, xml('AccessDenied')), 'ACCESS_DENIED', 1],
    ['416', status(416, xml('InvalidRange')), 'INVALID_RANGE', 1],
    ['507', status(507, xml('XMinioStorageFull')), 'NO_SPACE', 1],
    ['400', status(400, xml('Odd')), 'FAILED', 1],
    ['400 with garbage', status(400, 'not xml <<<'), 'FAILED', 1],
    ['503 without an end', status(503, xml('SlowDown')), 'UNAVAILABLE', 3],
    ['429', status(429), 'UNAVAILABLE', 3],
    ['resets without an end', reset, 'UNAVAILABLE', 3],
    ['silence', hang, 'UNAVAILABLE', 3],
    ['half answers', cutOff, 'UNAVAILABLE', 3],
  ])('is an error after %s', async (_name, answer, code, requests) => {
    const { store, seen } = await storeOf([answer], { silenceMsMax: 60 });
    await expect(store.get('key')).rejects.toMatchObject({ code, message: expect.stringContaining('s3://bucket/key') });
    expect(seen).toHaveLength(requests);
    await store.close();
  });

  it('does not take longer than a call may', async () => {
    const { store } = await storeOf([hang], { silenceMsMax: 10_000, retry: { callMsMax: 150 } });
    const started = performance.now();
    await expect(store.put('key', Buffer.from('x'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/150 ms/),
    });
    expect(performance.now() - started).toBeLessThan(2000);
    await store.close();
  });

  it('lets a caller go at once', async () => {
    const { store } = await storeOf([hang]);
    const abort = new AbortController();
    const call = store.get('key', { signal: abort.signal });
    setTimeout(() => abort.abort(new Error('enough')), 20);
    await expect(call).rejects.toThrow('enough');
    await store.close();
  });

  it('is not asked twice whether a key is free: the first answer may have been lost', async () => {
    const { store, seen } = await storeOf([reset, status(412, xml('PreconditionFailed'))]);
    await expect(store.putIfAbsent('key', Buffer.from('x'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(seen).toHaveLength(1);
    expect(await store.putIfAbsent('key', Buffer.from('x'))).toBe(false);
    await store.close();
  });

  it('is unavailable when it is not there', async () => {
    const store = createS3Store({ endpoint: 'http://127.0.0.1:1', bucket: 'bucket', retry: { pauseMs: 1 } });
    await expect(store.ready()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await store.close();
  });
});
