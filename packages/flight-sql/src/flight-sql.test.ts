import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  connectFlight,
  createInprocNetwork,
  decodeSchemaBytes,
  type FlightClient,
  type FlightService,
  recordBatchOf,
} from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import {
  CloseSessionResult,
  SetSessionOptionsRequest,
  SetSessionOptionsResult,
} from '@signaldb/proto/arrow/flight/protocol/flight';
import { Field, type RecordBatch, Schema, Utf8, vectorFromArray } from 'apache-arrow';
import { packAny } from './any.ts';
import { createFlightSqlClient, type FlightSqlClient } from './client.ts';
import { decodeAs, encodeCommand } from './command.ts';
import { createFlightSqlService, type FlightSqlOptions } from './service.ts';
import { toyHandlers } from './testing/toy-handlers.ts';
import { createHmacSeal } from './ticket-seal.ts';

let flight: FlightClient;
let sql: FlightSqlClient;
let log: string[];

function open(options: FlightSqlOptions = {}, toys: Parameters<typeof toyHandlers>[0] = {}): void {
  const { handlers, log: statements } = toyHandlers(toys);
  const inproc = createInprocNetwork();
  inproc.serve('sql', createFlightSqlService(handlers, options));
  flight = connectFlight('inproc://sql', { inproc });
  sql = createFlightSqlClient(flight);
  log = statements;
}

beforeEach(() => open());
afterEach(() => flight.close());

async function rows(stream: AsyncIterable<RecordBatch> | Promise<AsyncIterable<RecordBatch>>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const batch of await stream) for (const row of batch) found.push(Object.values(row!.toJSON()));
  return found;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const texts = (...values: (string | null)[]) =>
  recordBatchOf(
    new Schema([new Field('1', new Utf8(), true)]),
    [vectorFromArray(values, new Utf8()).data[0]!],
    values.length,
  );
const action = (type: string, body: Uint8Array = new Uint8Array(0)) => all(flight.doAction({ type, body }));

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

describe('prepared statements', () => {
  it('tell their schemas', async () => {
    const { schema, parameters } = await sql.prepare('ECHO ?');
    expect([schema, parameters].map((item) => item?.fields.map(String))).toEqual([['value: Utf8'], ['1: Utf8']]);
    const plain = await sql.prepare('COUNT 3');
    expect([plain.schema?.fields.length, plain.parameters]).toEqual([1, undefined]);
    expect((await sql.prepare('TOUCH 3')).schema).toBeUndefined();
  });

  it('run once for each row of parameters, one after another', async () => {
    const statement = await sql.prepare('ECHO ?');
    expect(await rows(statement.query(texts('a')))).toEqual([['a']]);
    expect(await rows(statement.query(texts('x', null, 'z')))).toEqual([['x'], [null], ['z']]);
    expect(await rows(statement.query(texts()))).toEqual([]);
    const announced = await statement.query(texts());
    expect(announced.schema.fields.map(String)).toEqual(['value: Utf8']);
    await expect(rows(statement.query())).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
    await statement.close();
  });

  it('go on at another server', async () => {
    const body = encodeCommand('ActionCreatePreparedStatementRequest', { query: 'COUNT 2', transactionId: undefined });
    const [result] = await action('CreatePreparedStatement', body);
    const { preparedStatementHandle } = decodeAs('ActionCreatePreparedStatementResult', result!);
    await flight.close();
    open();
    const command = encodeCommand('CommandPreparedStatementQuery', { preparedStatementHandle });
    const { endpoints } = await flight.getFlightInfo({ command });
    await all(flight.doGet(endpoints[0]!.ticket));
    expect(log).toEqual(['COUNT 2']);
  });

  it('of a mistake fail at once', async () => {
    await expect(sql.prepare('nonsense')).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
  });

  it('bound to too many rows are refused', async () => {
    open({ parameterRowsMax: 2 });
    const statement = await sql.prepare('ECHO ?');
    await expect(statement.query(texts('a', 'b', 'c'))).rejects.toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
  });
});

