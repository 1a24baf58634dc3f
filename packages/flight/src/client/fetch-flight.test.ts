import { afterEach, describe, expect, it } from '@jest/globals';
import { GrpcError, Status } from '@signaldb/grpc';
import { withFlightActions } from '../actions/flight-actions.ts';
import type { ConnectOptions } from '../connect.ts';
import { type FlightEndpoint, type FlightInfo, REUSE_CONNECTION_LOCATION } from '../flight-info.ts';
import type { FlightMessage } from '../flight-message.ts';
import type { FlightService } from '../service.ts';
import { type Endpoint, openEndpoint, type TransportName } from '../testing/endpoints.ts';
import { largeBatch, otherBatch, sampleBatch } from '../testing/sample.ts';
import { aborted, all, from, gate, settled, textOf } from '../testing/streams.ts';
import { fetchEndpoints, fetchFlight } from './fetch-flight.ts';

const endpointOf = (ticket: string, ...locations: string[]): FlightEndpoint => ({
  ticket: Buffer.from(ticket),
  locations,
});

const infoOf = (ordered: boolean, endpoints: FlightEndpoint[]): FlightInfo => ({
  endpoints,
  ordered,
  totalRecords: -1,
  totalBytes: -1,
});

/** Endpoints 0 to n-1. */
const numbered = (n: number) => Array.from({ length: n }, (_, i) => endpointOf(String(i)));

const metadataOf = (messages: FlightMessage[]) => messages.flatMap(({ appMetadata }) => textOf(appMetadata) ?? []);

