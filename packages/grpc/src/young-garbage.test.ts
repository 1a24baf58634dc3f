import { expect, it } from '@jest/globals';
import { bytesService, frame, rawCall, startServer } from './test-server.ts';
import { BytePacer, youngGarbageCollector } from './young-garbage.ts';

it('youngGarbageCollector collects without a global function', () => {
  // Where the process runs with --expose-gc anyway, the global function is not ours.
  const before = 'gc' in globalThis;
  const collect = youngGarbageCollector();
  collect();
  expect('gc' in globalThis).toBe(before);
});

it('BytePacer calls back after so many bytes, again and again', () => {
  let calls = 0;
  const pacer = new BytePacer(100, () => calls++);
  for (const bytes of [50, 49]) pacer.count(bytes);
  expect(calls).toBe(0);
  for (const bytes of [1, 99, 1, 1000]) pacer.count(bytes);
  expect(calls).toBe(3);
});

it('a server collects after each 4 MiB', async () => {
  let calls = 0;
  const test = await startServer({}, { collectGarbage: () => calls++ });
  await rawCall(test.port, [frame(Buffer.alloc(40 << 20))], { ':path': bytesService.upload.path });
  await test.stop();
  expect([4, 5]).toContain(Math.round(calls / 2));
});
