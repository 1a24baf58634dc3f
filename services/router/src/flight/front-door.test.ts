import { describe, expect, it } from '@jest/globals';
import {
  connectFlight,
  createInprocNetwork,
  encodeSchemaBytes,
  type FlightClient,
  type FlightMessage,
  type FlightService,
} from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { Field, Int64, type RecordBatch, Schema, Table, vectorFromArray } from 'apache-arrow';
import { createFrontDoor } from './front-door.ts';

const schema = new Schema([new Field('n', new Int64(), true)]);
const batch = new Table({ n: vectorFromArray([1n, 2n], new Int64()) }).batches[0] as RecordBatch;
const asJson = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString());
const text = (value: object) => Buffer.from(JSON.stringify(value));

/** A door with a querier and an acceptor of the test's own behind it, reached as a client reaches it. */
function open(querier: Partial<FlightService>, acceptor: Partial<FlightService> = {}) {
  const inproc = createInprocNetwork();
  inproc.serve('querier', querier);
  inproc.serve('acceptor', acceptor);
  const client = (name: string): FlightClient => connectFlight(`inproc://${name}`, { inproc });
  inproc.serve(
    'router',
    createFrontDoor({ source: { queriers: () => [client('querier')] }, acceptorFor: () => client('acceptor') }),
  );
  return client('router');
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const rows = (messages: FlightMessage[]) => messages.reduce((sum, message) => sum + (message.batch?.numRows ?? 0), 0);
const describes = async function* () {
  yield text({
    statement_type: 'SELECT',
    schema: Buffer.from(encodeSchemaBytes(schema)).toString('base64'),
    parameters: null,
  });
};

describe('reading', () => {
  it('takes a path for a table, and the caller’s tenant whatever the ticket says', async () => {
    const asked: unknown[] = [];
    const door = open({
      doAction: (action) => {
        asked.push([action.type, asJson(action.body)]);
        return describes();
      },
      async *doGet(ticket) {
        asked.push(asJson(ticket));
        yield { schema };
        yield { batch };
        yield { appMetadata: text({ status: 'COMPLETE', reasons: [], metrics: {} }) };
      },
    });
    const info = await door.getFlightInfo({ path: ['traces'] }, { metadata: { 'x-scope-orgid': 'acme' } });
    expect(info.schema?.fields.map(({ name }) => name)).toEqual(['n']);
    expect(rows(await all(door.doGet(info.endpoints[0]!.ticket, { metadata: { 'x-scope-orgid': 'other' } })))).toBe(2);
    expect(asked).toEqual([
      ['describe', { tenant: 'acme', sql: 'SELECT * FROM "traces"' }],
      { kind: 'sql', tenant: 'other', sql: 'SELECT * FROM "traces"' },
    ]);
  });

  it('refuses an answer that would be short, unless the caller takes it', async () => {
    const door = open({
      doAction: describes,
      async *doGet() {
        yield { schema, appMetadata: text({ status: 'PARTIAL', reasons: ['writer w1 is away'] }) };
        yield { batch };
      },
    });
    const ticket = text({ sql: 'SELECT 1' });
    await expect(all(door.doGet(ticket))).rejects.toMatchObject({
      code: Status.UNAVAILABLE,
      details: expect.stringContaining('writer w1 is away'),
    });
    expect(rows(await all(door.doGet(ticket, { metadata: { 'x-signaldb-allow-partial': 'true' } })))).toBe(2);
  });

  it.each([
    ['a ticket of someone else', Buffer.from('nonsense')],
    ['a ticket without SQL', text({ kind: 'trace' })],
  ])('refuses %s', async (_, ticket) => {
    await expect(all(open({}).doGet(ticket))).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
  });

  it('passes the querier’s refusal on', async () => {
    const door = open({
      // biome-ignore lint/correctness/useYield: it refuses
      async *doAction() {
        throw new GrpcError(Status.NOT_FOUND, 'no table "traes"; did you mean "traces"?');
      },
    });
    await expect(door.getFlightInfo({ path: ['traes'] })).rejects.toMatchObject({
      code: Status.NOT_FOUND,
      details: expect.stringContaining('did you mean'),
    });
  });

  it('refuses a tenant that is no name, and several of them', async () => {
    const door = open({});
    for (const id of ['a/b', 'a|b']) {
      await expect(
        door.getFlightInfo({ path: ['traces'] }, { metadata: { 'x-scope-orgid': id } }),
      ).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
    }
  });
});

describe('writing', () => {
  it('hands streams through to an acceptor with the tenant, and its answers back', async () => {
    const seen: unknown[] = [];
    const door = open(
      {},
      {
        async *doExchange(messages, context) {
          seen.push(context.metadata.get('x-scope-orgid'));
          for await (const message of messages)
            if (message.batch) yield { appMetadata: text({ lsn: message.batch.numRows }) };
        },
        async *doAction(action) {
          yield Buffer.from(action.type);
        },
      },
    );
    const sent = (async function* () {
      yield { descriptor: { path: ['mine'] } };
      yield { schema };
      yield { batch };
    })();
    const answers = await all(door.doExchange(sent, { metadata: { 'x-scope-orgid': 'acme' } }));
    expect(answers.flatMap(({ appMetadata }) => (appMetadata ? [asJson(appMetadata)] : []))).toEqual([{ lsn: 2 }]);
    expect(seen).toEqual(['acme']);
    expect((await all(door.doAction({ type: 'ListTables', body: Buffer.alloc(0) }))).map(String)).toEqual([
      'ListTables',
    ]);
    await expect(all(door.doAction({ type: 'barrier', body: Buffer.alloc(0) }))).rejects.toMatchObject({
      code: Status.UNIMPLEMENTED,
    });
  });
});