describe.each<TransportName>(['inproc', 'grpc'])('over %s', (transport) => {
  const endpoints: Endpoint[] = [];

  afterEach(async () => {
    for (const endpoint of endpoints.splice(0)) await endpoint.close();
  });

  async function connect(service: Partial<FlightService>, options: Pick<ConnectOptions, 'bufferBytesMax'> = {}) {
    const endpoint = await openEndpoint(transport, service, options);
    endpoints.push(endpoint);
    return endpoint.client;
  }

  it('endpoints are fetched side by side, and come in order where there is one', async () => {
    const under = { now: 0, most: 0 };
    const last = gate();
    const client = await connect({
      async *doGet(ticket) {
        under.most = Math.max(under.most, ++under.now);
        const name = textOf(ticket);
        // The first three answer only when the fourth has.
        if (name === '3') last.open();
        await last.opened;
        for (let i = 0; i < 3; i++) yield { batch: sampleBatch(1), appMetadata: Buffer.from(`${name}.${i}`) };
        under.now--;
      },
    });
    const messages = await all(fetchFlight(client, infoOf(true, numbered(9)), { parallel: 4 }));
    expect(metadataOf(messages)).toEqual(numbered(9).flatMap((_, i) => [`${i}.0`, `${i}.1`, `${i}.2`]));
    expect(messages.filter(({ schema }) => schema)).toHaveLength(1);
    expect(under.most).toBe(4);
  });

  it('without an order messages come as they are there', async () => {
    const seen = gate();
    const client = await connect({
      async *doGet(ticket) {
        if (textOf(ticket) === '0') await seen.opened;
        yield { batch: sampleBatch(1), appMetadata: ticket };
      },
    });
    const got: string[] = [];
    for await (const { appMetadata } of fetchFlight(client, infoOf(false, numbered(6)), { parallel: 2 })) {
      const name = textOf(appMetadata);
      if (name !== undefined) got.push(name);
      if (got.length === 5) seen.open();
    }
    expect([...got].sort()).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(got.at(-1)).toBe('0');
  });

  it('an endpoint ahead of its turn waits within its bound', async () => {
    const first = gate();
    let ahead = 0;
    const megabyte = largeBatch(1 << 20);
    const client = await connect(
      {
        async *doGet(ticket) {
          if (textOf(ticket) === '0') await first.opened;
          else for (let i = 0; i < 200; i++, ahead++) yield { batch: megabyte };
        },
      },
      { bufferBytesMax: 1 << 20 },
    );
    const stream = fetchFlight(client, infoOf(true, numbered(2)), { parallel: 2, bufferBytesMax: 4 << 20 });
    const messages = all(stream);
    // Two megabytes here, the client's own, and over the network the windows and the sockets' buffers.
    expect(await settled(() => ahead)).toBeLessThan(transport === 'inproc' ? 8 : 64);
    first.open();
    expect((await messages).filter(({ batch }) => batch)).toHaveLength(200);
  });

  it('a schema is announced where it is another than the one before', async () => {
    const client = await connect({
      async *doGet(ticket) {
        if (textOf(ticket) === '2') yield { batch: otherBatch('x') };
        else yield { batch: sampleBatch(2) };
        if (textOf(ticket) === '3') yield { appMetadata: Buffer.from('end') };
      },
    });
    const messages = await all(fetchFlight(client, infoOf(true, numbered(4))));
    const kinds = messages.map(({ schema, batch, appMetadata }) =>
      schema ? schema.fields.map(({ name }) => name).join() : (batch?.numRows ?? textOf(appMetadata)),
    );
    expect(kinds).toEqual(['n,text', 2, 2, 'other', 1, 'n,text', 2, 'end']);
  });

  it('a flight without endpoints is empty, one without rows has a schema', async () => {
    const client = await connect({
      async *doGet() {
        yield { schema: sampleBatch(1).schema };
      },
    });
    expect(await all(fetchFlight(client, infoOf(true, [])))).toEqual([]);
    const messages = await all(fetchFlight(client, infoOf(false, numbered(3))));
    expect(messages.map(({ schema }) => schema?.fields.length)).toEqual([2]);
  });

  describe('locations', () => {
    const rows: Partial<FlightService> = {
      async *doGet(ticket) {
        yield { batch: sampleBatch(1), appMetadata: ticket };
      },
    };

    it.each([
      ['the connection that is there', [REUSE_CONNECTION_LOCATION]],
      ['one that cannot be understood, then another', ['http://h/x.parquet', REUSE_CONNECTION_LOCATION]],
      ['one where nobody answers, then another', ['grpc://127.0.0.1:1', REUSE_CONNECTION_LOCATION]],
      ['one without the network that serves it, then another', ['inproc://elsewhere', REUSE_CONNECTION_LOCATION]],
    ])('%s', async (_, locations) => {
      const client = await connect(rows);
      const flight = infoOf(true, [endpointOf('t', ...locations)]);
      expect(metadataOf(await all(fetchFlight(client, flight)))).toEqual(['t']);
    });

    it('are reached through the client that is given for them', async () => {
      const asked: string[] = [];
      const client = await connect({});
      const other = await connect(rows);
      const open = (location: string) => {
        asked.push(location);
        return other;
      };
      const flight = infoOf(true, [endpointOf('a', 'x://1'), endpointOf('b', 'x://1', 'x://2')]);
      expect(metadataOf(await all(fetchFlight(client, flight, { connect: open })))).toEqual(['a', 'b']);
      expect(asked).toEqual(['x://1', 'x://1']);
      // Those who opened it close it.
      expect(await all(other.doGet(Buffer.from('still')))).toHaveLength(2);
    });

    it('that all fail are named, with why', async () => {
      const client = await connect({
        // biome-ignore lint/correctness/useYield: it fails
        async *doGet() {
          throw new GrpcError(Status.NOT_FOUND, 'expired');
        },
      });
      const flight = infoOf(true, [endpointOf('t', 'http://h', REUSE_CONNECTION_LOCATION)]);
      await expect(all(fetchFlight(client, flight))).rejects.toMatchObject({
        code: Status.NOT_FOUND,
        details: expect.stringMatching(/http:\/\/h: .*none of inproc.*NOT_FOUND: expired/),
      });
      await expect(all(fetchFlight(client, infoOf(true, numbered(1))))).rejects.toMatchObject({ details: 'expired' });
    });

    it('are not tried again once something has come', async () => {
      let calls = 0;
      const client = await connect({
        async *doGet() {
          calls++;
          yield { batch: sampleBatch(1) };
          throw new GrpcError(Status.UNAVAILABLE, 'down');
        },
      });
      const flight = infoOf(true, [endpointOf('t', REUSE_CONNECTION_LOCATION, REUSE_CONNECTION_LOCATION)]);
      await expect(all(fetchFlight(client, flight))).rejects.toMatchObject({ details: 'down' });
      expect(calls).toBe(1);
    });
  });

  describe('the end', () => {
    /** A service whose streams never end by themselves, and the tickets whose calls were stopped. */
    async function endless(fail?: { ticket: string; when: Promise<void> }) {
      const began: string[] = [];
      const stopped: string[] = [];
      const settledAll = gate();
      const client = await connect({
        async *doGet(ticket, { signal }) {
          const name = textOf(ticket)!;
          began.push(name);
          yield { batch: sampleBatch(1), appMetadata: ticket };
          if (name === fail?.ticket) {
            await fail.when;
            throw new GrpcError(Status.DATA_LOSS, 'broken');
          }
          await aborted(signal);
          stopped.push(name);
          if (stopped.length === (fail ? 2 : 3)) settledAll.open();
        },
      });
      return { client, began, stopped, allStopped: settledAll.opened };
    }

    it('leaving early stops every call, and begins no other', async () => {
      const { client, began, stopped, allStopped } = await endless();
      const seen = new Set<string>();
      for await (const { appMetadata } of fetchFlight(client, infoOf(false, numbered(9)), { parallel: 3 })) {
        if (appMetadata) seen.add(textOf(appMetadata)!);
        if (seen.size === 3) break;
      }
      await allStopped;
      expect([began.sort(), stopped.sort()]).toEqual([
        ['0', '1', '2'],
        ['0', '1', '2'],
      ]);
    });

    it('a call that fails ends the flight at once, also ahead of its turn', async () => {
      const failNow = gate();
      const { client, allStopped } = await endless({ ticket: '2', when: failNow.opened });
      const reading = (async () => {
        for await (const { appMetadata } of fetchFlight(client, infoOf(true, numbered(3)))) {
          if (appMetadata) failNow.open();
        }
      })();
      await expect(reading).rejects.toMatchObject({ code: Status.DATA_LOSS, details: 'broken' });
      await allStopped;
    });

    it('a signal cancels, before and while it runs', async () => {
      const { client, began, allStopped } = await endless();
      const before = fetchFlight(client, infoOf(true, numbered(3)), { signal: AbortSignal.abort() });
      await expect(all(before)).rejects.toMatchObject({ code: Status.CANCELLED });
      expect(began).toEqual([]);
      const controller = new AbortController();
      const reading = (async () => {
        const seen = new Set<string>();
        const options = { signal: controller.signal };
        for await (const { appMetadata } of fetchFlight(client, infoOf(false, numbered(3)), options)) {
          if (appMetadata) seen.add(textOf(appMetadata)!);
          if (seen.size === 3) controller.abort();
        }
      })();
      await expect(reading).rejects.toMatchObject({ code: Status.CANCELLED });
      await allStopped;
    });

    it('a deadline is that of the whole', async () => {
      const { client } = await endless();
      const late = fetchFlight(client, infoOf(true, numbered(3)), { timeoutMs: 50 });
      await expect(all(late)).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
    });

    it('what fails while endpoints become known fails the flight', async () => {
      const { client } = await endless();
      async function* becoming() {
        yield endpointOf('0');
        throw new GrpcError(Status.ABORTED, 'query failed');
      }
      await expect(all(fetchEndpoints(client, becoming()))).rejects.toMatchObject({ details: 'query failed' });
    });
  });

  describe('endpoints that expire', () => {
    it('are renewed while they wait', async () => {
      const renewed = gate();
      let renewals = 0;
      const client = await connect(
        withFlightActions(
          {
            async *doGet(ticket) {
              if (textOf(ticket) === 'first') await renewed.opened;
              yield { batch: sampleBatch(1), appMetadata: ticket };
            },
          },
          {
            renew: async (endpoint) => {
              renewals++;
              if (renewals === 3) renewed.open();
              const times = Number(textOf(endpoint.ticket)!.split('+')[1] ?? 0) + 1;
              return { ...endpoint, ticket: Buffer.from(`second+${times}`), expirationTime: new Date(Date.now() + 40) };
            },
          },
        ),
      );
      const second = { ...endpointOf('second'), expirationTime: new Date(Date.now() + 40) };
      const messages = await all(fetchFlight(client, infoOf(true, [endpointOf('first'), second]), { parallel: 1 }));
      const [first, last] = metadataOf(messages);
      expect(first).toBe('first');
      expect(Number(last!.split('+')[1])).toBeGreaterThanOrEqual(3);
    });

    it('are fetched as they are where they cannot be renewed', async () => {
      const asked = gate();
      const client = await connect({
        async *doGet(ticket) {
          if (textOf(ticket) === 'first') await asked.opened;
          yield { batch: sampleBatch(1), appMetadata: ticket };
        },
        // biome-ignore lint/correctness/useYield: it fails
        async *doAction() {
          asked.open();
          throw new GrpcError(Status.UNIMPLEMENTED, 'no');
        },
      });
      const second = { ...endpointOf('second'), expirationTime: new Date(Date.now() + 20) };
      const messages = await all(fetchEndpoints(client, from(endpointOf('first'), second), { parallel: 1 }));
      expect(metadataOf(messages).sort()).toEqual(['first', 'second']);
    });
  });
});
