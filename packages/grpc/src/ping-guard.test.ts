import { describe, expect, it } from '@jest/globals';
import { PingGuard } from './ping-guard.ts';

describe('PingGuard', () => {
  it('lets keep-alive pings pass for ever', () => {
    const guard = new PingGuard(10);
    for (let ping = 0; ping < 1000; ping++) expect(guard.ping(ping * 2000, ping * 34)).toBe(false);
  });

  it('lets pings pass between data', () => {
    const guard = new PingGuard(10);
    for (let ping = 0; ping < 1000; ping++) expect(guard.ping(ping, ping * 134)).toBe(false);
  });

  it('stops a flood', () => {
    const guard = new PingGuard(10);
    let pings = 0;
    while (!guard.ping(1, pings * 34)) pings++;
    expect(pings).toBe(10);
  });

  it('stops a flood that is read in large pieces', () => {
    const guard = new PingGuard(200);
    let pings = 0;
    // What was read, and so is counted, runs ahead of the pings that it holds.
    while (!guard.ping(1, Math.ceil((pings + 1) / 3855) * 65_536 + pings * 17)) pings++;
    expect(pings).toBeLessThan(500);
  });

  it('forgives after a while', () => {
    const guard = new PingGuard(10);
    for (let ping = 0; ping < 10; ping++) guard.ping(1, ping * 34);
    expect(guard.ping(10_002, 340)).toBe(false);
  });
});
