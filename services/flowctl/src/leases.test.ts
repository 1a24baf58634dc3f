import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@signaldb/runtime';
import { createLeases } from './leases.ts';
import { exampleService } from './testing/example-service.ts';
import { createMemoryMachine } from './testing/memory-machine.ts';

function setUp() {
  let nowMs = 0;
  const machine = createMemoryMachine();
  const leases = createLeases({
    machine,
    logger: createLogger({ level: 'silent' }),
    leaseMs: 100,
    forgetAfterMs: 500,
    now: () => nowMs,
  });
  const healthy = () => [...machine.state.services.values()].map((service) => service.healthy);
  return {
    machine,
    leases,
    healthy,
    /** Lets time pass in steps of a quarter lease. */
    at: async (ms: number) => {
      while (nowMs < ms) {
        nowMs = Math.min(ms, nowMs + 25);
        await leases.tick();
      }
      return healthy();
    },
    /** Lets time pass in one step, as a suspended process sees it. */
    sleepUntil: async (ms: number) => {
      nowMs = ms;
      await leases.tick();
      return healthy();
    },
  };
}

const beat = (epoch: number, metrics = {}) => ({ serviceId: 'a', epoch, metrics });

describe('leases', () => {
  it('make a silent service unhealthy, a heartbeat makes it healthy again', async () => {
    const { leases, at, healthy } = setUp();
    const { epoch } = await leases.register(exampleService('a'));
    expect(await at(99)).toEqual([true]);
    expect(await at(100)).toEqual([false]);
    await leases.heartbeat(beat(epoch, { rows: 5 }));
    expect(healthy()).toEqual([true]);
    expect(leases.status('a')).toMatchObject({ healthy: true, lastHeartbeatMs: 100, metrics: { rows: 5 } });
    expect(await at(199)).toEqual([true]);
  });

  it('forget who stays silent', async () => {
    const { leases, at } = setUp();
    await leases.register(exampleService('a'));
    expect(await at(599)).toEqual([false]);
    expect(await at(600)).toEqual([]);
    await expect(leases.heartbeat(beat(1))).rejects.toMatchObject({ code: 5 });
  });

  it('blame nobody for the time in which this process was suspended', async () => {
    const { leases, at, sleepUntil } = setUp();
    await leases.register(exampleService('a'));
    await at(50);
    expect(await sleepUntil(100_000)).toEqual([true]);
    expect(await at(100_099)).toEqual([true]);
    expect(await at(100_100)).toEqual([false]);
  });

  it('give services of before a restart a whole lease', async () => {
    const { machine } = setUp();
    await machine.propose({ type: 'register', info: exampleService('a'), atMs: 0 });
    let nowMs = 1000;
    const restarted = createLeases({
      machine,
      logger: createLogger({ level: 'silent' }),
      leaseMs: 100,
      forgetAfterMs: 500,
      now: () => nowMs,
    });
    nowMs = 1050;
    await restarted.tick();
    nowMs = 1099;
    await restarted.tick();
    expect(restarted.status('a').healthy).toBe(true);
    nowMs = 1100;
    await restarted.tick();
    expect(restarted.status('a').healthy).toBe(false);
  });

  it.each<[string, (leases: ReturnType<typeof createLeases>) => Promise<unknown>, number]>([
    ['an unknown id', (leases) => leases.heartbeat({ ...beat(0), serviceId: 'x' }), 5],
    ['an epoch that was replaced', (leases) => leases.heartbeat(beat(1)), 9],
  ])('refuse a heartbeat of %s', async (_what, call, code) => {
    const { leases } = setUp();
    await leases.register(exampleService('a'));
    await leases.register(exampleService('a'));
    await expect(call(leases)).rejects.toMatchObject({ code });
  });

  it('take a heartbeat without epoch for the current one', async () => {
    const { leases } = setUp();
    await leases.register(exampleService('a'));
    await expect(leases.heartbeat(beat(0))).resolves.toBeUndefined();
  });
});
