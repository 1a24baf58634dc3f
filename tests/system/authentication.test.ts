import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cancelFlightInfo, connectFlight, type FlightClient, type FlightInfo } from '@signaldb/flight';
import { createFlightSqlClient } from '@signaldb/flight-sql';
import { Status } from '@signaldb/grpc';
import { createRestCatalogClient } from '@signaldb/iceberg';
import { createSystemClient } from './client.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { shopTrace } from './shop-trace.ts';
import { until } from './until.ts';

const secrets = {
  collector: 'collector-token-of-this-test',
  reader: 'reader-token-of-this-test',
  other: 'other-token-of-this-test',
  ada: 'a password of this test',
};
const auth = {
  users: [{ name: 'ada', password: secrets.ada, tenants: ['acme'], write: true }],
  tokens: [
    { name: 'collector', token: secrets.collector, tenants: ['acme'], write: true },
    { name: 'reader', token: secrets.reader, tenants: ['acme'] },
    { name: 'other', token: secrets.other, tenants: ['other'], write: true },
  ],
};
const bearer = (token: string) => `Bearer ${token}`;
const asToken = (token: string) => ({ metadata: { authorization: bearer(token) } });

describe.each(['one', 'five'] as const)('SignalDB with authentication, as %s', (processes) => {
  const lines: string[] = [];
  let dir: string;
  let cluster: Cluster;
  const clients: FlightClient[] = [];
  const connect = (port: number) => {
    const client = connectFlight(`grpc://127.0.0.1:${port}`);
    clients.push(client);
    return client;
  };
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'signaldb-system-'));
    const many = processes === 'five' ? { queriers: 2, routers: 2 } : {};
    // Small shares, so that a small table is split.
    const flags = { querier: ['--querier-split-rows-min', '1000', '--querier-split-bytes-min', '1000'] };
    const onLine = (_: unknown, line: string) => lines.push(line);
    cluster = await startCluster({
      dir,
      processes,
      ports: 'free',
      auth,
      onLine,
      ...(processes === 'five' && { flags }),
      ...many,
    });
    await cluster.ready();
  }, 60_000);
  afterAll(async () => {
    for (const client of clients) await client.close();
    await cluster?.stop();
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  const user = (token?: string) =>
    createSystemClient({ ports: cluster.ports, ...(token && { authorization: bearer(token) }) });

  it('takes and shows a tenant’s traces, by token', async () => {
    const [collector, reader, other] = [user(secrets.collector), user(secrets.reader), user(secrets.other)];
    const trace = shopTrace();
    await collector.sendTracesGrpc(trace.request);
    const count = `SELECT count(*) AS spans FROM traces WHERE trace_id = '${trace.traceId}'`;
    expect(await reader.sql(count)).toEqual([{ spans: BigInt(trace.spans) }]);
    expect((await reader.tempo(`/api/traces/${trace.traceId}`)).status).toBe(200);
    expect((await other.tempo(`/api/traces/${trace.traceId}`)).status).toBe(404);
    for (const client of [collector, reader, other]) await client.close();
  });

  it('refuses strangers, and writes of who may only read', async () => {
    const [nobody, wrong, reader] = [user(), user(`${secrets.collector}!`), user(secrets.reader)];
    for (const client of [nobody, wrong]) {
      await expect(client.sql('SELECT 1')).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
      await expect(client.sendTracesGrpc(shopTrace().request)).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
      expect((await client.tempo('/api/search')).status).toBe(401);
    }
    await expect(reader.sendTracesGrpc(shopTrace().request)).rejects.toMatchObject({ code: Status.PERMISSION_DENIED });
    const sql = createFlightSqlClient(connect(cluster.ports.routerFlight));
    await expect(sql.update('CREATE TABLE mine (n INTEGER)', asToken(secrets.reader))).rejects.toMatchObject({
      code: Status.PERMISSION_DENIED,
    });
    for (const client of [nobody, wrong, reader]) await client.close();
  });

  it('keeps strangers from the services’ own ports', async () => {
    const { acceptorFlight, writerFlight, querierFlight, flowctlHttp } = cluster.ports;
    const body = Buffer.from('{"tenant":"acme"}');
    for (const [port, type] of [
      [acceptorFlight, 'barrier'],
      [writerFlight, 'hot_files'],
      [querierFlight, 'tables'],
    ] as const) {
      const client = connect(port);
      for (const options of [{}, asToken(secrets.collector)]) {
        const asked = client.doAction({ type, body }, options)[Symbol.asyncIterator]().next();
        await expect(asked).rejects.toMatchObject({
          details: expect.stringMatching(/send the header|for the services of the cluster|not made by this service/),
        });
      }
    }
    const catalog = (token: string) =>
      createRestCatalogClient({ uri: `http://127.0.0.1:${flowctlHttp}`, headers: { authorization: bearer(token) } });
    await expect(catalog('nobody').listNamespaces()).rejects.toMatchObject({ code: 'NotAuthorizedException' });
    expect(
      await until(
        () => catalog(secrets.collector).listNamespaces(),
        (found) => found.length > 0,
      ),
    ).toEqual(['acme']);
  });

  it('a bearer token for a password is good at every router', async () => {
    const routers = [...cluster.processes.keys()].filter((name) => /^(signaldb|router)/.test(name));
    const [first, last] = [routers[0]!, routers.at(-1)!].map((name) => connect(cluster.portsOf(name).routerFlight));
    let authorization = '';
    const basic = `Basic ${Buffer.from(`ada:${secrets.ada}`).toString('base64')}`;
    const steps = first!.handshake((async function* () {})(), {
      metadata: { authorization: basic },
      onHeaders: (headers) => {
        authorization = headers.get('authorization') ?? '';
      },
    });
    for await (const _ of steps);
    expect(authorization).toMatch(/^Bearer /);
    expect(await last!.getSchema({ command: Buffer.from('SELECT 1') }, { metadata: { authorization } })).toBeDefined();
  });

  const rowsOf = async (client: FlightClient, ticket: Uint8Array, options: object) => {
    let rows = 0;
    for await (const { batch } of client.doGet(ticket, options)) rows += batch?.numRows ?? 0;
    return rows;
  };

  if (processes === 'five') {
    it('a large result comes from several queriers, from any router, and after one has died', async () => {
      const options = asToken(secrets.collector);
      const [one, two] = ['router', 'router-2'].map((name) => connect(cluster.portsOf(name as 'router').routerFlight));
      const sql = createFlightSqlClient(one!);
      await sql.update('CREATE TABLE big (n BIGINT)', options);
      for (let part = 0; part < 4; part++) {
        await sql.update('INSERT INTO big SELECT range FROM range(75000)', options);
        // A query has the writer cut a file of what came before it.
        for await (const _ of await sql.query('SELECT count(*) FROM big', options));
      }
      const planned = () => one!.getFlightInfo({ path: ['big'] }, options);
      const info: FlightInfo = await until(planned, ({ endpoints }) => endpoints.length === 2);
      expect(info.totalRecords).toBe(300_000);
      const sum = async (rows: Promise<number>[]) =>
        (await Promise.all(rows)).reduce((total, count) => total + count, 0);
      // At the queriers themselves the ticket is all that is needed.
      const direct = info.endpoints.map(({ ticket, locations }) => {
        const client = connectFlight(locations[0]!);
        clients.push(client);
        return rowsOf(client, ticket, {});
      });
      expect(await sum(direct)).toBe(300_000);
      await cluster.process('querier-2').kill('SIGKILL');
      const proxied = () => sum(info.endpoints.map(({ ticket }) => rowsOf(two!, ticket, options)));
      expect(
        await until(
          () => proxied().catch(() => 0),
          (rows) => rows > 0,
        ),
      ).toBe(300_000);
      await expect(rowsOf(two!, info.endpoints[0]!.ticket, asToken(secrets.other))).rejects.toMatchObject({
        code: Status.PERMISSION_DENIED,
      });
      expect(await cancelFlightInfo(two!, info, options)).toMatch(/^CANCELL/);
      await expect(rowsOf(one!, info.endpoints[0]!.ticket, options)).rejects.toMatchObject({ code: Status.CANCELLED });
    }, 60_000);
  }

  it('writes no secret into a log', () => {
    expect(lines.length).toBeGreaterThan(10);
    for (const secret of Object.values(secrets)) expect(lines.filter((line) => line.includes(secret))).toEqual([]);
  });
});
