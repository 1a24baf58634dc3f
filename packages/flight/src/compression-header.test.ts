import { Client, credentials, Metadata as WireMetadata } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createGrpcServer, Metadata, Status } from '@signaldb/grpc';
import { askedCompression, COMPRESSION_HEADER } from './compression-header.ts';
import type { Compression } from './ipc/compression.ts';
import { flightMethods } from './network/flight-methods.ts';
import { addFlightService } from './network/flight-server.ts';
import { largeBatch } from './testing/sample.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Bytes on the wire of an answer of 1 MiB that compresses well. */
async function answerBytes(compression: Compression | undefined, asked: string | undefined): Promise<number> {
  const server = createGrpcServer();
  addFlightService(
    server,
    {
      async *doGet() {
        yield { batch: largeBatch(1 << 20) };
      },
    },
    compression ? { compression } : {},
  );
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  closers.push(async () => {
    client.close();
    await server.close({ graceMs: 0 });
  });
  const metadata = new WireMetadata();
  if (asked !== undefined) metadata.set(COMPRESSION_HEADER, asked);
  const { path, requestSerialize, responseDeserialize } = flightMethods.doGet;
  let bytes = 0;
  const call = client.makeServerStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    { ticket: Buffer.alloc(0) },
    metadata,
  );
  for await (const message of call) bytes += (message as Buffer).length;
  return bytes;
}

describe('the compression of an answer', () => {
  it.each<[Compression | undefined, string | undefined, boolean]>([
    [undefined, undefined, false],
    ['lz4', undefined, true],
    ['zstd', 'none', false],
    [undefined, 'lz4', true],
    [undefined, 'zstd', true],
    ['lz4', 'zstd', true],
  ])('with the server set to %s, where the client asks for %s', async (server, asked, compressed) => {
    expect((await answerBytes(server, asked)) < 1 << 18).toBe(compressed);
  });

  it('is refused where there is no such', async () => {
    await expect(answerBytes('lz4', 'snappy')).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: expect.stringContaining('"snappy", which is none of none, lz4, zstd'),
    });
  });

  it.each(['', 'LZ4', 'gzip', 'x'.repeat(1000)])('%s is none', (asked) => {
    const ask = () => askedCompression(new Metadata({ [COMPRESSION_HEADER]: asked }), 'lz4');
    expect(ask).toThrow(/none of none, lz4, zstd$/);
  });
});
