import { describe, expect, it } from '@jest/globals';
import { openAccess } from '@signaldb/access';
import {
  type CallOptions,
  cancelFlightInfo,
  closeSession,
  type FlightMessage,
  getSessionOptions,
  renewFlightEndpoint,
  setSessionOptions,
  withAuthentication,
} from '@signaldb/flight';
import { createFlightSqlClient } from '@signaldb/flight-sql';
import { GrpcError, Metadata, Status } from '@signaldb/grpc';
import {
  all,
  asJson,
  base64Schema,
  batch,
  openDoors,
  schema,
  scriptedQuerier,
  testKey,
  text,
} from '../testing/test-door.ts';

const rows = (messages: readonly FlightMessage[]) =>
  messages.reduce((sum, message) => sum + (message.batch?.numRows ?? 0), 0);
const asTenant = (tenant: string) => ({ metadata: { 'x-scope-orgid': tenant } });
const traces = { name: 'traces', type: 'TABLE', schema: base64Schema, rows: 7, bytes: 99, primary_key: ['n'] };
const openOne = (options: Parameters<typeof openDoors>[0]) => openDoors(options).clients[0]!;

describe('flights by path and command', () => {
  it.each([
    ['a table', ['traces'], 'acme'],
    ['a tenant and a table', ['other', 'traces'], 'other'],
    ['all three', ['signaldb', 'other', 'traces'], 'other'],
  ])('takes %s', async (_, path, tenant) => {
    const { service, actions, tickets } = scriptedQuerier({ tables: () => [traces] });
    const door = openOne({ queriers: { querier: service } });
    const info = await door.getFlightInfo({ path }, path.length === 1 ? asTenant('acme') : {});
    expect([info.totalRecords, info.totalBytes, info.schema?.fields.map(({ name }) => name)]).toEqual([7, 99, ['n']]);
    expect(info.endpoints[0]!.expirationTime!.getTime()).toBeGreaterThan(Date.now());
    expect(rows(await all(door.doGet(info.endpoints[0]!.ticket)))).toBe(2);
    expect(actions).toEqual([
      ['tables', { tenant }],
      ['describe', { tenant, sql: 'SELECT * FROM "traces"' }],
    ]);
    expect(tickets).toEqual([{ kind: 'sql', tenant, sql: 'SELECT * FROM "traces"', query_id: expect.any(String) }]);
    expect((await door.getSchema({ path }, {})).fields).toHaveLength(1);
  });

  it('takes SQL in text', async () => {
    const { service, actions } = scriptedQuerier();
    const door = openOne({ queriers: { querier: service } });
    const info = await door.getFlightInfo({ command: Buffer.from('SELECT 1') });
    expect(rows(await all(door.doGet(info.endpoints[0]!.ticket)))).toBe(2);
    expect((await door.pollFlightInfo({ command: Buffer.from('SELECT 1') })).info?.endpoints).toHaveLength(1);
    expect(actions[0]).toEqual(['describe', { tenant: 'default', sql: 'SELECT 1' }]);
  });

  it.each([
    ['select * from traces', 7],
    [' SELECT * FROM "traces" ;\n', 7],
    ['SELECT * FROM traces LIMIT 1', -1],
    ['SELECT * FROM "tra""ces"', -1],
    ['SELECT name FROM traces', -1],
  ])('%j has %d rows, as far as is known', async (sql, expected) => {
    const door = openOne({ queriers: { querier: scriptedQuerier({ tables: () => [traces] }).service } });
    const info = await door.getFlightInfo({ command: Buffer.from(sql) });
    expect(info.totalRecords).toBe(expected);
    expect(info.schema).toBeDefined();
  });

  it.each([
    [['nowhere', 'acme', 'traces'], Status.NOT_FOUND, 'the only one is "signaldb"'],
    [['a', 'b', 'c', 'd'], Status.INVALID_ARGUMENT, '[tenant, table]'],
    [['no tenant', 'traces'], Status.INVALID_ARGUMENT, 'is no tenant'],
    [[], Status.INVALID_ARGUMENT, 'the name of a table'],
  ])('refuses the path %j', async (path, code, details) => {
    await expect(openOne({}).getFlightInfo({ path })).rejects.toMatchObject({
      code,
      details: expect.stringContaining(details),
    });
  });

  it('refuses a command that is no text', async () => {
    await expect(openOne({}).getFlightInfo({ command: Buffer.from("SELECT '\xff'", 'latin1') })).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: expect.stringContaining('UTF-8'),
    });
  });

  it.each([
    ['', ['metrics_gauge', 'metrics_sum', 'traces']],
    ['metrics', ['metrics_gauge', 'metrics_sum']],
    ['%_sum', ['metrics_sum']],
    ['*ra*', ['traces']],
    ['trace?', ['traces']],
    ['metrics-', []],
  ])('lists the tables of %j', async (criteria, names) => {
    const found = ['metrics_gauge', 'metrics_sum', 'traces'].map((name) => ({ ...traces, name }));
    const door = openOne({ queriers: { querier: scriptedQuerier({ tables: () => found }).service } });
    const flights = await all(door.listFlights(Buffer.from(criteria)));
    expect(flights.map(({ descriptor }) => descriptor?.path?.[0])).toEqual(names);
    for (const { schema: columns, totalRecords, totalBytes, endpoints } of flights) {
      expect([columns?.fields.length, totalRecords, totalBytes]).toEqual([1, 7, 99]);
      expect(rows(await all(door.doGet(endpoints[0]!.ticket)))).toBe(2);
    }
  });

  it('passes the querier’s refusal on', async () => {
    const door = openOne({
      queriers: {
        querier: scriptedQuerier({
          describe: () => {
            throw new GrpcError(Status.NOT_FOUND, 'no table "traes"; did you mean "traces"?');
          },
        }).service,
      },
    });
    await expect(door.getFlightInfo({ path: ['traes'] })).rejects.toMatchObject({
      code: Status.NOT_FOUND,
      details: expect.stringContaining('did you mean'),
    });
  });

  it.each(['a/b', 'a|b', '..'])('refuses the tenant %j', async (id) => {
    await expect(openOne({}).getFlightInfo({ path: ['traces'] }, asTenant(id))).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
    });
  });

  it('refuses an answer that would be short, unless the caller takes it', async () => {
    const door = openOne({
      queriers: {
        querier: {
          ...scriptedQuerier().service,
          async *doGet() {
            yield { schema, appMetadata: text({ status: 'PARTIAL', reasons: ['writer w1 is away'] }) };
            yield { batch };
          },
        },
      },
    });
    const { endpoints } = await door.getFlightInfo({ command: Buffer.from('SELECT 1') });
    const ticket = endpoints[0]!.ticket;
    await expect(all(door.doGet(ticket))).rejects.toMatchObject({
      code: Status.UNAVAILABLE,
      details: expect.stringContaining('writer w1 is away'),
    });
    expect(rows(await all(door.doGet(ticket, { metadata: { 'x-signaldb-allow-partial': 'true' } })))).toBe(2);
  });
});

