// Tries the cases one after another; calls to the server run side by side. Tells the main thread how far it is.
import { parentPort, workerData } from 'node:worker_threads';
import { tryMessages, tryStream } from '../../../packages/flight/src/testing/try-stream.ts';
import type { FuzzOptions } from '../options.ts';
import { CaseMaker, type FuzzCase } from './cases.ts';
import { LiveServer } from './live-server.ts';
import { minimise } from './minimise.ts';

/** What the worker tells. */
export type Report =
  | {
      readonly kind: 'progress';
      readonly tried: number;
      readonly refused: number;
      readonly slowestMs: number;
      readonly memory: number;
    }
  | { readonly kind: 'finding'; readonly index: number; readonly what: string; readonly bytes: Uint8Array }
  | {
      readonly kind: 'done';
      readonly tried: number;
      readonly refused: number;
      readonly echoes: number;
      readonly calls: number;
    };

export interface WorkerInput {
  readonly options: FuzzOptions;
  /** One number: the case that is tried just now, for the one who watches. */
  readonly current: SharedArrayBuffer;
}

const STREAM_MS_MAX = 1000;
const CALLS_AT_ONCE = 16;
const GROWTH_BYTES_MAX = 64 * 2 ** 20;
/** Caches and compiled code settle in that share of the run. */
const SETTLED = 0.2;

const { options, current } = workerData as WorkerInput;
const watched = new Int32Array(current);
const tell = (report: Report) => parentPort!.postMessage(report);
const server = await LiveServer.start();
let refused = 0;
let calls = 0;
let slowestMs = 0;

class Finding extends Error {}

/** What fails after that may fail because of it. */
let found = false;

/** Whether it was refused. Throws where something is wrong. */
async function tryCase(one: FuzzCase, index: number): Promise<boolean> {
  switch (one.kind) {
    case 'stream':
    case 'messages':
      return timed(
        () => (one.kind === 'stream' ? tryStream(one.bytes) : tryMessages(one.messages)).refused !== undefined,
      );
    case 'call':
      calls++;
      return (await server.call(one.messages, index % 2 === 0)) !== '';
    case 'frames':
      calls++;
      return (await server.frames(one.bytes)) !== '';
  }
}

/** Others use the machine too: what took long is tried again before it counts. */
function timed(attempt: () => boolean): boolean {
  let result = false;
  let shortestMs = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 3 && shortestMs > STREAM_MS_MAX; tries++) {
    const began = performance.now();
    result = attempt();
    shortestMs = Math.min(shortestMs, performance.now() - began);
  }
  slowestMs = Math.max(slowestMs, shortestMs);
  if (shortestMs > STREAM_MS_MAX) throw new Finding(`took ${shortestMs.toFixed(0)} ms`);
  return result;
}

async function report(index: number, one: FuzzCase, error: unknown): Promise<void> {
  if (found) return;
  found = true;
  let bytes = 'bytes' in one ? one.bytes : Buffer.concat(one.messages);
  if (one.kind === 'stream') {
    bytes = await minimise(bytes, (shorter) => {
      try {
        timed(() => tryStream(shorter).refused !== undefined);
        return false;
      } catch {
        return true;
      }
    });
  }
  const cause =
    error instanceof Error ? `${error.stack}\n${(error.cause as Error | undefined)?.stack ?? ''}` : String(error);
  tell({ kind: 'finding', index, what: `${one.kind}: ${cause}`, bytes });
  await server.stop();
  process.exit(1);
}

async function memory(): Promise<{ own: number; server: number }> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  return { own: heapUsed + external, server: await server.memory() };
}

const maker = new CaseMaker(options.seed);
const until = performance.now() + options.minutes * 60_000;
const running = new Set<Promise<void>>();
let settled: Awaited<ReturnType<typeof memory>> | undefined;
let tried = 0;
let toldMs = performance.now();

async function attempt(index: number): Promise<void> {
  const one = maker.make(index);
  try {
    if (await tryCase(one, index)) refused++;
  } catch (error) {
    await report(index, one, error);
  }
}

const first = options.only ?? 0;
const last = options.only === undefined ? options.streams : options.only + 1;
for (let index = first; index < last && performance.now() < until && !found; index++) {
  Atomics.store(watched, 0, index);
  const one = attempt(index).finally(() => running.delete(one));
  running.add(one);
  if (running.size >= CALLS_AT_ONCE) await Promise.race(running);
  tried++;
  if (index % 64 === 0) await new Promise(setImmediate);
  const now = performance.now();
  if (now - toldMs > 5000) {
    toldMs = now;
    tell({ kind: 'progress', tried, refused, slowestMs, memory: process.memoryUsage().rss });
  }
  const done = Math.max((index - first) / (last - first), 1 - (until - now) / (options.minutes * 60_000));
  if (!settled && done >= SETTLED) {
    await Promise.all(running);
    settled = await memory();
  }
}
await Promise.all(running);
if (found) process.exit(1);
try {
  server.check();
  const end = await memory();
  for (const [who, before, after] of [
    ['the decoder', settled?.own, end.own],
    ['the server', settled?.server, end.server],
  ] as const) {
    if (before !== undefined && after - before > GROWTH_BYTES_MAX) {
      throw new Finding(`the memory of ${who} grew from ${before} to ${after} bytes`);
    }
  }
} catch (error) {
  await report(last, { kind: 'messages', messages: [] }, error);
}
tell({ kind: 'done', tried, refused, echoes: server.echoes, calls });
await server.stop();
