import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createMetrics, type Metrics } from './metrics.ts';
import { createOpsServer, type OpsServer } from './ops-server.ts';
import { createReadiness, type Readiness } from './readiness.ts';

let server: OpsServer;
let metrics: Metrics;
let readiness: Readiness;
beforeEach(async () => {
  metrics = createMetrics({ labels: { service: 'test' } });
  readiness = createReadiness();
  server = await createOpsServer({ host: '127.0.0.1', port: 0, metrics, readiness });
});
afterEach(() => server.close());

const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, init);

describe('createOpsServer', () => {
  it('serves metrics as Prometheus reads them', async () => {
    metrics.counter({ name: 'rows_total', help: 'Rows', labels: ['table'] }).inc({ table: 'traces' }, 3);
    const response = await ask('/metrics?x=1');
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(await response.text()).toContain('rows_total{table="traces",service="test"} 3');
  });

  it('is healthy, and ready when the checks say so', async () => {
    expect((await ask('/healthz')).status).toBe(200);
    const added = readiness.add('store', () => 'not reached');
    const notReady = await ask('/readyz');
    expect([notReady.status, await notReady.json()]).toEqual([503, { ready: false, checks: { store: 'not reached' } }]);
    added();
    expect((await ask('/readyz')).status).toBe(200);
  });

  it.each([
    ['/', 'GET', 404],
    ['/metrics', 'POST', 405],
    ['/readyz', 'HEAD', 200],
  ])('answers %s %s with %d', async (path, method, status) => {
    expect((await ask(path, { method })).status).toBe(status);
  });

  it('answers 500 when a collector fails, and lives', async () => {
    metrics.gauge({
      name: 'broken',
      help: 'x',
      collect: () => {
        throw new Error('collector broke');
      },
    });
    expect((await ask('/metrics')).status).toBe(500);
    expect((await ask('/healthz')).status).toBe(200);
  });

  it('rejects a port in use', async () => {
    await expect(createOpsServer({ host: '127.0.0.1', port: server.port, metrics, readiness })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});

describe('createMetrics', () => {
  it('gives the same metric for the same name', () => {
    const a = metrics.counter({ name: 'x_total', help: 'x' });
    expect(metrics.counter({ name: 'x_total', help: 'x' })).toBe(a);
  });

  it('keeps registries apart', async () => {
    createMetrics().counter({ name: 'elsewhere_total', help: 'x' }).inc();
    expect(await metrics.registry.metrics()).not.toContain('elsewhere_total');
  });
});