describe('tickets', () => {
  const command = { command: Buffer.from('SELECT 1') };

  it('are good at another router, and for their own tenant alone', async () => {
    const [first, second] = openDoors({ routers: 2 }).clients;
    const { endpoints } = await first!.getFlightInfo(command, asTenant('acme'));
    const { ticket } = endpoints[0]!;
    expect(rows(await all(second!.doGet(ticket, asTenant('acme'))))).toBe(2);
    await expect(all(second!.doGet(ticket, asTenant('other')))).rejects.toMatchObject({
      code: Status.PERMISSION_DENIED,
    });
  });

  it('expire, until they are renewed', async () => {
    const door = openOne({ config: { ticketLifetimeMs: -1 } });
    const { endpoints } = await door.getFlightInfo(command);
    await expect(all(door.doGet(endpoints[0]!.ticket))).rejects.toMatchObject({ code: Status.NOT_FOUND });
    const [short, long] = [{ ticketLifetimeMs: 60_000 }, { ticketLifetimeMs: 3_600_000 }].map((config) =>
      openOne({ config }),
    );
    const [endpoint] = (await short!.getFlightInfo(command)).endpoints;
    const renewed = await renewFlightEndpoint(long!, endpoint!);
    expect(renewed.expirationTime!.getTime()).toBeGreaterThan(endpoint!.expirationTime!.getTime() + 3_000_000);
    expect(rows(await all(short!.doGet(renewed.ticket)))).toBe(2);
  });

  it.each([
    ['nonsense', Buffer.from('nonsense')],
    ['one that nobody signed', text({ kind: 'sql', tenant: 'default', sql: 'SELECT 1' })],
  ])('are refused where they are %s', async (_, ticket) => {
    await expect(all(openOne({}).doGet(ticket))).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
  });

  it('can’t be changed', async () => {
    const door = openOne({});
    const { endpoints } = await door.getFlightInfo(command);
    const changed = Buffer.from(endpoints[0]!.ticket);
    changed[changed.length - 3]! ^= 1;
    await expect(all(door.doGet(changed))).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
  });

  it('prepared statements go on at another router, not as another tenant', async () => {
    const { clients } = openDoors({ routers: 2 });
    const [first, second] = clients.map((client) => createFlightSqlClient(client));
    const prepared = await first!.prepare('SELECT 1', asTenant('acme'));
    expect((await all(await prepared.query(undefined, asTenant('acme')))).length).toBe(1);
    await expect(prepared.query(undefined, asTenant('other'))).rejects.toMatchObject({
      code: Status.PERMISSION_DENIED,
    });
    const { info } = await second!.query('SELECT 1', asTenant('acme'));
    expect(rows(await all(clients[0]!.doGet(info.endpoints[0]!.ticket, asTenant('acme'))))).toBe(2);
    await expect(all(clients[0]!.doGet(info.endpoints[0]!.ticket, asTenant('other')))).rejects.toMatchObject({
      code: Status.PERMISSION_DENIED,
    });
  });
});

