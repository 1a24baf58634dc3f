import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readAll, temporaryLogs } from './test-log.ts';

// Appends as fast as it can and prints each LSN once it is durable, until it is killed.
const program = `
  import { openLog } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
  const log = await openLog({ dir: process.argv[1], segmentBytesMax: 200_000, bytesMax: 1e9 });
  console.log('open ' + log.nextLsn);
  for (;;) {
    const size = Math.floor(Math.random() * 20_000);
    const waits = [];
    for (let i = 0; i < 20; i++) {
      const { lsn, durable } = log.append({ kind: 1, tenant: 't', idempotencyKey: 'k' + log.nextLsn, payload: Buffer.alloc(size, log.nextLsn & 255) });
      waits.push(durable.then(() => console.log(lsn)));
    }
    await Promise.race(waits);
  }
`;

let logs: Awaited<ReturnType<typeof temporaryLogs>>;
beforeEach(async () => {
  logs = await temporaryLogs();
});
afterEach(() => logs.remove());

describe('a process killed at any moment', () => {
  it('leaves each acknowledged record whole, and the folder free', async () => {
    const acknowledged = new Set<number>();
    const rounds = Number(process.env.WAL_KILLS ?? 6);
    for (let round = 0; round < rounds; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program, logs.dir], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await killAfter(child, 20 + Math.floor(Math.random() * 300), acknowledged);
      const log = await logs.open({ segmentBytesMax: 200_000, bytesMax: 1e9 });
      expect(log.recovery).toMatchObject({ broken: [], missing: [] });
      const found = new Set<number>();
      for (const { lsn, payload } of await readAll(log)) {
        expect(payload.every((byte) => byte === (lsn & 255))).toBe(true);
        expect(found.has(lsn)).toBe(false);
        found.add(lsn);
      }
      for (const lsn of acknowledged) expect([lsn, found.has(lsn)]).toEqual([lsn, true]);
      for (const lsn of [...acknowledged].slice(-50)) expect(log.findIdempotencyKey('t', `k${lsn}`)).toBe(lsn);
      await log.close();
    }
    expect(acknowledged.size).toBeGreaterThan(rounds);
  });

  it('is known as the holder while it lives', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, logs.dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => createInterface(child.stdout!).once('line', resolve));
    await expect(logs.open()).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining(`${child.pid}`),
    });
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    await logs.open({ segmentBytesMax: 200_000, bytesMax: 1e9 });
  });
});

async function killAfter(child: ChildProcess, count: number, acknowledged: Set<number>): Promise<void> {
  let seen = 0;
  const lines = createInterface(child.stdout!);
  lines.on('line', (line) => {
    if (line.startsWith('open')) return;
    acknowledged.add(Number(line));
    if (++seen === count) child.kill('SIGKILL');
  });
  await new Promise((resolve) => lines.once('close', resolve));
}
