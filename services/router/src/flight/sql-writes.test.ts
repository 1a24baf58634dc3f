import { describe, expect, it } from '@jest/globals';
import {
  type CallOptions,
  encodeSchemaBytes,
  type FlightMessage,
  type FlightService,
  recordBatchOf,
} from '@signaldb/flight';
import { createFlightSqlClient } from '@signaldb/flight-sql';
import { GrpcError, Status } from '@signaldb/grpc';
import { Field, Int64, Schema, vectorFromArray } from 'apache-arrow';
import { asJson, openDoors, scriptedQuerier, text } from '../testing/test-door.ts';

const schema = new Schema([new Field('n', new Int64(), true)]);
const batchOf = (...values: number[]) =>
  recordBatchOf(schema, [vectorFromArray(values.map(BigInt), new Int64()).data[0]!], values.length);
const schemaIpc = Buffer.from(encodeSchemaBytes(schema)).toString('base64');

/** An acceptor with tables of numbers. What it is asked for is kept in order. */
class TableAcceptor {
  readonly tables = new Map<string, number[]>();
  readonly asked: [type: string, body: Record<string, unknown>][] = [];
  /** Thrown instead of the next answers, after what was asked for was done. */
  readonly failures: GrpcError[] = [];

  async *doAction({ type, body }: { type: string; body: Uint8Array }): AsyncGenerator<Uint8Array> {
    const request = asJson(body);
    this.asked.push([type, request]);
    if (type === 'CreateTable') this.#create(request);
    else if (type === 'DropTable' && !this.tables.delete(request.name))
      throw new GrpcError(Status.NOT_FOUND, `no ${request.name}`);
    const failure = this.failures.shift();
    if (failure) throw failure;
    yield text({ tables: [...this.tables.keys()] });
  }

  #keys = new Map<string, unknown>();
  #create({ name, or_replace, idempotency_key }: Record<string, string | boolean>): void {
    if (this.#keys.get(name as string) === idempotency_key) return;
    if (this.tables.has(name as string) && !or_replace) throw new GrpcError(Status.ALREADY_EXISTS, `${name} is there`);
    this.tables.set(name as string, []);
    this.#keys.set(name as string, idempotency_key);
  }

  async *doExchange(messages: AsyncIterable<FlightMessage>): AsyncGenerator<FlightMessage> {
    let lsn = 0;
    for await (const { batch, appMetadata } of messages) {
      if (!batch) continue;
      const { table_name, ...request } = asJson(appMetadata!);
      this.asked.push(['batch', request]);
      this.tables.get(table_name)!.push(...[...(batch.getChildAt(0)!.toArray() as BigInt64Array)].map(Number));
      lsn++;
      for (const durability_level of ['memory', 'disk', 'object_storage', 'iceberg_committed'])
        yield { appMetadata: text({ lsn, durability_level, timestamp_us: 1, error: '' }) };
    }
  }
}

/** A client of a router with a querier that answers writes with a plan and rows. */
function open(plan: object, rows: readonly number[][] = [], acceptor = new TableAcceptor()) {
  const { service } = scriptedQuerier({
    describe: () => [{ statement_type: 'INSERT', schema: null, parameters: null }],
  });
  const tickets: Record<string, unknown>[] = [];
  const querier: Partial<FlightService> = {
    ...service,
    async *doGet(ticket) {
      tickets.push(asJson(ticket));
      yield { schema, appMetadata: text(plan) };
      for (const values of rows) yield { batch: batchOf(...values) };
    },
  };
  const { clients } = openDoors({ queriers: { querier }, acceptor: acceptor as unknown as Partial<FlightService> });
  return { client: createFlightSqlClient(clients[0]!), acceptor, tickets };
}

const as = (headers: Record<string, string> = {}): CallOptions => ({
  metadata: { 'x-scope-orgid': 'acme', ...headers },
});
const create = { action: 'create_table', table: 't', schema_ipc: schemaIpc, primary_key: ['n'], or_replace: false };

