import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRestCatalogClient } from '@signaldb/iceberg';
import { createSystemClient, type SystemClient } from './client.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { type ShopTrace, shopTrace } from './shop-trace.ts';
import { until } from './until.ts';

describe.each(['one', 'five'] as const)('SignalDB as %s', (processes) => {
  let dir: string;
  let cluster: Cluster;
  let user: SystemClient;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'signaldb-system-'));
    cluster = await startCluster({ dir, processes, ports: 'free', store: 'local' });
    await cluster.ready();
    user = createSystemClient({ ports: cluster.ports });
  }, 60_000);
  afterAll(async () => {
    await user?.close();
    await cluster?.stop();
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  const spansOf = (body: { batches?: { scopeSpans?: { spans?: unknown[] }[] }[] }) =>
    (body.batches ?? []).flatMap(({ scopeSpans = [] }) => scopeSpans.flatMap(({ spans = [] }) => spans));
  const countOf = async ({ traceId }: ShopTrace, as = user) => {
    const [row] = await as.sql(`SELECT count(*) AS spans FROM traces WHERE trace_id = '${traceId}'`);
    return Number(row!.spans);
  };
  const searchFor = (service: string) => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const query = encodeURIComponent(
      `{ resource.service.name = "${service}" && span.http.response.status_code >= 500 }`,
    );
    return user.tempo(`/api/search?q=${query}&start=${nowSeconds - 600}&end=${nowSeconds + 600}`);
  };

  it.each<[string, (trace: ShopTrace) => Promise<void>]>([
    ['OTLP/gRPC', ({ request }) => user.sendTracesGrpc(request)],
    ['OTLP/HTTP with protobuf', ({ request }) => user.sendTracesHttp(request, 'protobuf')],
    ['OTLP/HTTP with gzip', ({ request }) => user.sendTracesHttp(request, 'protobuf', true)],
    ['OTLP/HTTP with JSON', ({ request }) => user.sendTracesHttp(request, 'json')],
  ])('answers right after the acknowledgement what came by %s', async (way, send) => {
    const service = `shop ${way}`;
    const trace = shopTrace(service);
    await send(trace);
    const byId = await user.tempo(`/api/traces/${trace.traceId}`);
    expect(byId.status).toBe(200);
    expect(spansOf(byId.body)).toHaveLength(trace.spans);
    const found = await searchFor(service);
    expect(found.body.traces).toMatchObject([
      { traceID: trace.traceId.replace(/^0+/, ''), rootServiceName: service, rootTraceName: 'POST /order' },
    ]);
    expect(await countOf(trace)).toBe(trace.spans);
  });

  it('gives a span back as it was sent', async () => {
    const trace = shopTrace('exact');
    await user.sendTracesGrpc(trace.request);
    const { body } = await user.tempo(`/api/traces/${trace.traceId}`);
    expect(spansOf(body).find((span) => (span as { name: string }).name === 'pay')).toMatchObject({
      traceState: 'shop=1',
      status: { message: 'declined' },
      attributes: expect.arrayContaining([
        { key: 'payment.provider', value: { stringValue: 'acme' } },
        { key: 'payment.amount', value: { doubleValue: 12.5 } },
      ]),
      events: [{ name: 'exception', attributes: [{ key: 'exception.type', value: { stringValue: 'CardDeclined' } }] }],
    });
  });

  it('knows tags and their values', async () => {
    await user.sendTracesGrpc(shopTrace('tagged').request);
    const { body } = await user.tempo('/api/v2/search/tag/resource.service.name/values');
    expect(body.tagValues).toContainEqual({ type: 'string', value: 'tagged' });
  });

  it('answers SQL over all columns', async () => {
    const trace = shopTrace('sql');
    await user.sendTracesHttp(trace.request, 'protobuf');
    const rows = await user.sql(
      `SELECT service_name, count(*) AS n, avg(duration_ns) AS mean FROM traces WHERE trace_id = '${trace.traceId}' GROUP BY 1`,
    );
    expect(rows.map(({ service_name, n, mean }) => [service_name, Number(n), Number(mean)])).toEqual([
      ['sql', 3, 50_000_000],
    ]);
  });

  it('keeps tenants apart', async () => {
    const other = createSystemClient({ ports: cluster.ports, tenant: 'other' });
    try {
      const trace = shopTrace('secret');
      await other.sendTracesGrpc(trace.request);
      expect(await countOf(trace, other)).toBe(trace.spans);
      expect((await other.tempo(`/api/traces/${trace.traceId}`)).status).toBe(200);
      expect(await countOf(trace)).toBe(0);
      expect((await user.tempo(`/api/traces/${trace.traceId}`)).status).toBe(404);
      expect((await searchFor('secret')).body.traces ?? []).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('commits to Iceberg, every row once', async () => {
    const trace = shopTrace('iceberg');
    await user.sendTracesGrpc(trace.request);
    const [{ n }] = (await user.sql('SELECT count(*) AS n FROM traces')) as [{ n: bigint }];
    const catalog = createRestCatalogClient({ uri: `http://127.0.0.1:${cluster.ports.flowctlHttp}` });
    const committed = async () => {
      const { metadata } = await catalog.loadTable('default', 'traces').catch(() => ({ metadata: undefined }));
      const current = metadata?.snapshots?.find(
        (snapshot) => snapshot['snapshot-id'] === metadata['current-snapshot-id'],
      );
      return Number(current?.summary['total-records'] ?? 0);
    };
    expect(await until(committed, (rows) => rows >= Number(n))).toBe(Number(n));
    expect(await countOf(trace)).toBe(trace.spans);
  });

  it('has everything, once, after each process was killed and started again', async () => {
    const traces: ShopTrace[] = [];
    for (const [name, process] of cluster.processes) {
      const trace = shopTrace(`before ${name}`);
      await user.sendTracesGrpc(trace.request);
      traces.push(trace);
      await process.restart('SIGKILL');
    }
    await cluster.ready();
    for (const trace of traces) {
      // A client may still meet the end of a connection that was killed.
      expect(
        await until(
          () => countOf(trace).catch(() => -1),
          (spans) => spans >= trace.spans,
        ),
      ).toBe(trace.spans);
      expect(spansOf((await user.tempo(`/api/traces/${trace.traceId}`)).body)).toHaveLength(trace.spans);
    }
    const after = shopTrace('after');
    await until(
      () =>
        user.sendTracesGrpc(after.request).then(
          () => true,
          () => false,
        ),
      (sent) => sent,
    );
    expect(await countOf(after)).toBeGreaterThanOrEqual(after.spans);
  }, 120_000);

  const accepts = processes === 'five' ? it : it.skip;
  accepts(
    'accepts while writer and control plane are away, and has it all, once, when they are back',
    async () => {
      const away = (['writer', 'flowctl'] as const).map((name) => cluster.process(name));
      for (const process of away) await process.kill('SIGKILL');
      const traces = Array.from({ length: 5 }, (_, i) => shopTrace(`while away ${i}`));
      for (const trace of traces) await user.sendTracesGrpc(trace.request);
      for (const process of away) process.start();
      await cluster.ready();
      for (const trace of traces) {
        const count = () => countOf(trace).catch(() => -1);
        expect(await until(count, (spans) => spans >= trace.spans)).toBe(trace.spans);
      }
    },
    60_000,
  );

  it('ends in order within 10 s, and starts again with everything', async () => {
    const trace = shopTrace('last');
    await user.sendTracesGrpc(trace.request);
    const startedAt = performance.now();
    for (const process of [...cluster.processes.values()].reverse()) expect(await process.kill('SIGTERM')).toBe(0);
    if (processes === 'one') expect(performance.now() - startedAt).toBeLessThan(10_000);
    for (const process of cluster.processes.values()) process.start();
    await cluster.ready();
    expect(
      await until(
        () => countOf(trace).catch(() => -1),
        (spans) => spans >= 0,
      ),
    ).toBe(trace.spans);
  }, 120_000);
});
