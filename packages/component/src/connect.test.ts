import { afterEach, describe, expect, it } from '@jest/globals';
import { createGrpcServer, GrpcError, type GrpcServer, type ServiceImplementation, Status } from '@signaldb/grpc';
import { ControlPlaneService } from '@signaldb/proto/flowctl/control_plane';
import { connectControlPlane } from './connect.ts';
import type { ClusterState, ControlPlane } from './control-plane.ts';
import { joinCluster } from './membership.ts';
import {
  createFakeControlPlane,
  exampleEntry,
  exampleInfo,
  type FakeControlPlane,
} from './testing/fake-control-plane.ts';
import { until } from './testing/until.ts';
import { serviceInfoFromWire, stateToWire } from './wire.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource.close();
});

/** Serves a fake over gRPC on a port: 0 for any. */
async function serve(fake: FakeControlPlane, port = 0): Promise<{ server: GrpcServer; port: number }> {
  const server = createGrpcServer();
  const implementation: Partial<ServiceImplementation<typeof ControlPlaneService>> = {
    async register(request) {
      const { serviceId, epoch, leaseMs } = await fake.register(serviceInfoFromWire(request));
      return { serviceId, epoch: BigInt(epoch), leaseMs: BigInt(leaseMs), topicNames: [], connectionInfo: {} };
    },
    async heartbeat({ serviceId, epoch, metrics }) {
      await fake.heartbeat({ serviceId, epoch: Number(epoch), metrics });
      return {};
    },
    async unregister({ serviceId }) {
      await fake.unregister(serviceId);
      return {};
    },
    async *watch(_request, call) {
      for await (const state of fake.watch(AbortSignal.any([call.signal, server.closing]))) yield stateToWire(state);
    },
  };
  server.addService(ControlPlaneService, implementation as ServiceImplementation<typeof ControlPlaneService>);
  const listening = await server.listen({ host: '127.0.0.1', port });
  open.push({ close: () => server.close({ graceMs: 0 }) });
  return { server, port: listening.port };
}

function connect(...ports: number[]): ControlPlane {
  const controlPlane = connectControlPlane(ports.map((port) => `grpc://127.0.0.1:${port}`).join(','), {
    timeoutMs: 1000,
  });
  open.push(controlPlane);
  return controlPlane;
}

const state: ClusterState = {
  revision: 7,
  services: [
    exampleEntry('w', 'writer', {
      type: 'source',
      metadata: { a: 'b' },
      inputEventTypes: ['x'],
      epoch: 9,
      healthy: false,
    }),
  ],
  logs: [{ logId: 'l', acceptorId: 'a', writerId: 'w', epoch: 2 ** 40, drained: true }],
};

describe('connectControlPlane', () => {
  it('carries registrations and states as they are', async () => {
    const fake = createFakeControlPlane();
    fake.publish(state);
    const controlPlane = connect((await serve(fake)).port);
    const info = { ...exampleInfo('a'), metadata: { zone: 'b' }, healthEndpoint: 'http://x', maxInflight: 3 };
    expect(await controlPlane.register(info)).toEqual({ serviceId: 'a', epoch: 1, leaseMs: 30 });
    expect(fake.registrations).toEqual([info]);
    for await (const seen of controlPlane.watch()) {
      expect(seen).toEqual(state);
      break;
    }
  });

  it('fails as the other side did', async () => {
    const controlPlane = connect((await serve(createFakeControlPlane())).port);
    const failed = controlPlane.heartbeat({ serviceId: 'x', epoch: 0, metrics: {} });
    await expect(failed).rejects.toBeInstanceOf(GrpcError);
    await expect(failed).rejects.toMatchObject({ code: Status.NOT_FOUND, details: 'unknown' });
    await expect(controlPlane.listServices()).rejects.toMatchObject({ code: Status.UNIMPLEMENTED });
  });

  it('fails with UNAVAILABLE where nobody listens, and works once somebody does', async () => {
    const { server, port } = await serve(createFakeControlPlane());
    await server.close({ graceMs: 0 });
    const controlPlane = connect(port);
    await expect(controlPlane.register(exampleInfo('a'))).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    await serve(createFakeControlPlane(), port);
    for (let attempt = 0; ; attempt++) {
      const registered = await controlPlane.register(exampleInfo('a')).catch((error) => error as GrpcError);
      if (!(registered instanceof GrpcError)) break;
      expect([Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED]).toContain(registered.code);
      expect(attempt).toBeLessThan(1000);
    }
  });

  it('moves on to the next address', async () => {
    const { server, port } = await serve(createFakeControlPlane());
    await server.close({ graceMs: 0 });
    const { port: alive } = await serve(createFakeControlPlane());
    const controlPlane = connect(port, alive);
    await expect(controlPlane.register(exampleInfo('a'))).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    await expect(controlPlane.register(exampleInfo('a'))).resolves.toMatchObject({ serviceId: 'a' });
  });

  it('watches over a restart of the other side', async () => {
    const first = createFakeControlPlane();
    const { server, port } = await serve(first);
    const membership = joinCluster({ controlPlane: connect(port), info: exampleInfo('a') });
    open.push({ close: () => membership.leave() });
    await membership.ready;
    await server.close({ graceMs: 0 });
    await until(() => !membership.registered);
    expect(membership.state.revision).toBe(1);

    const second = createFakeControlPlane();
    second.publish(state);
    await serve(second, port);
    await until(() => membership.registered && membership.state.revision === 7);
    expect(second.registrations).toHaveLength(1);
  });

  it.each(['flowctl:8080', 'http://flowctl:8080', '', 'grpc://'])('refuses the address "%s"', (address) => {
    expect(() => connectControlPlane(address)).toThrow(/write grpc:\/\/host:port/);
  });

  it('ends its watches when it is closed', async () => {
    const controlPlane = connect((await serve(createFakeControlPlane())).port);
    const seen: number[] = [];
    for await (const { revision } of controlPlane.watch()) {
      seen.push(revision);
      await controlPlane.close();
    }
    expect(seen).toEqual([1]);
  });
});
