// The same calls within one process, over the in-process transport.
import { connectFlight, createInprocNetwork } from '@signaldb/flight';
import { run } from './calls.ts';
import { type BatchSize, benchService, rowsOf } from './service.ts';
import { markdown, spreadOf, spreadText } from './spread.ts';

export interface InProcessOptions {
  readonly rounds: number;
  /** Batches handed over by one measurement. */
  readonly count: number;
  /** Rates of the network, in MB/s. */
  readonly network: ReadonlyMap<BatchSize, number>;
}

/** Not counted: a call takes a microsecond, but not before V8 has compiled all of it. */
const warmUpRounds = 4;

export async function inProcess({ rounds, count, network }: InProcessOptions): Promise<void> {
  const inproc = createInprocNetwork();
  inproc.serve('bench', benchService());
  const client = connectFlight('inproc://bench', { inproc });
  const rows: string[][] = [['batches', 'call', 'GB/s', 'times DoGet over loopback']];
  for (const [size, megabytesPerSecond] of network) {
    for (const call of ['get', 'put', 'exchange'] as const) {
      const rates: number[] = [];
      for (let round = -warmUpRounds; round < rounds; round++) {
        const began = performance.now();
        await run(client, { call, size, count });
        const seconds = (performance.now() - began) / 1000;
        if (round >= 0) rates.push((rowsOf[size] * 8 * count) / 1e9 / seconds);
      }
      const spread = spreadOf(rates);
      rows.push([size, call, spreadText(spread, 0), timesText((spread.median * 1000) / megabytesPerSecond)]);
    }
  }
  await client.close();
  console.log(`\nIn process\n\n${markdown(rows)}`);
}

/** Nothing to compare with where the network wasn't measured. */
function timesText(times: number): string {
  return Number.isNaN(times) ? '' : times.toFixed(0);
}