describe('large results', () => {
  const plan = () => [
    {
      schema: base64Schema,
      shares: [1, 2].map((part) => ({ kind: 'sql', tenant: 'default', sql: 'SELECT 1', share: { part } })),
      total_records: 4,
      total_bytes: 64,
    },
  ];
  const locations = { a: 'grpc://a.example:8817', b: 'grpc+tls://b.example:8817' };
  const split = (config = {}) => {
    const [a, b] = [scriptedQuerier({ plan }), scriptedQuerier({ plan })];
    const doors = openDoors({ queriers: { a: a.service, b: b.service }, locations, config });
    return { ...doors, a, b };
  };
  const reuse = 'arrow-flight-reuse-connection://?';

  it.each([
    [
      'a command in text',
      (door: ReturnType<typeof split>) => door.clients[0]!.getFlightInfo({ command: Buffer.from('S') }),
    ],
    [
      'Flight SQL',
      async (door: ReturnType<typeof split>) =>
        (await createFlightSqlClient(door.clients[0]!, { connect: () => door.clients[0]! }).query('S')).info,
    ],
  ])('by %s are spread over the queriers', async (_, ask) => {
    const doors = split();
    const info = await ask(doors);
    expect([info.totalRecords, info.totalBytes, info.ordered]).toEqual([4, 64, false]);
    expect(info.endpoints.map((endpoint) => endpoint.locations)).toEqual([
      ['grpc+tcp://a.example:8817', reuse],
      ['grpc+tls://b.example:8817', reuse],
    ]);
    expect(doors.a.actions.at(-1)).toEqual(['plan', { tenant: 'default', sql: 'S', shares_max: 2 }]);
    const before = [...doors.a.tickets, ...doors.b.tickets].length;
    for (const { ticket } of info.endpoints) expect(rows(await all(doors.clients[0]!.doGet(ticket)))).toBe(2);
    const fetched = [...doors.a.tickets, ...doors.b.tickets].slice(before);
    expect(new Set(fetched.map(({ query_id }) => query_id)).size).toBe(1);
    expect(fetched.map(({ share }) => share)).toEqual([{ part: 1 }, { part: 2 }]);
  });

  it('is no question for a statement that can’t be planned', async () => {
    const refuse = () => {
      throw new GrpcError(Status.INVALID_ARGUMENT, 'only SELECT');
    };
    const script = { plan: refuse, describe: () => [{ statement_type: 'INSERT', schema: null, parameters: null }] };
    const queriers = { a: scriptedQuerier(script).service, b: scriptedQuerier(script).service };
    const sql = createFlightSqlClient(openOne({ queriers }));
    expect((await sql.prepare('INSERT INTO t VALUES (1)')).schema).toBeUndefined();
    await expect(openOne({ queriers }).getFlightInfo({ command: Buffer.from('INSERT') })).rejects.toMatchObject({
      details: expect.stringContaining('Flight SQL’s commands'),
    });
  });

  it('come through the router where it is set so', async () => {
    const { clients } = split({ directEndpoints: false });
    const info = await clients[0]!.getFlightInfo({ command: Buffer.from('S') });
    expect(info.endpoints.map((endpoint) => endpoint.locations)).toEqual([[], []]);
  });

  it('come from another querier where one has gone since', async () => {
    const { clients, gone, b } = split();
    const info = await clients[0]!.getFlightInfo({ command: Buffer.from('S') });
    gone.add('a');
    for (const { ticket } of info.endpoints) expect(rows(await all(clients[0]!.doGet(ticket)))).toBe(2);
    expect(b.tickets).toHaveLength(2);
  });

  it('are cancelled at every querier, from any router', async () => {
    const cancelled: unknown[] = [];
    const script = {
      plan,
      cancel: (body: unknown) => {
        cancelled.push(body);
        return [{ cancelled: 0 }];
      },
    };
    const queriers = { a: scriptedQuerier(script).service, b: scriptedQuerier(script).service };
    const [first, second] = openDoors({ queriers, locations, routers: 2 }).clients;
    const info = await first!.getFlightInfo({ command: Buffer.from('S') });
    expect(await cancelFlightInfo(second!, info)).toBe('CANCELLED');
    const { info: own } = await createFlightSqlClient(second!, { connect: () => second! }).query('S');
    expect(await cancelFlightInfo(first!, own)).toBe('CANCELLED');
    expect(cancelled).toHaveLength(4);
    expect(cancelled[0]).toEqual({ tenant: 'default', query_id: expect.any(String) });
    await expect(cancelFlightInfo(second!, info, asTenant('other'))).rejects.toMatchObject({
      code: Status.PERMISSION_DENIED,
    });
  });
});

