import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAccess } from '@signaldb/access';
import { ClusterKey, clusterFetch, connectControlPlane } from '@signaldb/component';
import { Status } from '@signaldb/grpc';
import { type Catalog, createRestCatalogClient } from '@signaldb/iceberg';
import { createLogger } from '@signaldb/runtime';
import { exampleService } from './testing/example-service.ts';
import { type RunningFlowctl, runFlowctl } from './testing/running-flowctl.ts';

const file = {
  users: [{ name: 'ada', password: 'a long password', tenants: ['acme'], write: true }],
  tokens: [
    { name: 'reader', token: 'reader-token', tenants: ['acme'] },
    { name: 'root', token: 'root-token', tenants: '*', write: true },
  ],
};
const secret = 'a secret of thirty-two characters or more';
let dir: string;
let flowctl: RunningFlowctl | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'signaldb-flowctl-'));
});
afterEach(async () => {
  await flowctl?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** flowctl with authentication, and with the key that the operator chose or one of its own. */
async function start(configured?: string) {
  const path = join(dir, 'auth.json');
  writeFileSync(path, JSON.stringify(file));
  const clusterKey = new ClusterKey(configured);
  const config = { file: path, clusterKey: configured, bearerLifetimeMs: 60_000 };
  const access = createAccess({ config, clusterKey, logger: createLogger({ level: 'silent' }) });
  flowctl = await runFlowctl(dir, {}, access);
  return { clusterKey, address: `grpc://127.0.0.1:${flowctl.grpcPort}`, uri: `http://127.0.0.1:${flowctl.httpPort}` };
}

async function register(address: string, clusterKey: ClusterKey): Promise<void> {
  const client = connectControlPlane(address, { clusterKey });
  await client.register(exampleService('w1')).finally(() => client.close());
}

describe('the control plane', () => {
  it('makes a key, hands it to services of the same machine, and keeps it', async () => {
    const { address, clusterKey } = await start();
    const learning = new ClusterKey();
    await register(address, learning);
    expect(learning.secret).toEqual(clusterKey.secret);
    await register(address, learning);
    await expect(register(address, new ClusterKey(secret))).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
    await flowctl!.close();
    expect((await start()).clusterKey.secret).toEqual(clusterKey.secret);
  });

  it('asks for the key that the operator chose, and gives it to nobody', async () => {
    const { address } = await start(secret);
    await register(address, new ClusterKey(secret));
    for (const key of [new ClusterKey(), new ClusterKey(`${secret}!`)])
      await expect(register(address, key)).rejects.toMatchObject({
        code: Status.UNAUTHENTICATED,
        details: expect.stringContaining('auth.clusterKey'),
      });
  });
});

describe('the Iceberg catalog', () => {
  const code = (call: Promise<unknown>) =>
    call.then(
      () => 'done',
      (error: { code: string }) => error.code,
    );

  it('shows each account its own namespaces, and lets writers alone change them', async () => {
    const { clusterKey, uri } = await start();
    const as = (authorization?: string): Catalog =>
      createRestCatalogClient({ uri, ...(authorization && { headers: { authorization } }) });
    const cluster = createRestCatalogClient({ uri, fetch: clusterFetch(clusterKey) });
    for (const namespace of ['acme', 'other']) await cluster.createNamespace(namespace);
    const basic = `Basic ${Buffer.from('ada:a long password').toString('base64')}`;
    const [ada, reader, root] = [as(basic), as('Bearer reader-token'), as('Bearer root-token')];
    const schema = { type: 'struct' as const, 'schema-id': 0, fields: [] };

    expect(await ada.listNamespaces()).toEqual(['acme']);
    expect(await root.listNamespaces()).toEqual(['acme', 'other']);
    expect(await code(ada.createTable('acme', { name: 't', schema }))).toBe('done');
    expect(await reader.listTables('acme')).toEqual(['t']);
    const refused = [
      ada.listTables('other'),
      ada.createNamespace('mine'),
      ada.loadTable('other', 't'),
      ada.renameTable({ namespace: 'acme', name: 't' }, { namespace: 'other', name: 't' }),
      reader.dropTable('acme', 't'),
      reader.createTable('acme', { name: 'u', schema }),
      reader.commitTable('acme', 't', { requirements: [], updates: [] }),
    ];
    expect(new Set(await Promise.all(refused.map(code)))).toEqual(new Set(['ForbiddenException']));
    expect(await code(as().listNamespaces())).toBe('NotAuthorizedException');
    expect(await code(as('Bearer nobody').config())).toBe('NotAuthorizedException');
  });

  it('refuses a snapshot of someone else’s files', async () => {
    const { uri } = await start();
    const root = createRestCatalogClient({ uri, headers: { authorization: 'Bearer root-token' } });
    await root.createNamespace('acme');
    const ada = createRestCatalogClient({ uri, headers: { 'x-api-key': 'nobody' } });
    expect(await code(ada.listNamespaces())).toBe('NotAuthorizedException');
    const basic = `Basic ${Buffer.from('ada:a long password').toString('base64')}`;
    const own = createRestCatalogClient({ uri, headers: { authorization: basic } });
    const { metadata } = await own.createTable('acme', {
      name: 't',
      schema: { type: 'struct', 'schema-id': 0, fields: [] },
    });
    const home = metadata.location.replace(/[^/]+$/, '');
    const commit = (list: string) =>
      own.commitTable('acme', 't', {
        requirements: [],
        updates: [
          {
            action: 'add-snapshot',
            snapshot: {
              'snapshot-id': 1n,
              'sequence-number': 1,
              'timestamp-ms': Date.now(),
              'manifest-list': list,
              summary: { operation: 'append' },
              'schema-id': 0,
            },
          },
        ],
      } as never);
    for (const list of [home.replace('acme', 'other'), `${home}t/../../other/x.avro`, '/etc/passwd', ''])
      expect(await code(commit(list))).toBe('ForbiddenException');
    expect(await code(commit(`${metadata.location}/metadata/snap-1.avro`))).toBe('done');
  });

  it('gives a token for user and password, as OAuth2’s client credentials', async () => {
    const { uri } = await start();
    const ask = async (form: Record<string, string>) => {
      const response = await fetch(`${uri}/v1/oauth/tokens`, { method: 'POST', body: new URLSearchParams(form) });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const grant = { grant_type: 'client_credentials', client_id: 'ada' };
    const { status, body } = await ask({ ...grant, client_secret: 'a long password', scope: 'catalog' });
    expect([status, body.token_type, body.expires_in]).toEqual([200, 'bearer', expect.any(Number)]);
    const catalog = createRestCatalogClient({ uri, headers: { authorization: `Bearer ${body.access_token}` } });
    expect(await catalog.listNamespaces()).toEqual([]);
    expect(await ask({ ...grant, client_secret: 'wrong' })).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
    expect(await ask({ grant_type: 'password' })).toMatchObject({ status: 400 });
  });
});
