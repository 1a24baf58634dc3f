import { describe, expect, it } from '@jest/globals';
import { GrpcError, Status } from '@signaldb/grpc';
import type { FlightMessage } from '../flight-message.ts';
import type { CallContext } from '../service.ts';
import { overEachTransport } from '../testing/each-transport.ts';
import { otherSchema, sampleBatch } from '../testing/sample.ts';
import { aborted, all, from, gate, settled, textOf } from '../testing/streams.ts';

const bytes = (value: string) => new Uint8Array(Buffer.from(value));
const thousand = sampleBatch(1000);

overEachTransport((connect, _transport) => {
  describe('cancellation', () => {
    it('by signal reaches a service that waits', async () => {
      const stopped: string[] = [];
      const started: string[] = [];
      const allStarted = gate();
      const allStopped = gate();
      const waiting = async (name: string, context: CallContext) => {
        if (started.push(name) === 4) allStarted.open();
        await aborted(context.signal);
        if (stopped.push(name) === 4) allStopped.open();
        throw new GrpcError(Status.ABORTED, 'stopped');
      };
      const client = await connect({
        getSchema: (_, context) => waiting('getSchema', context),
        // biome-ignore lint/correctness/useYield: it waits for ever
        async *doGet(_, context) {
          await waiting('doGet', context);
        },
        // biome-ignore lint/correctness/useYield: it waits for ever
        async *doPut(_, context) {
          await waiting('doPut', context);
        },
        async *doExchange(messages, context) {
          for await (const message of messages) yield message;
          await waiting('doExchange', context);
        },
      });
      const controller = new AbortController();
      const calls = [
        client.getSchema({ path: [] }, controller),
        all(client.doGet(bytes(''), controller)),
        all(client.doPut(from({ batch: sampleBatch(1) }), controller)),
        all(client.doExchange(from({ batch: sampleBatch(1) }), controller)),
      ].map((call) => call.catch((error: GrpcError) => error.code));
      await allStarted.opened;
      controller.abort();
      expect(await Promise.all(calls)).toEqual(Array(4).fill(Status.CANCELLED));
      await allStopped.opened;
      expect(stopped.sort()).toEqual(['doExchange', 'doGet', 'doPut', 'getSchema']);
    });

    it.each(['signal', 'leaving', 'deadline'] as const)(
      'by %s ends the work behind it: no batch is made after',
      async (way) => {
        let made = 0;
        let madeWhenTold = 0;
        const told = gate();
        const client = await connect({
          async *doGet(_, context) {
            void aborted(context.signal).then(() => {
              madeWhenTold = made;
              told.open();
            });
            for (;;) {
              made++;
              yield { batch: sampleBatch(100) };
            }
          },
        });
        const controller = new AbortController();
        const options = way === 'deadline' ? { timeoutMs: 100 } : { signal: controller.signal };
        const reading = (async () => {
          let read = 0;
          for await (const { batch } of client.doGet(bytes(''), options)) {
            if (batch) read++;
            if (read === 3 && way === 'leaving') break;
            if (read === 3 && way === 'signal') controller.abort();
          }
        })();
        if (way === 'leaving') await reading;
        else {
          const code = way === 'signal' ? Status.CANCELLED : Status.DEADLINE_EXCEEDED;
          await expect(reading).rejects.toMatchObject({ code });
        }
        await told.opened;
        // The one that is being made when the word comes.
        expect(await settled(() => made)).toBeLessThanOrEqual(madeWhenTold + 1);
      },
    );

    it('before the call begins never reaches the service', async () => {
      let reached = false;
      const client = await connect({
        // biome-ignore lint/correctness/useYield: it isn't called
        async *doGet() {
          reached = true;
        },
        getSchema: async () => {
          reached = true;
          return otherSchema;
        },
      });
      const signal = AbortSignal.abort();
      await expect(all(client.doGet(bytes(''), { signal }))).rejects.toMatchObject({ code: Status.CANCELLED });
      await expect(client.getSchema({ path: [] }, { signal })).rejects.toMatchObject({ code: Status.CANCELLED });
      expect(reached).toBe(false);
    });

    it('by a deadline, on both sides', async () => {
      const { open, opened } = gate();
      const client = await connect({
        // biome-ignore lint/correctness/useYield: it waits for ever
        async *doGet(_, context) {
          await aborted(context.signal);
          open();
        },
        getSchema: async (_, context) => {
          await aborted(context.signal);
          return otherSchema;
        },
      });
      const late = { code: Status.DEADLINE_EXCEEDED };
      await expect(all(client.doGet(bytes(''), { timeoutMs: 50 }))).rejects.toMatchObject(late);
      await expect(client.getSchema({ path: [] }, { timeoutMs: 50 })).rejects.toMatchObject(late);
      await opened;
    });

    it('by the service’s end stops the client’s messages', async () => {
      const client = await connect({
        async *doPut(messages) {
          for await (const _ of messages) break;
          yield bytes('enough');
        },
      });
      const closed = gate();
      async function* endless(): AsyncGenerator<FlightMessage> {
        try {
          for (;;) yield { batch: thousand };
        } finally {
          closed.open();
        }
      }
      expect((await all(client.doPut(endless()))).map(textOf)).toEqual(['enough']);
      await closed.opened;
    });

    it('by closing the client', async () => {
      const begun = gate();
      const client = await connect({
        // biome-ignore lint/correctness/useYield: it waits for ever
        async *doGet(_, context) {
          begun.open();
          await aborted(context.signal);
        },
      });
      const reading = all(client.doGet(bytes('')));
      void begun.opened.then(() => client.close());
      await expect(reading).rejects.toMatchObject({ code: Status.CANCELLED });
      await client.close();
    });
  });
});
