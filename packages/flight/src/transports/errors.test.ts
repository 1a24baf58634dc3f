import { describe, expect, it } from '@jest/globals';
import { GrpcError, Status } from '@signaldb/grpc';
import type { FlightMessage } from '../flight-message.ts';
import { overEachTransport } from '../testing/each-transport.ts';
import { otherSchema, sampleBatch } from '../testing/sample.ts';
import { shape } from '../testing/shape.ts';
import { aborted, all, gate } from '../testing/streams.ts';

const bytes = (value: string) => new Uint8Array(Buffer.from(value));
const thousand = sampleBatch(1000);

overEachTransport((connect, _transport) => {
  describe('errors', () => {
    const failure = new GrpcError(Status.FAILED_PRECONDITION, 'not now: ü');

    it('reach the client as they are', async () => {
      const client = await connect({
        getFlightInfo: async () => Promise.reject(failure),
        async *doGet() {
          yield { batch: sampleBatch(1) };
          throw failure;
        },
        // biome-ignore lint/correctness/useYield: it fails before
        async *doPut(messages) {
          for await (const _ of messages) throw failure;
        },
        // biome-ignore lint/correctness/useYield: it fails before
        async *doExchange() {
          throw failure;
        },
      });
      const expected = { code: Status.FAILED_PRECONDITION, details: 'not now: ü' };
      await expect(client.getFlightInfo({ path: [] })).rejects.toMatchObject(expected);
      const got: FlightMessage[] = [];
      const reading = async () => {
        for await (const message of client.doGet(bytes(''))) got.push(message);
      };
      await expect(reading()).rejects.toMatchObject(expected);
      expect(got.map(shape)).toEqual([{ schema: ['n: Int64', 'text: Utf8'] }, { rows: 1 }]);
      async function* endless(): AsyncGenerator<FlightMessage> {
        for (;;) yield { batch: thousand };
      }
      await expect(all(client.doPut(endless()))).rejects.toMatchObject(expected);
      await expect(all(client.doExchange(endless()))).rejects.toMatchObject(expected);
    });

    it('that are no GrpcError become UNKNOWN and tell nothing', async () => {
      const client = await connect({
        getSchema: async () => Promise.reject(new Error('a secret')),
        // biome-ignore lint/correctness/useYield: it fails before
        async *doAction() {
          throw new Error('a secret');
        },
      });
      for (const call of [
        () => client.getSchema({ path: [] }),
        () => all(client.doAction({ type: '', body: bytes('') })),
      ]) {
        const error = (await call().catch((thrown: unknown) => thrown)) as GrpcError;
        expect(error).toBeInstanceOf(GrpcError);
        expect(error.code).toBe(Status.UNKNOWN);
        expect(error.message).not.toContain('secret');
      }
    });

    it('of the client’s own messages end the call with that very error', async () => {
      const started = gate();
      const { open, opened } = gate();
      const client = await connect({
        // biome-ignore lint/correctness/useYield: it only reads
        async *doPut(messages, context) {
          void aborted(context.signal).then(open);
          started.open();
          for await (const _ of messages);
          open();
        },
      });
      async function* broken(): AsyncGenerator<FlightMessage> {
        yield { batch: sampleBatch(1) };
        await started.opened;
        throw new RangeError('mine');
      }
      await expect(all(client.doPut(broken()))).rejects.toThrow(new RangeError('mine'));
      await opened;
    });

    it('UNAVAILABLE where nobody answers', async () => {
      const client = await connect({ getSchema: async () => otherSchema });
      await client.getSchema({ path: [] });
      await client.closeServer();
      const again = await client.getSchema({ path: [] }).catch((error: GrpcError) => error.code);
      expect([Status.UNAVAILABLE, Status.CANCELLED]).toContain(again);
    });
  });
});
