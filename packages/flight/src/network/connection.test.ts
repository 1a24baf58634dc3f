import { connect, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { createGrpcServer, type GrpcError, type GrpcServer, Status } from '@signaldb/grpc';
import { connectFlight } from '../connect.ts';
import { sampleBatch } from '../testing/sample.ts';
import { addFlightService } from './flight-server.ts';

async function serve(port = 0): Promise<{ server: GrpcServer; port: number }> {
  const server = createGrpcServer();
  addFlightService(server, {
    getSchema: async () => sampleBatch(1).schema,
    async *doGet(_, { signal }) {
      yield { batch: sampleBatch(1) };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  });
  return { server, ...(await server.listen({ host: '127.0.0.1', port })) };
}

it('a server that comes back is found again within two seconds', async () => {
  const first = await serve();
  const client = connectFlight(`grpc://127.0.0.1:${first.port}`);
  await client.getSchema({ path: [] });
  await first.server.close({ graceMs: 0 });
  const failures: number[] = [];
  const until = Date.now() + 3000;
  while (Date.now() < until) {
    await client.getSchema({ path: [] }).catch((error: GrpcError) => failures.push(error.code));
    await setTimeout(50);
  }
  expect(new Set(failures)).toEqual(new Set([Status.UNAVAILABLE]));
  const second = await serve(first.port);
  const began = performance.now();
  for (;;) {
    const found = await client.getSchema({ path: [] }).catch(() => undefined);
    if (found) break;
    await setTimeout(20);
  }
  expect(performance.now() - began).toBeLessThan(2000);
  await client.close();
  await second.server.close({ graceMs: 0 });
});

it('a peer that vanishes without a word breaks the stream, where keepAliveMs is set', async () => {
  const { server, port } = await serve();
  const sockets: Socket[] = [];
  const wire = createServer((downstream) => {
    const upstream = connect(port, '127.0.0.1');
    downstream.pipe(upstream).pipe(downstream);
    for (const socket of [downstream, upstream]) sockets.push(socket.on('error', () => {}));
  });
  await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve));
  const address = wire.address() as { port: number };
  const client = connectFlight(`grpc://127.0.0.1:${address.port}`, { keepAliveMs: 200 });
  const stream = client.doGet(Buffer.from(''))[Symbol.asyncIterator]();
  await stream.next();
  await stream.next();
  for (const socket of sockets) socket.unpipe().pause();
  await expect(stream.next()).rejects.toMatchObject({ code: Status.UNAVAILABLE });
  await client.close();
  for (const socket of sockets) socket.destroy();
  wire.close();
  await server.close({ graceMs: 0 });
});

it('is found by name', async () => {
  const { server, port } = await serve();
  const client = connectFlight(`grpc+tcp://localhost:${port}`);
  expect((await client.getSchema({ path: [] })).fields.length).toBe(2);
  await client.close();
  await server.close({ graceMs: 0 });
});
