import { describe, expect, it } from '@jest/globals';
import { Status } from '@signaldb/grpc';
import type { FlightInfo } from '../flight-info.ts';
import type { FlightMessage } from '../flight-message.ts';
import type { CallContext } from '../service.ts';
import { overEachTransport } from '../testing/each-transport.ts';
import { otherBatch, otherSchema, rowsOf, sampleBatch } from '../testing/sample.ts';
import { shape } from '../testing/shape.ts';
import { all, from, gate, textOf } from '../testing/streams.ts';

const bytes = (value: string) => new Uint8Array(Buffer.from(value));

overEachTransport((connect, transport) => {
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
      expect([greeting!.protocolVersion, textOf(greeting!.payload)]).toEqual([2, 'hi']);
      expect((await all(client.listFlights(bytes('c')))).map((item) => textOf(item.appMetadata))).toEqual(['c', 'i']);
      expect(plain(await client.getFlightInfo({ path: ['a', 'b'] }))).toEqual(plain(info));
      expect(textOf((await client.getFlightInfo({ command: bytes('cmd') })).descriptor?.command)).toBe('cmd');
      const poll = await client.pollFlightInfo({ path: ['p'] });
      expect([poll.progress, poll.expirationTime, poll.descriptor]).toEqual([0.5, new Date(1000), { path: ['p'] }]);
      expect(plain(poll.info!)).toEqual(plain(info));
      expect(String(await client.getSchema({ path: ['x'] }))).toBe(String(otherSchema));
      const got = await all(client.doGet(bytes('T')));
      expect(got.map(shape)).toEqual([{ schema: ['n: Int64', 'text: Utf8'] }, { rows: 3, metadata: 'T' }]);
      expect(rowsOf(got[1]!.batch!)).toEqual([0n, 1n, 2n].map((n) => ({ n, text: String(n) })));
      const put = await all(client.doPut(from<FlightMessage>({ descriptor: { path: ['t'] }, batch: sampleBatch(2) })));
      expect(put.map((item) => JSON.parse(textOf(item)!))).toEqual([
        { descriptor: ['t'], schema: ['n: Int64', 'text: Utf8'] },
        { rows: 2 },
      ]);
      const exchanged = await all(client.doExchange(from<FlightMessage>({ batch: otherBatch('x', null) })));
      expect(exchanged.map(shape)).toEqual([{ schema: ['other: Utf8'] }, { rows: 2 }]);
      expect((await all(client.doAction({ type: 'do', body: bytes('it') }))).map(textOf)).toEqual(['do', 'it']);
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
          onHeaders: (metadata) => headers.push(metadata.get('x-answer'), textOf(metadata.getBinary('x-answer-bin'))),
        }),
      );
      expect(headers).toEqual(['yes', '\x00\x01']);
      expect(seen!.metadata.get('x-scope-orgid')).toBe('t1');
      expect([...seen!.metadata.getBinary('trace-bin')!]).toEqual([1, 2]);
      expect(seen!.deadline!.getTime()).toBeGreaterThan(Date.now() + 30_000);
      expect(seen!.transport).toBe(transport === 'inproc' ? 'inproc' : 'grpc');
      await client.getSchema({ path: [] }, { onHeaders: (metadata) => headers.push(metadata.get('x-answer')) });
      expect(headers[2]).toBe('unary');
    });
  });
});
