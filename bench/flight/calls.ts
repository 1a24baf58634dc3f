// The benchmark's calls, from the client's side.
import type { FlightClient, FlightMessage } from '@signaldb/flight';
import { type BatchSize, batchOf, rowsOf } from './service.ts';

export type CallName = 'get' | 'put' | 'exchange';

export interface Task {
  readonly call: CallName | 'latency';
  readonly size: BatchSize;
  /** Batches, or calls. */
  readonly count: number;
}

/** Seconds of one small query. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** Moves the batches and counts their rows. */
export async function run(client: FlightClient, { call, size, count }: Task): Promise<void> {
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

/** DoGet of one row, so many times one after the other. */
export async function latencies(client: FlightClient, count: number): Promise<Latency> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await run(client, { call: 'get', size: 'one', count: 1 });
    times.push((performance.now() - began) / 1000);
  }
  times.sort((a, b) => a - b);
  return { p50: times[times.length >> 1]!, p99: times[Math.floor(times.length * 0.99)]! };
}