describe('a querier that doesn’t take a query', () => {
  const refusing = (error: GrpcError) => ({
    async *doAction() {
      yield* [];
      throw error;
    },
    async *doGet() {
      yield* [];
      throw error;
    },
  });
  const command = { command: Buffer.from('SELECT 1') };

  it.each([
    ['has no room', new GrpcError(Status.RESOURCE_EXHAUSTED, 'full', new Metadata({ 'x-signaldb-busy': 'true' }))],
    ['can’t be reached', new GrpcError(Status.UNAVAILABLE, 'No connection established. ECONNREFUSED')],
  ])('as it %s is replaced by another one', async (_, error) => {
    const queriers = { a: refusing(error), b: scriptedQuerier().service };
    const door = openOne({ queriers });
    const { endpoints } = await door.getFlightInfo(command);
    expect(rows(await all(door.doGet(endpoints[0]!.ticket)))).toBe(2);
  });

  it.each([
    ['memory', new GrpcError(Status.RESOURCE_EXHAUSTED, 'the query took too much'), 'the query took too much'],
    ['a mistake', new GrpcError(Status.INVALID_ARGUMENT, 'line 1'), 'line 1'],
  ])('is not replaced for %s', async (_, error, details) => {
    const other = scriptedQuerier();
    const door = openOne({ queriers: { a: refusing(error), b: other.service } });
    await expect(door.getFlightInfo(command)).rejects.toMatchObject({ code: error.code, details });
    expect(other.actions).toEqual([]);
  });

  it('is told in words for people where there is no other', async () => {
    const error = new GrpcError(Status.UNAVAILABLE, 'No connection established. Last error: connect ECONNREFUSED');
    const options = { queriers: { a: refusing(error) }, locations: { a: 'grpc://q:8817' } };
    await expect(openOne(options).getFlightInfo(command)).rejects.toMatchObject({
      code: Status.UNAVAILABLE,
      details: 'no querier answers (the last one tried is at grpc://q:8817: connection refused); try again in a moment',
    });
    await expect(openOne({ queriers: {} }).getFlightInfo(command)).rejects.toMatchObject({
      details: expect.stringContaining('no querier is registered yet'),
    });
  });
});