describe('updates', () => {
  it('are refused where nothing can be written, a mistake first', async () => {
    await expect(sql.update('TOUCH 3')).rejects.toMatchObject({ details: 'only queries can be run here' });
    await expect(sql.update('nonsense')).rejects.toMatchObject({ details: expect.stringContaining('means nothing') });
  });

  it('run once, and once for each row of parameters', async () => {
    open({}, { writable: true });
    expect(await sql.update('TOUCH 3')).toBe(3);
    const statement = await sql.prepare('SET ?');
    expect(await statement.update(texts('a', 'b'))).toBe(2);
    expect(log).toEqual(['TOUCH 3', 'SET ? [a]', 'SET ? [b]']);
  });

  it('take effect in GetFlightInfo: some drivers never fetch', async () => {
    open({}, { writable: true });
    const info = await flight.getFlightInfo({
      command: encodeCommand('CommandStatementQuery', { query: 'TOUCH 5', transactionId: undefined }),
    });
    expect([info.endpoints, info.totalRecords]).toEqual([[], 5]);
    expect(log).toEqual(['TOUCH 5']);
  });

  it('by bulk ingest count their rows, also none', async () => {
    open({}, { writable: true });
    const command = encodeCommand('CommandStatementIngest', {
      table: 't',
      temporary: false,
      options: {},
      tableDefinitionOptions: { ifNotExist: 1, ifExists: 2 },
      schema: undefined,
      catalog: undefined,
      transactionId: undefined,
    });
    async function* messages() {
      yield { descriptor: { command }, batch: texts('a', 'b') };
      yield { batch: texts('c') };
    }
    expect((await all(flight.doPut(messages()))).length).toBe(1);
    expect(log).toEqual(['INGEST t 3']);
    async function* nothing() {}
    expect((await all(flight.doPut(nothing()))).map((result) => result.length)).toEqual([0]);
  });
});

