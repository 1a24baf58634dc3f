// `npm run bench flight`: DoGet, DoPut and DoExchange against pyarrow's C++ server and client, and in process.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { connectFlight, createInprocNetwork, type FlightClient, type FlightMessage } from '@signaldb/flight';
import { pythonVenv } from '../tests/interop/python-venv.ts';
import { Peer } from './flight/peers.ts';
import { type BatchSize, batchOf, benchService, rowsOf } from './flight/service.ts';
import { cpuOf } from './process-usage.ts';

type CallName = 'get' | 'put' | 'exchange';

const plan: readonly { readonly size: BatchSize; readonly count: number }[] = [
  { size: '64k', count: 12_000 },
  { size: '1m', count: 1200 },
  { size: '4m', count: 300 },
];

/** What a client measured. */
interface Result {
  readonly megabytesPerSecond: number;
  /** Of the server's process, where it is one of its own. */
  readonly cpuPerGigabyte?: number;
}

type Measure = (call: CallName, size: BatchSize, count: number) => Promise<Result>;

const here = (file: string) => join(import.meta.dirname, 'flight', file);

export async function main(args: string[]): Promise<void> {
  const cacheDir = process.env.SIGNALDB_INTEROP_CACHE ?? join(homedir(), '.cache', 'signaldb', 'interop');
  const rounds = Number(args[0] ?? 3);
  const venv = await pythonVenv(cacheDir, ['pyarrow==26.0.1'], console.error);
  const servers = {
    SignalDB: new Peer(process.execPath, ['--initial-old-space-size=256', here('server.ts')]),
    'pyarrow (C++)': new Peer(venv.python, [here('peer.py'), 'serve']),
  };
  try {
    for (const [name, server] of Object.entries(servers)) {
      const port = await server.line();
      const python = new Peer(venv.python, [here('peer.py'), 'measure', port]);
      const client = connectFlight(`grpc://127.0.0.1:${port}`);
      await table(`server ${name}, client pyarrow (C++)`, pythonMeasure(python, server.pid), rounds);
      const latency = await python.ask<{ p50: number; p99: number }>({ call: 'latency', count: 2000 });
      console.log(`  one row     p50 ${(latency.p50 * 1e6).toFixed(0)} µs, p99 ${(latency.p99 * 1e6).toFixed(0)} µs`);
      python.stop();
      await table(`server ${name}, client SignalDB`, clientMeasure(client, server.pid), rounds);
      await client.close();
    }
  } finally {
    for (const server of Object.values(servers)) server.stop();
  }
  const inproc = createInprocNetwork();
  inproc.serve('bench', benchService());
  const client = connectFlight('inproc://bench', { inproc });
  await table('in process', clientMeasure(client), rounds);
  await client.close();
}

async function table(title: string, measure: Measure, rounds: number): Promise<void> {
  console.log(title);
  for (const { size, count } of plan) {
    const cells: string[] = [];
    for (const call of ['get', 'put', 'exchange'] as const) {
      const results: Result[] = [];
      for (let round = 0; round < rounds; round++) results.push(await measure(call, size, count));
      const best = results.reduce((a, b) => (a.megabytesPerSecond > b.megabytesPerSecond ? a : b));
      const cpu = best.cpuPerGigabyte === undefined ? '' : ` (${best.cpuPerGigabyte.toFixed(2)} CPU-s/GB)`;
      cells.push(`${call} ${best.megabytesPerSecond.toFixed(0).padStart(6)} MB/s${cpu}`);
    }
    console.log(`  ${size.padEnd(4)}  ${cells.join('   ')}`);
  }
}

function pythonMeasure(python: Peer, serverPid: number): Measure {
  return async (call, size, count) => {
    const before = cpuOf(serverPid).total;
    const { seconds } = await python.ask<{ seconds: number }>({ call, size, count });
    return resultOf(size, count, seconds, cpuOf(serverPid).total - before);
  };
}

function clientMeasure(client: FlightClient, serverPid?: number): Measure {
  return async (call, size, count) => {
    const before = serverPid === undefined ? 0 : cpuOf(serverPid).total;
    const began = performance.now();
    await run(client, call, size, count);
    const seconds = (performance.now() - began) / 1000;
    const cpu = serverPid === undefined ? undefined : cpuOf(serverPid).total - before;
    return resultOf(size, count, seconds, cpu);
  };
}

async function run(client: FlightClient, call: CallName, size: BatchSize, count: number): Promise<void> {
  const batch = batchOf(size);
  async function* messages(): AsyncGenerator<FlightMessage> {
    yield { descriptor: { path: ['bench'] }, schema: batch.schema };
    for (let i = 0; i < count; i++) yield { batch };
  }
  let rows = 0;
  if (call === 'put') for await (const result of client.doPut(messages())) rows = Number(Buffer.from(result));
  else {
    const stream = call === 'get' ? client.doGet(Buffer.from(`${size}:${count}`)) : client.doExchange(messages());
    for await (const message of stream) rows += message.batch?.numRows ?? 0;
  }
  if (rows !== rowsOf[size] * count) throw new Error(`${call} ${size}: ${rows} rows`);
}

function resultOf(size: BatchSize, count: number, seconds: number, cpuSeconds: number | undefined): Result {
  const gigabytes = (rowsOf[size] * 8 * count) / 1e9;
  return {
    megabytesPerSecond: (gigabytes * 1000) / seconds,
    ...(cpuSeconds !== undefined && { cpuPerGigabyte: cpuSeconds / gigabytes }),
  };
}
