import { once } from 'node:events';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ServingStatus } from './index.ts';
import { startServer, type TestServer } from './test-server.ts';

let test: TestServer;
let client: Client;
afterEach(async () => {
  client.close();
  await test.stop();
});

const request = (service: string): Buffer =>
  Buffer.from(service ? new BinaryWriter().tag(1, 2).string(service).finish() : []);
const same = (bytes: Buffer): Buffer => bytes;

function readStatus(bytes: Uint8Array): number {
  const reader = new BinaryReader(bytes);
  expect(reader.tag()).toEqual([1, 0]);
  return reader.int32();
}

async function start() {
  test = await startServer();
  const health = test.server.addHealth();
  client = new Client(`127.0.0.1:${test.port}`, credentials.createInsecure());
  const call = (method: string, service: string): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(`/grpc.health.v1.Health/${method}`, same, same, request(service), (error, answer) =>
        error ? reject(error) : resolve(answer!),
      );
    });
  const watch = (service: string) =>
    client.makeServerStreamRequest('/grpc.health.v1.Health/Watch', same, same, request(service));
  return { health, call, watch };
}

describe('grpc.health.v1.Health', () => {
  it('checks the server and its services', async () => {
    const { health, call } = await start();
    expect(readStatus(await call('Check', ''))).toBe(ServingStatus.SERVING);
    await expect(call('Check', 'x')).rejects.toMatchObject({ code: 5 });
    health.set('x', ServingStatus.NOT_SERVING);
    expect(readStatus(await call('Check', 'x'))).toBe(ServingStatus.NOT_SERVING);
    expect(health.get('x')).toBe(ServingStatus.NOT_SERVING);
    expect(test.server.addHealth()).toBe(health);
  });

  it('lists them', async () => {
    const { health, call } = await start();
    health.set('naïve', ServingStatus.UNKNOWN);
    expect((await call('List', '')).toString('hex')).toBe(
      `0a06${'0a00'}1202${'0801'}0a0c${'0a06'}${Buffer.from('naïve').toString('hex')}1202${'0800'}`,
    );
    for (let i = 0; i < 100; i++) health.set(`service ${i}`, ServingStatus.SERVING);
    await expect(call('List', '')).rejects.toMatchObject({ code: 8 });
  });

  it('tells those who watch of each change, and of the end', async () => {
    const { health, watch } = await start();
    const stream = watch('x');
    const seen: number[] = [];
    stream.on('data', (bytes: Buffer) => seen.push(readStatus(bytes)));
    await once(stream, 'data');
    expect(seen).toEqual([ServingStatus.SERVICE_UNKNOWN]);
    for (const status of [ServingStatus.SERVING, ServingStatus.NOT_SERVING, ServingStatus.SERVING]) {
      health.set('x', status);
      health.set('x', status);
      await once(stream, 'data');
    }
    const ended = new Promise((resolve) => stream.on('error', resolve));
    const closed = test.server.close({ graceMs: 10_000 });
    expect(await ended).toMatchObject({ code: 14 });
    await closed;
    expect(seen).toEqual([3, 1, 2, 1, 2]);
    health.set('x', ServingStatus.SERVING);
    expect(health.get('x')).toBe(ServingStatus.NOT_SERVING);
  });

  it('forgets those who stop watching', async () => {
    const { watch } = await start();
    const stream = watch('');
    stream.on('error', () => {});
    await once(stream, 'data');
    stream.cancel();
    await test.server.close();
  });
});
