import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ControlPlane, connectControlPlane } from '@signaldb/component';
import { createRestCatalogClient } from '@signaldb/iceberg';
import { ControlPlaneService, type SchemaInfo } from '@signaldb/proto/flowctl/control_plane';
import { ComponentType, HealthStatus } from '@signaldb/proto/flowctl/v1/common';
import { ControlPlaneServiceService as ComponentService } from '@signaldb/proto/flowctl/v1/control_plane';
import { HealthCheckResponse_ServingStatus, HealthService } from '@signaldb/proto/grpc/health/v1/health';
import { exampleService } from './testing/example-service.ts';
import { type RunningFlowctl, runFlowctl } from './testing/running-flowctl.ts';

let dir: string;
let flowctl: RunningFlowctl;
let client: ControlPlane;
const start = async (settings?: Record<string, number>) => {
  flowctl = await runFlowctl(dir, settings);
  client = connectControlPlane(`grpc://127.0.0.1:${flowctl.grpcPort}`);
};
const stop = async () => {
  await client.close();
  await flowctl.close();
};
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'signaldb-flowctl-'));
  await start();
});
afterEach(async () => {
  await stop();
  rmSync(dir, { recursive: true, force: true });
});

const schemaText = (...fields: [name: string, type: string][]) =>
  JSON.stringify({ fields: fields.map(([name, type]) => ({ name, type, nullable: true })) });
const schema = (schemaDefinition: string, more: Partial<SchemaInfo> = {}): SchemaInfo => ({
  eventType: 'shop.orders',
  schemaFormat: 'arrow-json',
  schemaFingerprint: '',
  schemaDefinition,
  version: 0,
  compatibleVersions: [],
  ...more,
});
const v1 = schemaText(['id', 'int64']);
const v2 = schemaText(['id', 'int64'], ['name', 'utf8']);

describe.each(['network', 'process'])('the control plane over the %s', (way) => {
  const controlPlane = () => (way === 'network' ? client : flowctl.controlPlane);

  it('registers, tells those who watch, and keeps assignments', async () => {
    const stopped = new AbortController();
    const states = controlPlane().watch(stopped.signal)[Symbol.asyncIterator]();
    expect((await states.next()).value).toEqual({ revision: 0, services: [], logs: [] });
    const { epoch, leaseMs } = await controlPlane().register(exampleService('w', { metadata: { zone: 'a' } }));
    expect([epoch, leaseMs]).toEqual([1, 6000]);
    expect((await states.next()).value).toMatchObject({
      revision: 1,
      services: [{ serviceId: 'w', role: 'writer', metadata: { zone: 'a' }, healthy: true }],
    });
    await controlPlane().register(exampleService('a', { role: 'acceptor', type: 'source' }));
    expect(await controlPlane().assignLog({ logId: 'l', acceptorId: 'a', writerId: 'w' })).toEqual({ epoch: 1 });
    await controlPlane().drainLog({ logId: 'l', epoch: 1 });
    await controlPlane().unregister('a');
    for (;;) {
      const { value } = await states.next();
      if (value.revision < 5) continue;
      expect(value).toMatchObject({ services: [{ serviceId: 'w' }], logs: [{ logId: 'l', epoch: 1, drained: true }] });
      break;
    }
    stopped.abort();
    expect(await states.next()).toMatchObject({ done: true });
  });

  it('gives an id to who has none', async () => {
    const { serviceId } = await controlPlane().register(exampleService(''));
    expect(serviceId).toMatch(/^writer-[0-9a-f-]{36}$/);
    expect(await controlPlane().serviceStatus(serviceId)).toMatchObject({ serviceId, type: 'sink', healthy: true });
  });

  it('counts schema versions and says which are readable', async () => {
    expect(await controlPlane().registerSchema(schema(v1))).toMatchObject({ version: 1, compatibleVersions: [] });
    expect(await controlPlane().registerSchema(schema(v2))).toMatchObject({ version: 2, compatibleVersions: [1] });
    expect(await controlPlane().registerSchema(schema(v1))).toMatchObject({ version: 1 });
    const newest = await controlPlane().getSchema({ eventType: 'shop.orders' });
    expect(newest).toMatchObject({
      version: 2,
      schemaDefinition: v2,
      schemaFingerprint: expect.stringMatching(/^[0-9a-f]+$/),
    });
    expect(await controlPlane().getSchema({ eventType: 'shop.orders', fingerprint: newest.schemaFingerprint })).toEqual(
      newest,
    );
  });

  it.each<[string, (plane: ControlPlane) => Promise<unknown>, number]>([
    ['a heartbeat of nobody', (plane) => plane.heartbeat({ serviceId: 'x', epoch: 0, metrics: {} }), 5],
    ['the status of nobody', (plane) => plane.serviceStatus('x'), 5],
    ['an assignment to nobody', (plane) => plane.assignLog({ logId: 'l', acceptorId: 'a', writerId: 'w' }), 5],
    ['an assignment of nothing', (plane) => plane.assignLog({ logId: '', acceptorId: 'a', writerId: 'w' }), 3],
    ['a drain of nothing', (plane) => plane.drainLog({ logId: 'x', epoch: 1 }), 5],
    ['an endless id', (plane) => plane.register(exampleService('x'.repeat(257))), 3],
    ['endless metadata', (plane) => plane.register(exampleService('x', { metadata: { a: 'x'.repeat(5000) } })), 3],
    ['a schema of nothing', (plane) => plane.registerSchema(schema('{"fields": 5}')), 3],
    ['a schema that is no JSON', (plane) => plane.registerSchema(schema('{')), 3],
    ['a schema of another kind', (plane) => plane.registerSchema(schema(v1, { schemaFormat: 'avro' })), 3],
    ['a schema without event type', (plane) => plane.registerSchema(schema(v1, { eventType: '' })), 3],
    ['an unknown schema', (plane) => plane.getSchema({ eventType: 'x' }), 5],
    ['an unknown version', (plane) => plane.getSchema({ eventType: 'shop.orders', version: 9 }), 5],
  ])('refuses %s', async (_what, call, code) => {
    await expect(call(controlPlane())).rejects.toMatchObject({ code });
  });
});