describe('metadata', () => {
  it('of catalogs, schemas and tables is filtered and sorted', async () => {
    expect(await rows(sql.getCatalogs())).toEqual([['attic'], ['toys']]);
    expect(await rows(sql.getDbSchemas())).toEqual([
      ['attic', 'main'],
      ['toys', 'box_1'],
      ['toys', 'main'],
    ]);
    expect(await rows(sql.getDbSchemas({ catalog: 'toys', schemaPattern: 'box\\_%' }))).toEqual([['toys', 'box_1']]);
    expect(await rows(sql.getTables())).toEqual([
      ['toys', 'box_1', 'people', 'TABLE'],
      ['toys', 'main', 'numbers', 'VIEW'],
      ['toys', 'main', 'people', 'TABLE'],
    ]);
    expect(await rows(sql.getTables({ tablePattern: 'p%', schemaPattern: 'm___' }))).toEqual([
      ['toys', 'main', 'people', 'TABLE'],
    ]);
    expect(await rows(sql.getTables({ types: ['VIEW'] }))).toEqual([['toys', 'main', 'numbers', 'VIEW']]);
    expect(await rows(sql.getTables({ catalog: '' }))).toEqual([]);
    expect(await rows(sql.getTableTypes())).toEqual([['TABLE'], ['VIEW']]);
  });

  it('of columns is the table’s schema', async () => {
    const [row] = await rows(sql.getTables({ tablePattern: 'numbers', includeSchema: true }));
    expect(decodeSchemaBytes((row as Uint8Array[])[4]!).fields.map(String)).toEqual(['n: Int64']);
  });

  it('of keys is there, or empty with its schema', async () => {
    expect(await rows(sql.getPrimaryKeys({ table: 'people' }))).toEqual([['toys', 'main', 'people', 'id', 1, 'pk']]);
    expect(await rows(sql.getPrimaryKeys({ table: 'people', schema: 'other' }))).toEqual([]);
    for (const name of ['CommandGetExportedKeys', 'CommandGetImportedKeys'] as const) {
      const command = encodeCommand(name, { table: 'people', catalog: undefined, dbSchema: undefined });
      const { schema, endpoints } = await flight.getFlightInfo({ command });
      expect(schema!.fields.length).toBe(13);
      const [announced, batch] = await all(flight.doGet(endpoints[0]!.ticket));
      expect([String(announced!.schema), batch!.batch!.numRows]).toEqual([String(schema), 0]);
    }
  });

  const nullability: [string, Uint8Array, string[]][] = [
    ['GetCatalogs', encodeCommand('CommandGetCatalogs', {}), ['catalog_name!']],
    [
      'GetDbSchemas',
      encodeCommand('CommandGetDbSchemas', { catalog: undefined, dbSchemaFilterPattern: undefined }),
      ['catalog_name', 'db_schema_name!'],
    ],
    [
      'GetTables',
      encodeCommand('CommandGetTables', {
        catalog: undefined,
        dbSchemaFilterPattern: undefined,
        tableNameFilterPattern: undefined,
        tableTypes: [],
        includeSchema: true,
      }),
      ['catalog_name', 'db_schema_name', 'table_name!', 'table_type!', 'table_schema!'],
    ],
  ];
  it.each(nullability)('of %s has exactly the nullability that drivers compare', async (_, command, fields) => {
    const shape = (schema: Schema) => schema.fields.map(({ name, nullable }) => (nullable ? name : `${name}!`));
    const { schema, endpoints } = await flight.getFlightInfo({ command });
    expect(shape(schema!)).toEqual(fields);
    const [first] = await all(flight.doGet(endpoints[0]!.ticket));
    expect(shape(first!.schema!)).toEqual(fields);
  });

  it('GetXdbcTypeInfo lists types by number, or one of them', async () => {
    const typesOf = async (dataType?: number) => {
      const command = encodeCommand('CommandGetXdbcTypeInfo', { dataType });
      const { endpoints } = await flight.getFlightInfo({ command });
      const [, { batch } = {}] = await all(flight.doGet(endpoints[0]!.ticket));
      return [...batch!.getChildAt(0)!];
    };
    expect(await typesOf(12)).toEqual(['VARCHAR']);
    expect(await typesOf(999)).toEqual([]);
    expect((await typesOf()).slice(0, 3)).toEqual(['BOOLEAN', 'TINYINT', 'BIGINT']);
  });

  it('GetSqlInfo answers every id that JDBC asks for, in the type that it expects', async () => {
    const info = new Map<number, unknown>((await rows(sql.getSqlInfo())) as [number, unknown][]);
    const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
    const types: [string, number[]][] = [
      [
        'number',
        [8, 100, 101, 503, 505, 507, 522, 525, 526, 528, ...range(533, 535), 538, 540, 564, ...range(567, 571)],
      ],
      ['bigint', [...range(541, 555), ...range(557, 562)]],
      ['string', [0, 1, 2, 504, 513, 514, 529, 530, 531]],
      ['object', [517, ...range(508, 512)]],
    ];
    for (const [type, ids] of types) for (const id of ids) expect(`${id} ${typeof info.get(id)}`).toBe(`${id} ${type}`);
    for (const id of [...range(3, 5), ...range(9, 11), ...range(500, 576)]) {
      if (!types.some(([, ids]) => ids.includes(id))) expect(`${id} ${typeof info.get(id)}`).toBe(`${id} boolean`);
    }
    expect(await rows(sql.getSqlInfo([8, 3, 99_999]))).toEqual([
      [8, 0],
      [3, true],
    ]);
  });
});

describe('sessions', () => {
  it('answer their options and refuse to change them', async () => {
    const options = { catalog: 'toys', schema: 'other', nonsense: 'x' };
    const sessionOptions = Object.fromEntries(
      Object.entries(options).map(([name, value]) => [name, { optionValue: { $case: 'stringValue', value } }]),
    );
    const [result] = await action(
      'SetSessionOptions',
      SetSessionOptionsRequest.encode(SetSessionOptionsRequest.fromPartial({ sessionOptions } as never)).finish(),
    );
    expect(SetSessionOptionsResult.decode(result!).errors).toEqual({ schema: { value: 2 }, nonsense: { value: 1 } });
    expect((await action('GetSessionOptions')).length).toBe(1);
    const [closed] = await action('CloseSession');
    expect(CloseSessionResult.decode(closed!).status).toBe(1);
    await expect(action('SetSessionOptions', new Uint8Array([255]))).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
    });
  });

  it('other actions are announced truthfully', async () => {
    const types = (await all(flight.listActions())).map(({ type }) => type);
    expect(types).toContain('CreatePreparedStatement');
    expect(types).not.toContain('BeginTransaction');
    await expect(action('BeginTransaction')).rejects.toMatchObject({ code: Status.UNIMPLEMENTED });
    await expect(action('Nonsense')).rejects.toMatchObject({ code: Status.UNIMPLEMENTED });
    await expect(action('CancelFlightInfo')).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
  });
});