describe('sessions', () => {
  const cookieFrom = async (call: (options: CallOptions) => Promise<unknown>, cookie?: string) => {
    let found = cookie;
    await call({
      ...(cookie && { metadata: { cookie } }),
      onHeaders: (headers) => {
        found = headers.get('set-cookie') ?? found;
      },
    });
    return found;
  };

  it('keep the schema in a cookie that every router takes', async () => {
    const [first, second] = openDoors({ routers: 2 }).clients;
    const none = await cookieFrom((options) => getSessionOptions(first!, options));
    const acme = await cookieFrom(
      (options) => setSessionOptions(first!, { catalog: 'signaldb', schema: 'acme' }, options),
      none,
    );
    const options = { metadata: { cookie: `other=1; ${acme}` } };
    expect(await getSessionOptions(second!, options)).toEqual({ catalog: 'signaldb', schema: 'acme' });
    const info = await second!.getFlightInfo({ command: Buffer.from('SELECT 1') }, options);
    await expect(all(second!.doGet(info.endpoints[0]!.ticket, asTenant('other')))).rejects.toMatchObject({
      code: Status.PERMISSION_DENIED,
    });
    const ended = await cookieFrom((call) => closeSession(second!, call), acme);
    expect(ended).toContain('Max-Age=0');
  });

  it('without cookies the schema can’t be set, and the client is told', async () => {
    const door = openOne({});
    await expect(setSessionOptions(door, { schema: 'acme' })).rejects.toMatchObject({
      code: Status.FAILED_PRECONDITION,
      details: expect.stringContaining('X-Scope-OrgID'),
    });
    expect(await setSessionOptions(door, { schema: 'default', catalog: 'signaldb' })).toEqual({});
    expect(await setSessionOptions(door, { schema: 'a/b', catalog: 'other', speed: 9 })).toEqual({
      schema: 'INVALID_VALUE',
      catalog: 'INVALID_VALUE',
      speed: 'INVALID_NAME',
    });
  });

  it('choose one of the tenants of an account that has several', async () => {
    const account = { name: 'two', tenants: ['acme', 'b'], write: true };
    const access = openAccess(testKey());
    const door = openOne({
      access: { ...access, flight: (service) => withAuthentication(service, { anonymous: () => account }) },
    });
    await expect(door.getFlightInfo({ path: ['t'] })).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: expect.stringContaining('acme, b'),
    });
    const none = await cookieFrom((options) => getSessionOptions(door, options));
    const set = (options: CallOptions) => setSessionOptions(door, { schema: 'b' }, options);
    const cookie = await cookieFrom(set, none);
    expect(await getSessionOptions(door, { metadata: { cookie: cookie! } })).toMatchObject({ schema: 'b' });
    expect(await setSessionOptions(door, { schema: 'c' }, { metadata: { cookie: cookie! } })).toEqual({
      schema: 'INVALID_VALUE',
    });
  });

  it('a cookie that isn’t ours means nothing', async () => {
    const options = { metadata: { cookie: 'arrow_flight_session_id=eyJzY2hlbWEiOiJhY21lIn0' } };
    expect(await getSessionOptions(openOne({}), options)).toEqual({ catalog: 'signaldb', schema: 'default' });
  });
});

describe('metadata', () => {
  it('tells primary keys', async () => {
    const door = openOne({ queriers: { querier: scriptedQuerier({ tables: () => [traces] }).service } });
    const keys = await all(await createFlightSqlClient(door).getPrimaryKeys({ table: 'traces' }));
    expect(keys.flatMap((found) => found.toArray().map((row) => row.toJSON()))).toEqual([
      {
        catalog_name: 'signaldb',
        db_schema_name: 'default',
        table_name: 'traces',
        column_name: 'n',
        key_sequence: 1,
        key_name: 'traces_pkey',
      },
    ]);
  });
});

describe('writing', () => {
  it('hands streams through to an acceptor with the tenant, and its answers back', async () => {
    const seen: unknown[] = [];
    const door = openOne({
      acceptor: {
        async *doExchange(messages, context) {
          seen.push(context.metadata.get('x-scope-orgid'));
          for await (const message of messages)
            if (message.batch) yield { appMetadata: text({ lsn: message.batch.numRows }) };
        },
        async *doAction(action) {
          yield Buffer.from(action.type);
        },
      },
    });
    const sent = (async function* () {
      yield { descriptor: { path: ['mine'] } };
      yield { schema };
      yield { batch };
    })();
    const answers = await all(door.doExchange(sent, asTenant('acme')));
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
