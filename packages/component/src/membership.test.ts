import { afterEach, describe, expect, it } from '@jest/globals';
import { joinCluster, type Membership } from './membership.ts';
import { createFakeControlPlane, exampleEntry, exampleInfo } from './testing/fake-control-plane.ts';
import { until } from './testing/until.ts';

let joined: Membership | undefined;
afterEach(() => joined?.leave());

function join(controlPlane = createFakeControlPlane(), more: Partial<Parameters<typeof joinCluster>[0]> = {}) {
  joined = joinCluster({ controlPlane, info: exampleInfo('a'), ...more });
  return { controlPlane, membership: joined };
}

const withServices = (revision: number, ...services: ReturnType<typeof exampleEntry>[]) => ({
  revision,
  services,
  logs: [],
});

describe('joinCluster', () => {
  it('registers, then heartbeats with metrics and the registration’s epoch', async () => {
    const { controlPlane, membership } = join(undefined, { metrics: () => ({ rows: 7 }) });
    expect(membership.registered).toBe(false);
    await membership.ready;
    expect(membership).toMatchObject({ registered: true, epoch: 1, serviceId: 'a' });
    await until(() => controlPlane.heartbeats.length >= 2);
    expect(controlPlane.heartbeats[0]).toEqual({ serviceId: 'a', epoch: 1, metrics: { rows: 7 } });
    expect(controlPlane.registrations).toHaveLength(1);
  });

  it('keeps the id that it was given, also when it registers again', async () => {
    const { controlPlane, membership } = join(undefined, { info: exampleInfo('') });
    await membership.ready;
    expect(membership.serviceId).toBe('given');
    controlPlane.forget();
    await until(() => controlPlane.registrations.length === 2);
    expect(controlPlane.registrations[1]!.serviceId).toBe('given');
  });

  it('waits for a control plane that isn’t there yet', async () => {
    const controlPlane = createFakeControlPlane();
    controlPlane.away = true;
    const { membership } = join(controlPlane);
    await new Promise((resolve) => setImmediate(resolve));
    expect(membership.registered).toBe(false);
    controlPlane.away = false;
    await membership.ready;
    expect(membership.registered).toBe(true);
  });

  it('registers again when it was forgotten', async () => {
    const { controlPlane, membership } = join();
    await membership.ready;
    controlPlane.forget();
    await until(() => membership.epoch === 2);
    expect(membership.registered).toBe(true);
  });

  it('keeps the last state while the control plane is away, and takes the next one', async () => {
    const { controlPlane, membership } = join();
    controlPlane.publish(withServices(5, exampleEntry('w', 'writer')));
    await until(() => membership.state.revision === 5);
    controlPlane.away = true;
    controlPlane.breakWatches();
    await until(() => !membership.registered);
    expect(membership.pick('writer')?.serviceId).toBe('w');
    controlPlane.away = false;
    controlPlane.publish(withServices(6));
    await until(() => membership.state.revision === 6 && membership.registered);
    expect(membership.pick('writer')).toBeUndefined();
  });

  it('tells listeners of every state', async () => {
    const { controlPlane, membership } = join();
    const revisions: number[] = [];
    const stop = membership.onChange(({ revision }) => revisions.push(revision));
    await membership.ready;
    controlPlane.publish(withServices(2));
    await until(() => revisions.includes(2));
    stop();
    controlPlane.publish(withServices(3));
    await until(() => membership.state.revision === 3);
    expect(revisions.filter((revision) => revision > 0)).toEqual([1, 2]);
  });

  it('goes on when a listener throws', async () => {
    const { controlPlane, membership } = join();
    membership.onChange(() => {
      throw new Error('listener');
    });
    await membership.ready;
    controlPlane.publish(withServices(2));
    await until(() => membership.state.revision === 2);
  });

  it('unregisters once when it leaves, and beats no more', async () => {
    const { controlPlane, membership } = join();
    await membership.ready;
    await Promise.all([membership.leave(), membership.leave()]);
    await membership.leave();
    expect(controlPlane.unregistered).toEqual(['a']);
    expect(membership.registered).toBe(false);
  });

  it('leaves also while the control plane is away', async () => {
    const { controlPlane, membership } = join();
    await membership.ready;
    controlPlane.away = true;
    await membership.leave();
    expect(controlPlane.unregistered).toEqual([]);
  });
});

describe('pick', () => {
  it('takes healthy services of the role alone, by key the same one', async () => {
    const { controlPlane, membership } = join();
    controlPlane.publish(
      withServices(
        2,
        exampleEntry('w1', 'writer'),
        exampleEntry('w2', 'writer'),
        exampleEntry('w3', 'writer', { healthy: false }),
        exampleEntry('q', 'querier'),
      ),
    );
    await until(() => membership.state.revision === 2);
    expect(membership.services('writer').map(({ serviceId }) => serviceId)).toEqual(['w1', 'w2']);
    const picked = membership.pick('writer', 'log-1')!.serviceId;
    for (let i = 0; i < 20; i++) expect(membership.pick('writer', 'log-1')!.serviceId).toBe(picked);
    for (let i = 0; i < 20; i++) expect(['w1', 'w2']).toContain(membership.pick('writer')!.serviceId);
    expect(membership.pick('router')).toBeUndefined();
  });
});