describe('hostile peers', () => {
  const bad: [string, () => Promise<unknown>, number][] = [
    ['a ticket of garbage', () => all(flight.doGet(new Uint8Array([1, 2, 3]))), Status.INVALID_ARGUMENT],
    [
      'a ticket of another command',
      () => all(flight.doGet(encodeCommand('CommandStatementQuery', { query: 'COUNT 1', transactionId: undefined }))),
      Status.INVALID_ARGUMENT,
    ],
    [
      'an unknown command',
      () => flight.getFlightInfo({ command: packAny({ name: 'CommandNonsense', value: new Uint8Array(0) }) }),
      Status.UNIMPLEMENTED,
    ],
    [
      'a command that is none',
      () => flight.getFlightInfo({ command: packAny({ name: 'toString', value: new Uint8Array(0) }) }),
      Status.UNIMPLEMENTED,
    ],
    [
      'a broken command',
      () => flight.getFlightInfo({ command: packAny({ name: 'CommandGetTables', value: new Uint8Array([255, 255]) }) }),
      Status.INVALID_ARGUMENT,
    ],
    ['a path', () => flight.getFlightInfo({ path: ['a', 'b'] }), Status.INVALID_ARGUMENT],
    [
      'a handle of garbage',
      () =>
        flight.getFlightInfo({
          command: encodeCommand('CommandPreparedStatementQuery', { preparedStatementHandle: Buffer.from([255, 1]) }),
        }),
      Status.INVALID_ARGUMENT,
    ],
    [
      'an empty handle',
      () =>
        flight.getFlightInfo({
          command: encodeCommand('CommandPreparedStatementQuery', { preparedStatementHandle: Buffer.alloc(0) }),
        }),
      Status.INVALID_ARGUMENT,
    ],
    [
      'an action of another message',
      () => action('CreatePreparedStatement', encodeCommand('CommandGetCatalogs', {})),
      Status.INVALID_ARGUMENT,
    ],
    [
      'an update without SQL',
      () =>
        flight.getFlightInfo({
          command: encodeCommand('CommandStatementUpdate', { query: '', transactionId: undefined }),
        }),
      Status.INVALID_ARGUMENT,
    ],
  ];
  it.each(bad)('%s is refused', async (_, call, code) => {
    await expect(call()).rejects.toBeInstanceOf(GrpcError);
    await expect(call()).rejects.toMatchObject({ code });
  });

  it('signed tickets and handles are good here alone, for a while', async () => {
    let now = 1_000_000;
    const seal = createHmacSeal({ key: Buffer.from('key'), lifetimeMs: 1000, nowMs: () => now });
    open({ seal });
    const statement = await sql.prepare('COUNT 1');
    const info = await flight.getFlightInfo({
      command: encodeCommand('CommandStatementQuery', { query: 'COUNT 1', transactionId: undefined }),
    });
    const { ticket, expirationTime } = info.endpoints[0]!;
    expect(expirationTime).toEqual(new Date(now + 1000));
    expect(await rows(statement.query())).toEqual([[0n]]);
    for (let i = 0; i < ticket.length; i++) {
      const changed = ticket.slice();
      changed[i]! ^= 1;
      await expect(all(flight.doGet(changed))).rejects.toBeInstanceOf(GrpcError);
    }
    const [other] = [createHmacSeal({ key: Buffer.from('other'), lifetimeMs: 1000, nowMs: () => now })];
    expect(() => other!.open(seal.seal(new Uint8Array(3)))).toThrow('was not made by this service');
    now += 1001;
    await expect(all(flight.doGet(ticket))).rejects.toMatchObject({ code: Status.NOT_FOUND });
    await expect(statement.query()).rejects.toMatchObject({ code: Status.NOT_FOUND });
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
