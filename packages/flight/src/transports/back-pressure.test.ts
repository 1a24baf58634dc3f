import { describe, expect, it } from '@jest/globals';
import type { FlightMessage } from '../flight-message.ts';
import { overEachTransport } from '../testing/each-transport.ts';
import { largeBatch } from '../testing/sample.ts';
import { all, gate, settled, textOf } from '../testing/streams.ts';

const bytes = (value: string) => new Uint8Array(Buffer.from(value));

overEachTransport((connect, transport) => {
  describe('back-pressure', () => {
    const megabyte = largeBatch(1 << 20);
    const bufferBytesMax = 4 << 20;
    // Each side's queue, the flow-control windows and the sockets' buffers may fill.
    const ahead = transport === 'inproc' ? 8 : 48;

    it('a client that does not read slows the service', async () => {
      let sent = 0;
      const client = await connect(
        {
          async *doGet() {
            for (; sent < 100; sent++) yield { batch: megabyte };
          },
        },
        { bufferBytesMax },
      );
      const stream = client.doGet(bytes(''))[Symbol.asyncIterator]();
      await stream.next();
      expect(await settled(() => sent)).toBeLessThan(ahead);
      let received = 0;
      for (;;) {
        const { done } = await stream.next();
        if (done) break;
        received++;
      }
      expect(received).toBe(100);
    });

    it('a service that does not read slows the client', async () => {
      let sent = 0;
      const { open, opened } = gate();
      const client = await connect(
        {
          async *doPut(messages) {
            await opened;
            let count = 0;
            for await (const { batch } of messages) if (batch) count++;
            yield bytes(String(count));
          },
        },
        { bufferBytesMax },
      );
      async function* up(): AsyncGenerator<FlightMessage> {
        for (; sent < 100; sent++) yield { batch: megabyte };
      }
      const result = all(client.doPut(up()));
      expect(await settled(() => sent)).toBeLessThan(ahead);
      open();
      expect((await result).map(textOf)).toEqual(['100']);
    });

    it('an exchange is slowed by whoever does not read', async () => {
      let [asked, answered] = [0, 0];
      const client = await connect(
        {
          async *doExchange(messages) {
            for await (const { batch } of messages) {
              if (!batch) continue;
              answered++;
              yield { batch };
            }
          },
        },
        { bufferBytesMax },
      );
      async function* ask(): AsyncGenerator<FlightMessage> {
        for (; asked < 100; asked++) yield { batch: megabyte };
      }
      const stream = client.doExchange(ask())[Symbol.asyncIterator]();
      await stream.next();
      expect(await settled(() => answered)).toBeLessThan(ahead);
      expect(await settled(() => asked)).toBeLessThan(2 * ahead);
      let received = 0;
      while (!(await stream.next()).done) received++;
      expect([asked, answered, received]).toEqual([100, 100, 100]);
    });

    it.each([1, 16])('what waits at a client is a setting: %i MiB', async (mebibytes) => {
      const batch = largeBatch(1 << 18);
      let sent = 0;
      const client = await connect(
        {
          async *doGet() {
            for (; sent < 400; sent++) yield { batch };
          },
        },
        { bufferBytesMax: mebibytes << 20 },
      );
      const stream = client.doGet(bytes(''))[Symbol.asyncIterator]();
      await stream.next();
      const waiting = (await settled(() => sent)) / 4;
      // Beside it, over the network, the windows and the sockets' buffers; each side one message more.
      expect(waiting).toBeGreaterThan(mebibytes - 1);
      expect(waiting).toBeLessThan(mebibytes + (transport === 'inproc' ? 1 : 44));
      await stream.return?.();
    });
  });
});
