// Both servers and both clients, in processes of their own, taking turns within each round.
import { join } from 'node:path';
import { cpuOf } from '../process-usage.ts';
import type { CallName, Latency, Task } from './calls.ts';
import { Peer } from './peers.ts';
import { type BatchSize, rowsOf } from './service.ts';
import { markdown, spreadOf, spreadText } from './spread.ts';

const makers = ['C++', 'SignalDB'] as const;
type Maker = (typeof makers)[number];

interface Pair {
  readonly server: Maker;
  readonly client: Maker;
  readonly serverPid: number;
  readonly peer: Peer;
}

interface Measured {
  readonly megabytesPerSecond: number;
  /** CPU-seconds a gigabyte. */
  readonly server: number;
  readonly client: number;
}

export interface LoopbackOptions {
  readonly python: string;
  readonly rounds: number;
  /** Bytes moved by one measurement. */
  readonly bytes: number;
  readonly calls: number;
}

const here = (file: string) => join(import.meta.dirname, file);
const sizes: readonly BatchSize[] = ['64k', '1m', '4m'];

/** Measures and prints; answers the rates of DoGet by SignalDB's server, in MB/s by batch size. */
export async function loopback(options: LoopbackOptions): Promise<ReadonlyMap<BatchSize, number>> {
  const node = (file: string, ...args: string[]) =>
    new Peer(process.execPath, ['--initial-old-space-size=256', here(file), ...args]);
  const python = (...args: string[]) => new Peer(options.python, [here('peer.py'), ...args]);
  const servers = { 'C++': python('serve'), SignalDB: node('server.ts') };
  const pairs: Pair[] = [];
  try {
    for (const server of makers) {
      const port = await servers[server].line();
      const serverPid = servers[server].pid;
      pairs.push({ server, client: 'C++', serverPid, peer: python('measure', port) });
      pairs.push({ server, client: 'SignalDB', serverPid, peer: node('client.ts', port) });
    }
    const rates = new Map<BatchSize, number>();
    for (const call of ['get', 'put', 'exchange'] as const) {
      const rows: string[][] = [
        ['batches', 'server', 'client', 'MB/s', 'of C++ alone', 'server CPU-s/GB', 'client CPU-s/GB'],
      ];
      for (const size of sizes) {
        const measured = await takeTurns(pairs, options.rounds, (pair) => measure(pair, call, size, options.bytes));
        rows.push(...pairs.map((pair, i) => line(size, pair, measured[i]!, measured[0]!)));
        if (call === 'get') rates.set(size, spreadOf(measured[2]!.map((m) => m.megabytesPerSecond)).median);
      }
      console.log(`\nDo${call[0]!.toUpperCase()}${call.slice(1)} over loopback\n\n${markdown(rows)}`);
    }
    await printLatency(pairs, options);
    return rates;
  } finally {
    for (const peer of [...Object.values(servers), ...pairs.map((pair) => pair.peer)]) peer.stop();
  }
}

/** Each pair once a round, after a round that isn't counted. */
async function takeTurns<T>(pairs: readonly Pair[], rounds: number, work: (pair: Pair) => Promise<T>): Promise<T[][]> {
  const results: T[][] = pairs.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, pair] of pairs.entries()) {
      const result = await work(pair);
      if (round >= 0) results[i]!.push(result);
    }
  }
  return results;
}

async function measure({ peer, serverPid }: Pair, call: CallName, size: BatchSize, bytes: number): Promise<Measured> {
  const batchBytes = rowsOf[size] * 8;
  const count = Math.ceil(bytes / batchBytes);
  const gigabytes = (batchBytes * count) / 1e9;
  const before = { server: cpuOf(serverPid).total, client: cpuOf(peer.pid).total };
  const { seconds } = await peer.ask<{ seconds: number }>({ call, size, count } satisfies Task);
  return {
    megabytesPerSecond: (gigabytes * 1000) / seconds,
    server: (cpuOf(serverPid).total - before.server) / gigabytes,
    client: (cpuOf(peer.pid).total - before.client) / gigabytes,
  };
}

function line(
  size: BatchSize,
  { server, client }: Pair,
  measured: readonly Measured[],
  alone: readonly Measured[],
): string[] {
  const of = (key: keyof Measured, digits: number) => spreadText(spreadOf(measured.map((m) => m[key])), digits);
  const ratios = measured.map((m, round) => m.megabytesPerSecond / alone[round]!.megabytesPerSecond);
  return [
    size,
    server,
    client,
    of('megabytesPerSecond', 0),
    spreadText(spreadOf(ratios)),
    of('server', 2),
    of('client', 2),
  ];
}

async function printLatency(pairs: readonly Pair[], { rounds, calls }: LoopbackOptions): Promise<void> {
  const measured = await takeTurns(pairs, rounds, ({ peer }) =>
    peer.ask<Latency>({ call: 'latency', size: 'one', count: calls } satisfies Task),
  );
  const microseconds = (key: keyof Latency, i: number) =>
    spreadText(spreadOf(measured[i]!.map((m) => m[key] * 1e6)), 0);
  const rows = pairs.map(({ server, client }, i) => [server, client, microseconds('p50', i), microseconds('p99', i)]);
  console.log(
    `\nA small query (DoGet of one row), one after the other\n\n${markdown([['server', 'client', 'p50 µs', 'p99 µs'], ...rows])}`,
  );
}
