import { afterEach, describe, expect, it } from '@jest/globals';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch } from 'apache-arrow';
import type { FlightInfo } from './flight-info.ts';
import type { FlightMessage } from './flight-message.ts';
import type { CallContext, FlightService } from './service.ts';
import { type Endpoint, openEndpoint, type TransportName } from './testing/endpoints.ts';
import { largeBatch, otherBatch, otherSchema, rowsOf, sampleBatch } from './testing/sample.ts';

const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();
const bytes = (value: string) => new Uint8Array(Buffer.from(value));

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function* from<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

/** What a message holds, in a form that is easy to compare. */
function shape({ descriptor, schema, batch, appMetadata }: FlightMessage) {
  return {
    ...(descriptor && { descriptor: descriptor.path ?? text(descriptor.command) }),
    ...(schema && { schema: schema.fields.map((field) => `${field.name}: ${field.type}`) }),
    ...(batch && { rows: batch.numRows }),
    ...(appMetadata && { metadata: text(appMetadata) }),
  };
}

function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function gate(): { open(): void; opened: Promise<void> } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe.each<TransportName>(['inproc', 'grpc'])('over %s', (transport) => {
  let endpoint: Endpoint | undefined;

  afterEach(async () => {
    await endpoint?.close();
    endpoint = undefined;
  });

  async function connect(service: Partial<FlightService>, options = {}) {
    endpoint = await openEndpoint(transport, service, options);
    return endpoint.client;
  }

  describe('every call', () => {
    const info: FlightInfo = {
      schema: otherSchema,
      descriptor: { path: ['a', 'b'] },
      endpoints: [
        {
          ticket: bytes('t1'),
          locations: ['grpc://h:1', 'grpc+tls://h:2'],
          expirationTime: new Date(1_700_000_000_123),
          appMetadata: bytes('e'),
        },
        { ticket: bytes('t2'), locations: [] },
      ],
      totalRecords: 5,
      totalBytes: -1,
      ordered: true,
      appMetadata: bytes('i'),
    };

    const plain = (value: FlightInfo) =>
      JSON.parse(
        JSON.stringify(value, (key, item) =>
          key === 'schema'
            ? String(item)
            : item?.type === 'Buffer'
              ? item.data
              : item instanceof Uint8Array
                ? [...item]
                : item,
        ),
      );

    it('carries what it was given', async () => {
      const client = await connect({
        async *handshake(requests) {
          for await (const { payload, protocolVersion } of requests)
            yield { payload, protocolVersion: protocolVersion! + 1 };
        },
        async *listFlights(criteria) {
          yield { ...info, appMetadata: criteria };
          yield info;
        },
        getFlightInfo: async (descriptor) => ({ ...info, descriptor }),
        pollFlightInfo: async (descriptor) => ({ info, descriptor, progress: 0.5, expirationTime: new Date(1000) }),
        getSchema: async () => otherSchema,
        async *doGet(ticket) {
          yield { batch: sampleBatch(3), appMetadata: ticket };
        },
        async *doPut(messages) {
          for await (const message of messages) yield bytes(JSON.stringify(shape(message)));
        },
        async *doExchange(messages) {
          for await (const message of messages) yield message;
        },
        async *doAction({ type, body }) {
          yield bytes(type);
          yield body;
        },
        async *listActions() {
          yield { type: 'a', description: 'does a' };
        },
      });
      const [greeting] = await all(client.handshake(from({ protocolVersion: 1, payload: bytes('hi') })));
      expect([greeting!.protocolVersion, text(greeting!.payload)]).toEqual([2, 'hi']);
      expect((await all(client.listFlights(bytes('c')))).map((item) => text(item.appMetadata))).toEqual(['c', 'i']);
      expect(plain(await client.getFlightInfo({ path: ['a', 'b'] }))).toEqual(plain(info));
      expect(text((await client.getFlightInfo({ command: bytes('cmd') })).descriptor?.command)).toBe('cmd');
      const poll = await client.pollFlightInfo({ path: ['p'] });
      expect([poll.progress, poll.expirationTime, poll.descriptor]).toEqual([0.5, new Date(1000), { path: ['p'] }]);
      expect(plain(poll.info!)).toEqual(plain(info));
      expect(String(await client.getSchema({ path: ['x'] }))).toBe(String(otherSchema));
      const got = await all(client.doGet(bytes('T')));
      expect(got.map(shape)).toEqual([{ schema: ['n: Int64', 'text: Utf8'] }, { rows: 3, metadata: 'T' }]);
      expect(rowsOf(got[1]!.batch!)).toEqual([0n, 1n, 2n].map((n) => ({ n, text: String(n) })));
      const put = await all(client.doPut(from<FlightMessage>({ descriptor: { path: ['t'] }, batch: sampleBatch(2) })));
      expect(put.map((item) => JSON.parse(text(item)!))).toEqual([
        { descriptor: ['t'], schema: ['n: Int64', 'text: Utf8'] },
        { rows: 2 },
      ]);
      const exchanged = await all(client.doExchange(from<FlightMessage>({ batch: otherBatch('x', null) })));
      expect(exchanged.map(shape)).toEqual([{ schema: ['other: Utf8'] }, { rows: 2 }]);
      expect((await all(client.doAction({ type: 'do', body: bytes('it') }))).map(text)).toEqual(['do', 'it']);
      expect(await all(client.listActions())).toEqual([{ type: 'a', description: 'does a' }]);
    });

    it('answers UNIMPLEMENTED for what is not served', async () => {
      const client = await connect({});
      const calls: [string, () => Promise<unknown>][] = [
        ['handshake', () => all(client.handshake(from()))],
        ['listFlights', () => all(client.listFlights())],
        ['getFlightInfo', () => client.getFlightInfo({ path: [] })],
        ['pollFlightInfo', () => client.pollFlightInfo({ path: [] })],
        ['getSchema', () => client.getSchema({ path: [] })],
        ['doGet', () => all(client.doGet(bytes('')))],
        ['doPut', () => all(client.doPut(from()))],
        ['doExchange', () => all(client.doExchange(from()))],
        ['doAction', () => all(client.doAction({ type: '', body: bytes('') }))],
        ['listActions', () => all(client.listActions())],
      ];
      for (const [, call] of calls) await expect(call()).rejects.toMatchObject({ code: Status.UNIMPLEMENTED });
    });

    it('begins whether its answer is read or not', async () => {
      const { open, opened } = gate();
      const client = await connect({
        async *doAction() {
          open();
          yield bytes('done');
        },
      });
      client.doAction({ type: 'x', body: bytes('') });
      await opened;
    });
  });

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
      expect((await all(client.doPut(from(...sent)))).map((item) => JSON.parse(text(item)!))).toEqual(received);
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
      expect((await all(client.doPut(from(...messages)))).map(text)).toEqual(['a', '5000']);
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
        asked.push(text(appMetadata)!);
        answered.open();
      }
      expect(asked).toEqual(['a', 'b', 'c']);
    });
  });

  describe('headers', () => {
    it('go both ways', async () => {
      let seen: CallContext | undefined;
      const client = await connect({
        async *doGet(_, context) {
          seen = context;
          context.responseHeaders.set('x-answer', 'yes');
          context.responseHeaders.set('x-answer-bin', bytes('\x00\x01'));
          yield {};
          yield { batch: otherBatch('a') };
        },
        getSchema: async (_, context) => {
          context.responseHeaders.set('x-answer', 'unary');
          return otherSchema;
        },
      });
      const headers: (string | undefined)[] = [];
      await all(
        client.doGet(bytes(''), {
          metadata: { 'X-Scope-OrgID': 't1', 'trace-bin': Buffer.from([1, 2]).toString('base64') },
          timeoutMs: 60_000,
          onHeaders: (metadata) => headers.push(metadata.get('x-answer'), text(metadata.getBinary('x-answer-bin'))),
        }),
      );
      expect(headers).toEqual(['yes', '\x00\x01']);
      expect(seen!.metadata.get('x-scope-orgid')).toBe('t1');
      expect([...seen!.metadata.getBinary('trace-bin')!]).toEqual([1, 2]);
      expect(seen!.deadline!.getTime()).toBeGreaterThan(Date.now() + 30_000);
      expect(seen!.transport).toBe(transport);
      await client.getSchema({ path: [] }, { onHeaders: (metadata) => headers.push(metadata.get('x-answer')) });
      expect(headers[2]).toBe('unary');
    });
  });

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
        for (;;) yield { batch: sampleBatch(1000) };
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
          void until(context.signal).then(open);
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
      await endpoint!.close();
      const again = await client.getSchema({ path: [] }).catch((error: GrpcError) => error.code);
      expect([Status.UNAVAILABLE, Status.CANCELLED]).toContain(again);
    });
  });

  describe('cancellation', () => {
    async function expectPrompt(work: () => Promise<unknown>, code: number): Promise<void> {
      const began = performance.now();
      await expect(work()).rejects.toMatchObject({ code });
      expect(performance.now() - began).toBeLessThan(1000);
    }

    it('by signal reaches a service that waits, within 100 ms', async () => {
      const stopped: number[] = [];
      const started = gate();
      const waiting = async (context: CallContext) => {
        started.open();
        await until(context.signal);
        stopped.push(performance.now());
        throw new GrpcError(Status.ABORTED, 'stopped');
      };
      const client = await connect({
        getSchema: (_, context) => waiting(context),
        // biome-ignore lint/correctness/useYield: it waits for ever
        async *doGet(_, context) {
          await waiting(context);
        },
        // biome-ignore lint/correctness/useYield: it waits for ever
        async *doPut(_, context) {
          await waiting(context);
        },
        async *doExchange(messages, context) {
          for await (const message of messages) yield message;
          await waiting(context);
        },
      });
      const controller = new AbortController();
      const calls = [
        client.getSchema({ path: [] }, controller),
        all(client.doGet(bytes(''), controller)),
        all(client.doPut(from({ batch: sampleBatch(1) }), controller)),
        all(client.doExchange(from({ batch: sampleBatch(1) }), controller)),
      ].map((call) => call.catch((error: GrpcError) => error.code));
      await started.opened;
      await new Promise((resolve) => setTimeout(resolve, 50));
      const began = performance.now();
      controller.abort();
      expect(await Promise.all(calls)).toEqual(Array(4).fill(Status.CANCELLED));
      while (stopped.length < 4) await new Promise(setImmediate);
      expect(Math.max(...stopped) - began).toBeLessThan(100);
    });

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
      await expectPrompt(() => all(client.doGet(bytes(''), { signal })), Status.CANCELLED);
      await expectPrompt(() => client.getSchema({ path: [] }, { signal }), Status.CANCELLED);
      expect(reached).toBe(false);
    });

    it('by leaving the stream stops the service and its memory', async () => {
      const { open, opened } = gate();
      const client = await connect({
        async *doGet(_, context) {
          void until(context.signal).then(open);
          for (;;) yield { batch: sampleBatch(1000) };
        },
      });
      for await (const { batch } of client.doGet(bytes(''))) if (batch) break;
      await opened;
    });

    it('by a deadline, on both sides', async () => {
      const { open, opened } = gate();
      const client = await connect({
        // biome-ignore lint/correctness/useYield: it waits for ever
        async *doGet(_, context) {
          await until(context.signal);
          open();
        },
        getSchema: async (_, context) => {
          await until(context.signal);
          return otherSchema;
        },
      });
      await expectPrompt(() => all(client.doGet(bytes(''), { timeoutMs: 50 })), Status.DEADLINE_EXCEEDED);
      await expectPrompt(() => client.getSchema({ path: [] }, { timeoutMs: 50 }), Status.DEADLINE_EXCEEDED);
      await opened;
    });

    it('by the service’s end stops the client’s messages', async () => {
      const client = await connect({
        async *doPut(messages) {
          for await (const _ of messages) break;
          yield bytes('enough');
        },
      });
      let closed = false;
      async function* endless(): AsyncGenerator<FlightMessage> {
        try {
          for (;;) yield { batch: sampleBatch(1000) };
        } finally {
          closed = true;
        }
      }
      expect((await all(client.doPut(endless()))).map(text)).toEqual(['enough']);
      while (!closed) await new Promise(setImmediate);
    });

    it('by closing the client', async () => {
      const client = await connect({
        // biome-ignore lint/correctness/useYield: it waits for ever
        async *doGet(_, context) {
          await until(context.signal);
        },
      });
      const reading = all(client.doGet(bytes('')));
      setTimeout(() => client.close(), 50);
      await expect(reading).rejects.toMatchObject({ code: Status.CANCELLED });
      await client.close();
    });
  });

  describe('back-pressure', () => {
    const megabyte = largeBatch(1 << 20);
    const bufferBytesMax = 4 << 20;
    // Each side's queue, the flow-control windows and the sockets' buffers may fill.
    const ahead = transport === 'inproc' ? 8 : 48;

    async function settled(count: () => number): Promise<number> {
      for (let before = -1; ; ) {
        const now = count();
        if (now === before) return now;
        before = now;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }

    it('a client that does not read slows the service', async () => {
      let sent = 0;
      const client = await connect(
        {
          async *doGet() {
            for (; sent < 500; sent++) yield { batch: megabyte };
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
      expect(received).toBe(500);
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
        for (; sent < 500; sent++) yield { batch: megabyte };
      }
      const result = all(client.doPut(up()));
      expect(await settled(() => sent)).toBeLessThan(ahead);
      open();
      expect((await result).map(text)).toEqual(['500']);
    });
  });
});
