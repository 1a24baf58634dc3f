import { afterEach, describe, expect, it } from '@jest/globals';
import { Status } from '@signaldb/grpc';
import type { FlightInfo } from '../flight-info.ts';
import { type Endpoint, openEndpoint, type TransportName } from '../testing/endpoints.ts';
import { otherSchema } from '../testing/sample.ts';
import {
  cancelFlightInfo,
  closeSession,
  getSessionOptions,
  renewFlightEndpoint,
  setSessionOptions,
} from './client-actions.ts';
import { type FlightActionHandlers, withFlightActions } from './flight-actions.ts';
import type { SessionValue } from './sessions.ts';

const bytes = (text: string) => Buffer.from(text);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe.each<TransportName>(['inproc', 'grpc'])('over %s', (transport) => {
  let endpoint: Endpoint | undefined;

  afterEach(async () => {
    await endpoint?.close();
    endpoint = undefined;
  });

  async function connect(handlers: FlightActionHandlers) {
    const own = {
      async *doAction({ type }: { type: string }) {
        yield bytes(`own ${type}`);
      },
      async *listActions() {
        yield { type: 'own', description: '' };
      },
    };
    endpoint = await openEndpoint(transport, withFlightActions(own, handlers));
    return endpoint.client;
  }

  it.each(['CANCELLED', 'CANCELLING', 'NOT_CANCELLABLE'] as const)('CancelFlightInfo answers %s', async (status) => {
    const seen: FlightInfo[] = [];
    const client = await connect({
      cancel: async (info) => {
        seen.push(info);
        return status;
      },
    });
    const info: FlightInfo = {
      schema: otherSchema,
      endpoints: [{ ticket: bytes('t'), locations: ['grpc://h:1'] }],
      totalRecords: 1,
      totalBytes: -1,
      ordered: true,
      appMetadata: bytes('id'),
    };
    expect(await cancelFlightInfo(client, info)).toBe(status);
    expect([seen[0]?.ordered, String(seen[0]?.schema), String(seen[0]?.endpoints[0]?.ticket)]).toEqual([
      true,
      String(otherSchema),
      't',
    ]);
  });

  it('RenewFlightEndpoint answers the endpoint as it is from now on', async () => {
    const client = await connect({
      renew: async (given) => ({ ...given, ticket: bytes(`${given.ticket}+`), expirationTime: new Date(2000) }),
    });
    const renewed = await renewFlightEndpoint(client, {
      ticket: bytes('t'),
      locations: ['grpc://h:1'],
      expirationTime: new Date(1000),
      appMetadata: bytes('m'),
    });
    expect([String(renewed.ticket), renewed.locations, renewed.expirationTime, String(renewed.appMetadata)]).toEqual([
      't+',
      ['grpc://h:1'],
      new Date(2000),
      'm',
    ]);
  });

  it('sessions hold values of every kind', async () => {
    const options: Record<string, SessionValue> = {};
    const client = await connect({
      sessions: {
        get: async () => options,
        set: async ({ bad, worse, ...values }) => {
          Object.assign(options, values);
          return { ...(bad !== undefined && { bad: 'INVALID_NAME' }), ...(worse !== undefined && { worse: 'ERROR' }) };
        },
        close: async () => 'CLOSING',
      },
    });
    const values = { s: 'text', b: false, i: 7n, d: 0.5, l: ['a', ''], none: undefined };
    expect(await setSessionOptions(client, { ...values, bad: 'x', worse: 1 })).toEqual({
      bad: 'INVALID_NAME',
      worse: 'ERROR',
    });
    expect(await getSessionOptions(client)).toEqual(values);
    expect(await closeSession(client)).toBe('CLOSING');
  });

  it('serves what it was given, and everything else as before', async () => {
    const client = await connect({ sessions: { get: async () => ({}), set: async () => ({}) } });
    expect((await all(client.listActions())).map(({ type }) => type)).toEqual([
      'GetSessionOptions',
      'SetSessionOptions',
      'CloseSession',
      'own',
    ]);
    expect(await closeSession(client)).toBe('CLOSED');
    expect(String((await all(client.doAction({ type: 'CancelFlightInfo', body: bytes('') })))[0])).toBe(
      'own CancelFlightInfo',
    );
  });

  it.each([
    ['CancelFlightInfo', [0xff], "can't be decoded"],
    ['CancelFlightInfo', [], 'needs the FlightInfo'],
    ['RenewFlightEndpoint', [0x0a, 0x7f], "can't be decoded"],
    ['RenewFlightEndpoint', [], 'needs the endpoint'],
    ['SetSessionOptions', [0x0a, 0x05, 1], "can't be decoded"],
  ])('%s with a body of %j is refused', async (type, body, message) => {
    const client = await connect({
      cancel: async () => 'CANCELLED',
      renew: async (given) => given,
      sessions: { get: async () => ({}), set: async () => ({}) },
    });
    await expect(all(client.doAction({ type, body: Uint8Array.from(body) }))).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: expect.stringContaining(message),
    });
  });

  it('an answer that is none is told', async () => {
    endpoint = await openEndpoint(transport, {
      async *doAction({ type }) {
        if (type === 'CancelFlightInfo') yield Buffer.from([0xff]);
      },
    });
    const { client } = endpoint;
    const info: FlightInfo = { endpoints: [], totalRecords: -1, totalBytes: -1, ordered: false };
    await expect(cancelFlightInfo(client, info)).rejects.toMatchObject({ code: Status.INTERNAL });
    await expect(closeSession(client)).rejects.toMatchObject({ details: expect.stringContaining('with nothing') });
  });
});
