import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectFlight, type FlightClient } from '@signaldb/flight';
import { createFlightSqlClient } from '@signaldb/flight-sql';
import { Status } from '@signaldb/grpc';
import { type Cluster, type ServiceName, startCluster } from './cluster.ts';
import { freeClusterPorts } from './ports.ts';
import { until } from './until.ts';

// One certificate for all, which is its own authority.
const file = (name: string) => join(import.meta.dirname, '../../packages/grpc/src/testdata', name);
const [cert, key] = [readFileSync(file('localhost.crt')), readFileSync(file('localhost.key'))];
const services: readonly ServiceName[] = ['flowctl', 'writer', 'acceptor', 'querier', 'router'];
const auth = { certificates: [{ name: 'localhost', tenants: ['acme'], write: true }] };

type Certificate = Readonly<Record<'ca' | 'cert' | 'key', Buffer>>;

async function askHttp1(url: string, headers: Record<string, string>, own: Certificate): Promise<number | undefined> {
  const sent = request(url, { ...own, headers });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

async function askHttp2(
  origin: string,
  path: string,
  headers: Record<string, string>,
  own: Certificate,
): Promise<number | undefined> {
  const session = http2.connect(origin, own);
  try {
    const stream = session.request({ ':path': path, ...headers });
    const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    return answer[':status'] === undefined ? undefined : Number(answer[':status']);
  } finally {
    session.destroy();
  }
}

describe('five services with TLS among themselves, whose clients show certificates', () => {
  let dir: string;
  let cluster: Cluster;
  const clients: FlightClient[] = [];
  const connect = (tls: object) => {
    const client = connectFlight(`grpc+tls://127.0.0.1:${cluster.ports.routerFlight}`, { tls });
    clients.push(client);
    return createFlightSqlClient(client);
  };
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'signaldb-system-'));
    const ports = await freeClusterPorts();
    const tls = [
      ['--tls-cert-file', file('localhost.crt')],
      ['--tls-key-file', file('localhost.key')],
      ['--tls-client-ca-file', file('localhost.crt')],
      ['--tls-ca-file', file('localhost.crt')],
    ].flat();
    const controlPlane = [
      ['--control-plane-address', `grpc+tls://127.0.0.1:${ports.flowctlGrpc}`],
      ['--control-plane-catalog-uri', `https://127.0.0.1:${ports.flowctlHttp}`],
    ].flat();
    const flags = Object.fromEntries(
      services.map((service) => [service, service === 'flowctl' ? tls : [...tls, ...controlPlane]]),
    );
    cluster = await startCluster({ dir, ports, auth, flags });
    await cluster.ready();
  }, 60_000);
  afterAll(async () => {
    for (const client of clients) await client.close();
    await cluster?.stop();
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  it('write and read', async () => {
    const sql = connect({ ca: cert, cert, key });
    await sql.update('CREATE TABLE t (n BIGINT)');
    expect(await sql.update('INSERT INTO t VALUES (1), (2)')).toBe(2);
    const sum = async () => {
      for await (const batch of await sql.query('SELECT sum(n)::BIGINT AS s FROM t'))
        return batch.getChildAt(0)?.get(0);
    };
    expect(await until(sum, (found) => found !== null)).toBe(3n);
  }, 30_000);

  it.each(['http/1.1', 'h2'])('know who asks over %s by the certificate', async (protocol) => {
    const origin = `https://127.0.0.1:${cluster.ports.routerHttp}`;
    const own = { ca: cert, cert, key };
    const ask = (path: string, headers: Record<string, string> = {}) =>
      protocol === 'h2' ? askHttp2(origin, path, headers, own) : askHttp1(origin + path, headers, own);
    expect(await ask('/api/search')).toBe(200);
    expect(await ask('/api/search', { 'x-scope-orgid': 'other' })).toBe(403);
  });

  it('don’t talk to who shows no certificate', async () => {
    await expect(connect({ ca: cert }).query('SELECT 1')).rejects.toMatchObject({ code: Status.UNAVAILABLE });
  });
});
