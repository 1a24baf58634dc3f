import { describe, expect, it } from '@jest/globals';
import type { RecordBatch } from 'apache-arrow';
import type { FlightMessage } from '../flight-message.ts';
import type { FlightService } from '../service.ts';
import { overEachTransport } from '../testing/each-transport.ts';
import { largeBatch, otherBatch, otherSchema, rowsOf, sampleBatch } from '../testing/sample.ts';
import { shape } from '../testing/shape.ts';
import { all, from, gate, textOf } from '../testing/streams.ts';

const bytes = (value: string) => new Uint8Array(Buffer.from(value));

const echoing: Partial<FlightService> = {
  async *doExchange(messages) {
    yield* messages;
  },
};

overEachTransport((connect, transport) => {
  describe('streams of messages', () => {
    const echo: Partial<FlightService> = {
      async *doPut(messages) {
        for await (const message of messages) yield bytes(JSON.stringify(shape(message)));
      },
      async *doExchange(messages) {
        for await (const message of messages) yield message;
      },
    };
    const sampleSchema = ['n: Int64', 'text: Utf8'];
    const cases: [string, FlightMessage[], object[]][] = [
      ['no message at all', [], []],
      ['a descriptor alone', [{ descriptor: { path: ['p'] } }], [{ descriptor: ['p'] }]],
      [
        'metadata alone, before and after the schema',
        [{ appMetadata: bytes('1') }, { schema: otherSchema }, { appMetadata: bytes('2') }, { batch: otherBatch('a') }],
        [{ metadata: '1' }, { schema: ['other: Utf8'] }, { metadata: '2' }, { rows: 1 }],
      ],
      [
        'a schema without batches',
        [{ descriptor: { path: ['p'] }, schema: otherSchema }],
        [{ descriptor: ['p'], schema: ['other: Utf8'] }],
      ],
      [
        'a schema with metadata',
        [{ schema: otherSchema, appMetadata: bytes('m') }],
        [{ schema: ['other: Utf8'], metadata: 'm' }],
      ],
      [
        'everything in one message',
        [{ descriptor: { command: bytes('c') }, schema: otherSchema, batch: otherBatch('a'), appMetadata: bytes('m') }],
        [
          { descriptor: 'c', schema: ['other: Utf8'] },
          { rows: 1, metadata: 'm' },
        ],
      ],
      [
        'a schema replaced by a batch of another',
        [{ batch: sampleBatch(1) }, { batch: otherBatch('a') }, { batch: sampleBatch(2) }],
        [
          { schema: sampleSchema },
          { rows: 1 },
          { schema: ['other: Utf8'] },
          { rows: 1 },
          { schema: sampleSchema },
          { rows: 2 },
        ],
      ],
      [
        'a schema announced twice',
        [{ schema: otherSchema }, { schema: otherSchema }, { batch: otherBatch('a') }],
        [{ schema: ['other: Utf8'] }, { rows: 1 }],
      ],
      [
        'a new descriptor with the schema it had',
        [
          { descriptor: { path: ['p'] }, schema: otherSchema },
          { descriptor: { path: ['q'] }, schema: otherSchema },
        ],
        [{ descriptor: ['p'], schema: ['other: Utf8'] }, { descriptor: ['q'] }],
      ],
      ['an empty batch', [{ batch: otherBatch() }], [{ schema: ['other: Utf8'] }, { rows: 0 }]],
    ];

    it.each(cases)('%s', async (_, sent, received) => {
      const client = await connect(echo);
      expect((await all(client.doPut(from(...sent)))).map((item) => JSON.parse(textOf(item)!))).toEqual(received);
      expect((await all(client.doExchange(from(...sent)))).map(shape)).toEqual(received);
    });

    it('messages of 20 MB', async () => {
      const client = await connect(echo);
      const batch = largeBatch(20 << 20);
      const [, back] = await all(client.doExchange(from<FlightMessage>({ batch })));
      const contents = ({ data }: RecordBatch) => {
        const { buffer, byteOffset, byteLength } = data.children[0]!.values as BigInt64Array<ArrayBuffer>;
        return Buffer.from(buffer, byteOffset, byteLength);
      };
      expect(Buffer.compare(contents(back!.batch!), contents(batch))).toBe(0);
    });

    it('acknowledgements after the client has sent everything', async () => {
      const client = await connect({
        async *doPut(messages) {
          let rows = 0;
          for await (const { batch } of messages) rows += batch?.numRows ?? 0;
          yield bytes('a');
          yield bytes(String(rows));
        },
      });
      const messages = Array.from({ length: 50 }, (_, i) => ({ batch: sampleBatch(100, i) }));
      expect((await all(client.doPut(from(...messages)))).map(textOf)).toEqual(['a', '5000']);
    });

    it('a conversation, answer by answer', async () => {
      const client = await connect(echo);
      const asked: string[] = [];
      let answered = gate();
      async function* ask(): AsyncGenerator<FlightMessage> {
        for (const word of ['a', 'b', 'c']) {
          answered = gate();
          yield { appMetadata: bytes(word) };
          await answered.opened;
        }
      }
      for await (const { appMetadata } of client.doExchange(ask())) {
        asked.push(textOf(appMetadata)!);
        answered.open();
      }
      expect(asked).toEqual(['a', 'b', 'c']);
    });

    it('metadata comes with each of many, both ways', async () => {
      const client = await connect(echo);
      const sent = Array.from(
        { length: 50 },
        (_, i): FlightMessage => ({
          ...(i % 3 !== 1 && { batch: sampleBatch(i) }),
          appMetadata: bytes(`m${i}`),
        }),
      );
      const names = sent.map(({ appMetadata }) => textOf(appMetadata));
      const back = await all(client.doExchange(from(...sent)));
      expect(back.flatMap(({ appMetadata }) => textOf(appMetadata) ?? [])).toEqual(names);
      expect(back.filter(({ batch }) => batch).map(({ batch }) => batch?.numRows)).toEqual(
        sent.flatMap(({ batch }) => batch?.numRows ?? []),
      );
      const results = await all(client.doPut(from(...sent)));
      expect(results.flatMap((item) => JSON.parse(textOf(item)!).metadata ?? [])).toEqual(names);
    });
  });

  describe('buffers', () => {
    it('of batches that were received stay as they are, however many come after', async () => {
      const client = await connect({
        async *doGet() {
          for (let i = 0; i < 300; i++) yield { batch: sampleBatch(50, i * 50), appMetadata: bytes(`m${i}`) };
        },
      });
      const messages = (await all(client.doGet(bytes('')))).filter(({ batch }) => batch);
      for (const [i, { batch, appMetadata }] of messages.entries()) {
        expect(textOf(appMetadata)).toBe(`m${i}`);
        expect(rowsOf(batch!)[49]).toEqual({ n: BigInt(i * 50 + 49), text: String(i * 50 + 49) });
      }
      expect(messages).toHaveLength(300);
    });

    it('of batches that were sent are read alone: the sender has them still', async () => {
      const client = await connect(echoing);
      const batch = sampleBatch(1000);
      const before = rowsOf(batch);
      const [, first] = await all(client.doExchange(from<FlightMessage>({ batch })));
      const [, second] = await all(client.doExchange(from<FlightMessage>({ batch })));
      expect(rowsOf(batch)).toEqual(before);
      for (const message of [first, second]) expect(rowsOf(message!.batch!)).toEqual(before);
      // In one process a batch is handed over by reference; behind a network it is another.
      expect(first!.batch === batch).toBe(transport === 'inproc');
    });
  });
});