describe('flowctl.ControlPlane', () => {
  it('says what two schemas are to each other', async () => {
    const validate = (older: string, newer: string, level: 0 | 1 | 2 | 3) =>
      flowctl.call(ControlPlaneService.validateSchemaCompatibility, {
        older: schema(older),
        newer: schema(newer),
        level,
      });
    expect(await validate(v1, v2, 1)).toMatchObject({
      isCompatible: true,
      level: 1,
      changes: [expect.stringContaining('name')],
    });
    expect(await validate(v1, v2, 2)).toMatchObject({ isCompatible: false, level: 1 });
    expect(await validate(v1, v1, 3)).toMatchObject({ isCompatible: true, level: 3, changes: [] });
  });

  it('finds the services that can read a schema', async () => {
    await client.register(exampleService('old', { supportedSchemas: [schema(v1)] }));
    await client.register(exampleService('new', { supportedSchemas: [schema(v2)] }));
    const retyped = schemaText(['id', 'utf8']);
    const compatible = async (definition: string) => {
      const { services } = await flowctl.call(ControlPlaneService.listCompatibleServices, {
        schema: schema(definition),
        level: 0,
      });
      return services.map(({ serviceId }) => serviceId);
    };
    expect(await compatible(v1)).toEqual(['old', 'new']);
    expect(await compatible(retyped)).toEqual([]);
  });

  it('keeps the record of pipeline runs', async () => {
    const created = await flowctl.call(ControlPlaneService.createPipelineRun, {
      runId: '',
      pipelineName: 'p',
      configYaml: 'a: 1',
      componentIds: ['c'],
    });
    const { runId } = created;
    const metrics = { eventsProcessed: 2n ** 60n, eventsPerSecond: 1.5, bytesProcessed: 3n, componentMetrics: {} };
    await flowctl.call(ControlPlaneService.updatePipelineRun, { runId, status: 2, metrics, error: '' });
    const stopped = await flowctl.call(ControlPlaneService.stopPipelineRun, { runId });
    expect(stopped).toMatchObject({
      runId,
      pipelineName: 'p',
      status: 5,
      configYaml: 'a: 1',
      componentIds: ['c'],
      metrics,
    });
    expect(
      await flowctl.call(ControlPlaneService.listPipelineRuns, { pipelineName: 'p', status: 0, limit: 0 }),
    ).toEqual({ runs: [stopped] });
    await expect(flowctl.call(ControlPlaneService.getPipelineRun, { runId: 'x' })).rejects.toMatchObject({ code: 5 });
  });
});

