import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectFlight, createInprocNetwork, type FlightService } from '@signaldb/flight';
import { Status } from '@signaldb/grpc';
import { Field, Schema, Utf8 } from 'apache-arrow';
import { encodeCommand } from './command.ts';
import { createFlightSqlService } from './service.ts';
import { toyHandlers } from './testing/toy-handlers.ts';
import { action, all, flight, log, open, openWith, sql, texts } from './testing/toy-service.ts';

beforeEach(() => open());
afterEach(() => flight.close());

describe('queries', () => {
  it('run when they are fetched, and stream', async () => {
    const stream = await sql.query('COUNT 25000');
    expect(stream.schema.fields.map(String)).toEqual(['n: Int64']);
    expect(log).toEqual([]);
    const batches = await all(stream);
    expect(batches.map((batch) => batch.numRows)).toEqual([10_000, 10_000, 5000]);
    expect(log).toEqual(['COUNT 25000']);
  });

  it('without rows still tell their schema', async () => {
    const { schema, endpoints } = await flight.getFlightInfo({
      command: encodeCommand('CommandStatementQuery', { query: 'COUNT 0', transactionId: undefined }),
    });
    expect(schema!.fields.length).toBe(1);
    const messages = await all(flight.doGet(endpoints[0]!.ticket));
    expect(messages.map((message) => message.schema?.fields.length)).toEqual([1]);
  });

  it.each([
    ['nonsense', Status.INVALID_ARGUMENT, 'line 1, column 1: "nonsense" means nothing'],
    ['FAIL NOT_FOUND', Status.NOT_FOUND, 'failed as asked: NOT_FOUND'],
    ['TOUCH 3', Status.INVALID_ARGUMENT, 'only queries can be run here'],
  ])('%s fails before anything runs', async (statement, code, details) => {
    await expect(sql.query(statement)).rejects.toMatchObject({ code, details });
    expect(log).toEqual([]);
  });

  it('stop when their reader leaves', async () => {
    const stopped = new Promise<void>((resolve) => open({}, { onStop: resolve }));
    const controller = new AbortController();
    const stream = await sql.query('SLEEP', { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(all(stream)).rejects.toMatchObject({ code: Status.CANCELLED });
    await stopped;
  });

  it('let go of what they hold, however early their reader leaves', async () => {
    const schema = texts().schema;
    for (const messagesRead of [1, 2, 3]) {
      let open = 0;
      openWith({
        query: async (_, { signal }) => {
          open++;
          async function* batches() {
            try {
              while (!signal.aborted) yield texts('a');
            } finally {
              open--;
            }
          }
          return { schema, batches: batches() };
        },
      });
      const { endpoints } = (await sql.query('COUNT 1')).info;
      let read = 0;
      for await (const _ of flight.doGet(endpoints[0]!.ticket)) if (++read === messagesRead) break;
      while (open > 0) await new Promise(setImmediate);
      expect([open, read]).toEqual([0, messagesRead]);
    }
  });

  it('answer GetSchema and PollFlightInfo', async () => {
    const descriptor = {
      command: encodeCommand('CommandStatementQuery', { query: 'COUNT 1', transactionId: undefined }),
    };
    expect((await flight.getSchema(descriptor)).fields.map(String)).toEqual(['n: Int64']);
    const poll = await flight.pollFlightInfo(descriptor);
    expect([poll.descriptor, poll.progress, poll.info!.endpoints.length]).toEqual([undefined, 1, 1]);
  });

  it('are planned by the embedder where it wants', async () => {
    const { handlers } = toyHandlers();
    const schema = new Schema([new Field('n', new Utf8(), true)]);
    const endpoints = [{ ticket: new Uint8Array([1]), locations: ['grpc://other:1'] }];
    const service = createFlightSqlService({ ...handlers, plan: async () => ({ schema, endpoints, totalRecords: 7 }) });
    const inproc = createInprocNetwork();
    inproc.serve('planned', service);
    const client = connectFlight('inproc://planned', { inproc });
    const info = await client.getFlightInfo({
      command: encodeCommand('CommandStatementQuery', { query: 'COUNT 1', transactionId: undefined }),
    });
    expect([info.endpoints, info.totalRecords, info.ordered]).toEqual([endpoints, 7, true]);
  });
});

describe('what is not Flight SQL', () => {
  it('goes to the fallback', async () => {
    const fallback: Partial<FlightService> = {
      getSchema: async () => new Schema([new Field('mine', new Utf8(), true)]),
      async *doGet(ticket) {
        yield { appMetadata: ticket };
      },
      async *doPut(messages) {
        for await (const { descriptor } of messages) if (descriptor) yield Buffer.from(descriptor.path![0]!);
      },
      async *doAction({ type }) {
        yield Buffer.from(type);
      },
      async *listActions() {
        yield { type: 'mine', description: '' };
      },
    };
    open({ fallback });
    expect((await flight.getSchema({ path: ['x'] })).fields[0]!.name).toBe('mine');
    expect(await all(flight.doGet(Buffer.from('t')))).toEqual([{ appMetadata: Buffer.from('t') }]);
    async function* put() {
      yield { descriptor: { path: ['p'] }, batch: texts('a') };
    }
    expect((await all(flight.doPut(put()))).map(String)).toEqual(['p']);
    expect((await action('mine')).map(String)).toEqual(['mine']);
    expect((await all(flight.listActions())).at(-1)!.type).toBe('mine');
    await expect(flight.getFlightInfo({ path: ['x'] })).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
    await expect(all(flight.listFlights())).rejects.toMatchObject({ code: Status.UNIMPLEMENTED });
  });
});
