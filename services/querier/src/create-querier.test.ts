import { expect, it } from '@jest/globals';
import { openAccess } from '@signaldb/access';
import { ClusterKey, type ControlPlane } from '@signaldb/component';
import { connectFlight, createInprocNetwork } from '@signaldb/flight';
import { createHmacSeal } from '@signaldb/flight-sql';
import { Status } from '@signaldb/grpc';
import { createLogger, createMetrics, createReadiness } from '@signaldb/runtime';
import { querierConfig } from './config.ts';
import { createQuerier } from './create-querier.ts';
import { tracesOf } from './testing/spans.ts';
import { TestWorld } from './testing/test-world.ts';

it('answers over the network and in process, and closes twice', async () => {
  const world = await TestWorld.open();
  const controlPlane = {
    register: async (info: { serviceId: string }) => ({ serviceId: info.serviceId || 'q1', epoch: 1, leaseMs: 1000 }),
    heartbeat: async () => {},
    unregister: async () => {},
    async *watch(signal?: AbortSignal) {
      yield { revision: 1, services: [], logs: [] };
      await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
    },
  } as unknown as ControlPlane;
  const clusterKey = new ClusterKey('a secret of this cluster’s own, long enough');
  const inproc = createInprocNetwork();
  const readiness = createReadiness();
  const querier = await createQuerier({
    config: { ...querierConfig.parse({}), host: '127.0.0.1', flightPort: 0 },
    dataDir: `${world.dir}/querier`,
    logger: createLogger({ name: 'test', level: 'silent' }),
    metrics: createMetrics(),
    readiness,
    controlPlane,
    catalog: world.catalog,
    store: world.store,
    inproc,
    access: openAccess(clusterKey),
  });
  await world.write('traces', tracesOf([{ trace: 'a', id: '1' }]));
  await world.commit();
  const plain = Buffer.from(JSON.stringify({ kind: 'trace', tenant: 'default', trace_id: 'a' }));
  const ticket = createHmacSeal({ key: clusterKey.derive('querier tickets'), lifetimeMs: 60_000 }).seal(plain);
  const forged = createHmacSeal({ key: clusterKey.derive('something else'), lifetimeMs: 60_000 }).seal(plain);
  for (const location of ['inproc://querier', `grpc://127.0.0.1:${querier.flightPort}`]) {
    const client = connectFlight(location, { inproc });
    let rows = 0;
    for await (const { batch } of client.doGet(ticket)) rows += batch?.numRows ?? 0;
    expect(rows).toBe(1);
    for (const other of [plain, forged]) {
      const refused = client.doGet(other)[Symbol.asyncIterator]().next();
      await expect(refused).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
    }
    await client.close();
  }
  expect((await readiness.report()).checks).toEqual({ 'querier.cluster': 'ok', 'querier.store': 'ok' });
  await querier.close();
  await querier.close();
  await world.close();
});