describe('a statement that writes', () => {
  it('makes and drops tables', async () => {
    const { client, acceptor, tickets } = open(create);
    expect(await client.update('CREATE TABLE t …', as())).toBe(0);
    expect(tickets).toEqual([{ kind: 'write', tenant: 'acme', sql: 'CREATE TABLE t …' }]);
    expect(acceptor.asked).toEqual([
      [
        'CreateTable',
        {
          name: 't',
          schema_ipc: schemaIpc,
          primary_key: ['n'],
          or_replace: false,
          idempotency_key: expect.any(String),
        },
      ],
    ]);
    await expect(client.update('CREATE TABLE t …', as())).rejects.toMatchObject({ code: Status.ALREADY_EXISTS });
    const dropping = open({ action: 'drop_table', table: 't' }, [], acceptor).client;
    expect(await dropping.update('DROP TABLE t', as())).toBe(0);
    await expect(dropping.update('DROP TABLE t', as())).rejects.toMatchObject({ code: Status.NOT_FOUND });
    expect(await open({ action: 'none' }).client.update('DROP TABLE IF EXISTS t', as())).toBe(0);
  });

  it('writes its rows in one step where they are few', async () => {
    const { client, acceptor } = open({ ...create, action: 'create_table_as' }, [[1, 2], [], [3]]);
    expect(await client.update('CREATE TABLE t AS …', as())).toBe(3);
    expect(acceptor.tables.get('t')).toEqual([1, 2, 3]);
    expect(acceptor.asked.filter(([type]) => type === 'batch')).toEqual([
      ['batch', { requested_durability: 'disk', idempotency_key: expect.stringMatching(/\/0$/) }],
    ]);
  });

  it('is as safe, and has the key, that its caller asks for', async () => {
    const { client, acceptor } = open({ action: 'insert', table: 't' }, [[1]]);
    acceptor.tables.set('t', []);
    const headers = { 'x-signaldb-durability': 'iceberg_committed', 'x-signaldb-idempotency-key': 'mine' };
    expect(await client.update('INSERT INTO t …', as(headers))).toBe(1);
    expect(acceptor.asked).toEqual([
      ['batch', { requested_durability: 'iceberg_committed', idempotency_key: 'mine/0' }],
    ]);
    await expect(client.update('INSERT …', as({ 'x-signaldb-durability': 'very' }))).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: expect.stringContaining('it is one of memory, disk'),
    });
  });

  it('takes effect once, also where the acceptor’s answer is lost', async () => {
    const { client, acceptor } = open({ ...create, action: 'create_table_as', or_replace: true }, [[1]]);
    acceptor.tables.set('t', [9]);
    acceptor.failures.push(new GrpcError(Status.UNAVAILABLE, 'lost'));
    expect(await client.update('CREATE OR REPLACE TABLE t AS …', as())).toBe(1);
    expect(acceptor.tables.get('t')).toEqual([1]);
    acceptor.failures.push(new GrpcError(Status.UNAVAILABLE, 'lost'));
    expect(await open({ action: 'drop_table', table: 't' }, [], acceptor).client.update('DROP TABLE t', as())).toBe(0);
  });
});

describe('a bulk ingest', () => {
  const ingest = (
    client: ReturnType<typeof open>['client'],
    mode: 'create' | 'append' | 'replace' | 'create_append',
    target: object = {},
  ) => client.ingest({ table: 't', mode, ...target }, schema, [batchOf(1, 2), batchOf(3)], as());

  it('has all the modes', async () => {
    const { client, acceptor } = open({});
    await expect(ingest(client, 'append')).rejects.toMatchObject({ code: Status.NOT_FOUND });
    expect(await ingest(client, 'create')).toBe(3);
    await expect(ingest(client, 'create')).rejects.toMatchObject({ code: Status.ALREADY_EXISTS });
    expect(await ingest(client, 'append', { table: 'T', catalog: 'signaldb', schema: 'acme' })).toBe(3);
    expect(acceptor.tables.get('t')).toEqual([1, 2, 3, 1, 2, 3]);
    expect(await ingest(client, 'replace')).toBe(3);
    expect(await ingest(client, 'create_append')).toBe(3);
    expect(await ingest(client, 'create_append', { table: 'u' })).toBe(3);
    expect([...acceptor.tables]).toEqual([
      ['t', [1, 2, 3, 1, 2, 3]],
      ['u', [1, 2, 3]],
    ]);
  });

  it.each<[string, object, number, RegExp]>([
    ['another catalog', { catalog: 'other' }, Status.NOT_FOUND, /there is no catalog "other"/],
    ['another schema', { schema: 'other' }, Status.PERMISSION_DENIED, /yours is "acme"/],
    ['a temporary table', { temporary: true }, Status.UNIMPLEMENTED, /no temporary tables/],
    ['the table of a signal', { table: 'Traces' }, Status.INVALID_ARGUMENT, /through OTLP/],
  ])('refuses %s', async (_, target, code, details) => {
    await expect(ingest(open({}).client, 'create', target)).rejects.toMatchObject({
      code,
      details: expect.stringMatching(details),
    });
  });
});
