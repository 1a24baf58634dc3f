import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FlightEndpoint, renewFlightEndpoint } from '@signaldb/flight';
import { Status } from '@signaldb/grpc';
import { encodeCommand } from './command.ts';
import type { CancelledQuery } from './handlers.ts';
import { toyHandlers } from './testing/toy-handlers.ts';
import { all, changed, flight, open, openWith, rows, sql, texts } from './testing/toy-service.ts';
import { createHmacSeal } from './ticket-seal.ts';

beforeEach(() => open());
afterEach(() => flight.close());

describe('what becomes of a query', () => {
  const seal = createHmacSeal({ key: Buffer.alloc(32, 1), lifetimeMs: 60_000 });
  const own = [{ ticket: Buffer.from('mine'), locations: [] }];
  const planOf = (endpoints: FlightEndpoint[]) => ({ schema: texts().schema, endpoints });

  it('its id is one from GetFlightInfo to the rows, and another for each query', async () => {
    const seen: (string | undefined)[] = [];
    const { handlers } = toyHandlers();
    openWith({
      plan: async ({ id }) => {
        seen.push(id);
        return undefined;
      },
      query: (statement, context) => {
        seen.push(statement.id);
        return handlers.query(statement, context);
      },
    });
    await rows(sql.query('COUNT 1'));
    await rows(sql.query('COUNT 1'));
    expect(seen[0]).toMatch(/^[0-9a-f]{24}$/);
    expect([seen[0] === seen[1], seen[2] === seen[3], seen[0] === seen[2]]).toEqual([true, true, false]);
  });

  it('is cancelled by the handlers where it runs elsewhere: by its id, or by their own tickets', async () => {
    const asked: CancelledQuery[] = [];
    openWith(
      {
        cancel: async (query) => {
          asked.push(query);
          return 'CANCELLING';
        },
        plan: async ({ sql: text }) => (text === 'COUNT 2' ? planOf(own) : undefined),
      },
      { seal },
    );
    const mine = await flight.getFlightInfo({
      command: encodeCommand('CommandStatementQuery', { query: 'COUNT 1', transactionId: undefined }),
    });
    expect(await sql.cancel(mine)).toBe('CANCELLING');
    const planned = await flight.getFlightInfo({
      command: encodeCommand('CommandStatementQuery', { query: 'COUNT 2', transactionId: undefined }),
    });
    expect(await sql.cancel(planned)).toBe('CANCELLING');
    expect(asked).toEqual([
      { id: expect.stringMatching(/^[0-9a-f]{24}$/), tickets: [] },
      { tickets: [Buffer.from('mine')] },
    ]);
    expect(await sql.cancel((await sql.getCatalogs()).info)).toBe('NOT_CANCELLABLE');
    const forged = {
      ...mine,
      endpoints: mine.endpoints.map((endpoint) => ({ ...endpoint, ticket: changed(endpoint.ticket) })),
    };
    await expect(sql.cancel(forged)).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
    expect(asked.length).toBe(2);
  });

  it('is renewed by the seal, or by the handlers', async () => {
    let now = 1_000_000;
    const short = createHmacSeal({ key: Buffer.alloc(32, 1), lifetimeMs: 1000, nowMs: () => now });
    openWith({ renew: async (endpoint) => ({ ...endpoint, ticket: Buffer.from('newer') }) }, { seal: short });
    const info = await flight.getFlightInfo({
      command: encodeCommand('CommandStatementQuery', { query: 'COUNT 1', transactionId: undefined }),
    });
    const [endpoint] = info.endpoints;
    now += 900;
    const renewed = await renewFlightEndpoint(flight, endpoint!);
    expect(renewed.expirationTime).toEqual(new Date(now + 1000));
    now += 900;
    await expect(all(flight.doGet(endpoint!.ticket))).rejects.toMatchObject({ code: Status.NOT_FOUND });
    await expect(renewFlightEndpoint(flight, endpoint!)).rejects.toMatchObject({ code: Status.NOT_FOUND });
    expect((await all(flight.doGet(renewed.ticket))).length).toBe(2);
    expect(String((await renewFlightEndpoint(flight, own[0]!)).ticket)).toBe('newer');
    const catalogs = (await sql.getCatalogs()).info.endpoints[0]!;
    expect(await renewFlightEndpoint(flight, catalogs)).toEqual(catalogs);
    open();
    await expect(renewFlightEndpoint(flight, own[0]!)).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
  });

  it('handles may live longer than tickets', async () => {
    let now = 1_000_000;
    const sealed = (lifetimeMs: number) => createHmacSeal({ key: Buffer.alloc(32, 1), lifetimeMs, nowMs: () => now });
    open({ seal: sealed(1000), handleSeal: sealed(10_000) });
    const statement = await sql.prepare('COUNT 1');
    now += 5000;
    expect(await rows(statement.query())).toEqual([[0n]]);
    now += 5001;
    await expect(statement.query()).rejects.toMatchObject({ code: Status.NOT_FOUND });
  });

  it('polled, can be cancelled before it has an endpoint, and ends with the endpoints of its plan', async () => {
    const asked: string[] = [];
    let ended = false;
    openWith(
      {
        poll: async ({ id }, token) => {
          asked.push(`${id} ${token ?? 'first'}`);
          return ended
            ? { plan: planOf(own) }
            : { token: Buffer.from('next'), progress: 0.5, expirationTime: new Date(9e12) };
        },
        cancel: async ({ id }) => {
          asked.push(`cancel ${id}`);
          return 'CANCELLED';
        },
      },
      { seal },
    );
    const command = encodeCommand('CommandStatementQuery', { query: 'COUNT 1', transactionId: undefined });
    const first = await flight.pollFlightInfo({ command });
    expect([first.progress, first.info!.endpoints, first.expirationTime]).toEqual([0.5, [], new Date(9e12)]);
    ended = true;
    const last = await flight.pollFlightInfo(first.descriptor!);
    expect([last.descriptor, last.info!.endpoints.map(({ ticket }) => String(ticket))]).toEqual([undefined, ['mine']]);
    expect(await sql.cancel(first.info!)).toBe('CANCELLED');
    const [id] = asked[0]!.split(' ');
    expect(asked).toEqual([`${id} first`, `${id} next`, `cancel ${id}`]);
    const forged = { command: changed(first.descriptor!.command!) };
    await expect(flight.pollFlightInfo(forged)).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
  });
});