describe('flowctl.v1.ControlPlaneService', () => {
  const component = (id: string, more = {}) => ({
    id,
    name: 'Orders',
    description: 'd',
    version: '1.2.3',
    type: ComponentType.COMPONENT_TYPE_PROCESSOR,
    inputEventTypes: ['in'],
    outputEventTypes: ['out'],
    endpoint: 'orders:9000',
    metadata: { zone: 'a' },
    ...more,
  });

  it('serves the same registrations', async () => {
    const { serviceId } = await flowctl.call(ComponentService.registerComponent, {
      component: component('own'),
      componentId: 'given',
    });
    expect(serviceId).toBe('given');
    await flowctl.call(ComponentService.heartbeat, {
      serviceId,
      status: HealthStatus.HEALTH_STATUS_HEALTHY,
      metrics: { rows: '5', note: 'x' },
    });
    expect(await client.serviceStatus('given')).toMatchObject({ type: 'processor', metrics: { rows: 5 } });
    const status = await flowctl.call(ComponentService.getComponentStatus, { serviceId });
    expect(status).toMatchObject({
      component: component('given'),
      status: HealthStatus.HEALTH_STATUS_HEALTHY,
      metrics: { rows: '5' },
    });
    await flowctl.call(ComponentService.unregisterComponent, { serviceId });
    expect(await client.listServices()).toEqual([]);
  });

  it.each<[string, object, string[]]>([
    ['everything', {}, ['a', 'b']],
    ['by type', { type: ComponentType.COMPONENT_TYPE_CONSUMER }, ['b']],
    ['by any event type', { eventTypes: ['none', 'out'] }, ['a', 'b']],
    ['by an event type that only one has', { eventTypes: ['special'] }, ['b']],
    ['by all metadata', { metadataFilters: { zone: 'a', tier: '1' } }, ['b']],
    ['nothing', { eventTypes: ['none'] }, []],
  ])('discovers %s', async (_what, query, found) => {
    await flowctl.call(ComponentService.registerComponent, { component: component('a'), componentId: '' });
    const b = component('b', {
      type: ComponentType.COMPONENT_TYPE_CONSUMER,
      inputEventTypes: ['special'],
      metadata: { zone: 'a', tier: '1' },
    });
    await flowctl.call(ComponentService.registerComponent, { component: b, componentId: '' });
    const request = { type: 0 as const, eventTypes: [], metadataFilters: {}, ...query };
    const { components } = await flowctl.call(ComponentService.discoverComponents, request);
    expect(components.map(({ id }) => id)).toEqual(found);
  });

  it.each([
    ['a registration of nothing', ComponentService.registerComponent, { component: undefined, componentId: '' }, 3],
    ['a heartbeat of nobody', ComponentService.heartbeat, { serviceId: 'x', status: 0, metrics: {} }, 5],
    ['the end of nobody', ComponentService.unregisterComponent, { serviceId: 'x' }, 5],
    ['the status of nobody', ComponentService.getComponentStatus, { serviceId: 'x' }, 5],
  ])('refuses %s', async (_what, method, request, code) => {
    // biome-ignore lint/suspicious/noExplicitAny: a table of methods of several types
    await expect(flowctl.call(method as any, request)).rejects.toMatchObject({ code });
  });
});

describe('flowctl', () => {
  it('remembers registrations, assignments, schemas and tables over a restart', async () => {
    await client.register(exampleService('a'));
    await client.assignLog({ logId: 'l', acceptorId: 'a', writerId: 'a' });
    await client.registerSchema(schema(v1));
    await flowctl.catalog.createNamespace('tenant');
    await stop();
    await start();
    await expect(client.heartbeat({ serviceId: 'a', epoch: 1, metrics: {} })).resolves.toBeUndefined();
    expect(await client.assignLog({ logId: 'l', acceptorId: 'a', writerId: 'a' })).toEqual({ epoch: 1 });
    expect(await client.getSchema({ eventType: 'shop.orders' })).toMatchObject({ version: 1 });
    expect(await flowctl.catalog.listNamespaces()).toEqual(['tenant']);
  });

  it('serves the Iceberg catalog over HTTP, the same as in the process', async () => {
    const rest = createRestCatalogClient({ uri: `http://127.0.0.1:${flowctl.httpPort}` });
    await rest.createNamespace('tenant', { owner: 'x' });
    const icebergSchema = {
      type: 'struct' as const,
      fields: [{ id: 1, name: 'id', required: true, type: 'long' as const }],
    };
    await rest.createTable('tenant', { name: 't', schema: icebergSchema as never });
    expect((await rest.loadTable('tenant', 't')).metadata).toEqual(
      (await flowctl.catalog.loadTable('tenant', 't')).metadata,
    );
    await expect(rest.createTable('tenant', { name: 't', schema: icebergSchema as never })).rejects.toMatchObject({
      code: 'AlreadyExistsException',
    });
    await rest.dropTable('tenant', 't');
    expect(await flowctl.catalog.tableExists('tenant', 't')).toBe(false);
  });

  it.each<[string, string, RequestInit, number, string]>([
    ['an unknown path', '/nothing', {}, 404, 'NoSuchEndpointException'],
    ['an unknown table', '/v1/namespaces/x/tables/y', {}, 404, 'NoSuchTableException'],
    ['a body that is no JSON', '/v1/namespaces', { method: 'POST', body: '{' }, 400, 'BadRequestException'],
    [
      'a body without content type',
      '/v1/namespaces',
      { method: 'POST', body: new Blob(['[]']) },
      400,
      'BadRequestException',
    ],
    [
      'a body that is too large',
      '/v1/namespaces',
      { method: 'POST', body: 'x'.repeat(20_000_000) },
      413,
      'BadRequestException',
    ],
  ])('answers %s in Iceberg’s own words', async (_what, path, init, status, type) => {
    const response = await fetch(`http://127.0.0.1:${flowctl.httpPort}${path}`, init);
    expect([response.status, ((await response.json()) as { error: { type: string } }).error.type]).toEqual([
      status,
      type,
    ]);
  });

  it('serves gRPC health', async () => {
    const { status } = await flowctl.call(HealthService.check, { service: '' });
    expect(status).toBe(HealthCheckResponse_ServingStatus.SERVING);
  });

  it('is refused where another one has the data', async () => {
    await expect(runFlowctl(dir)).rejects.toThrow(/process/);
  });

  it('closes twice', async () => {
    await Promise.all([flowctl.close(), flowctl.close()]);
  });
});
