// Appends records of one size, so many at a time, for a while: node packages/wal/bench/append.ts BYTES AT_ONCE SECONDS
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../src/index.ts';

const [bytes = 250_000, atOnce = 16, seconds = 3] = process.argv.slice(2).map(Number);
const dir = await mkdtemp(join(process.env.BENCH_DIR ?? tmpdir(), 'wal-bench-'));
let commits = 0;
const log = await openLog({ dir, onCommit: () => commits++ });
const trimming = setInterval(() => void log.trim(log.durableLsn), 200);
const payload = Buffer.alloc(bytes, 'x');
const latencies: number[] = [];
const cpu = process.cpuUsage();
const start = performance.now();

async function client(): Promise<void> {
  while (performance.now() - start < seconds * 1000) {
    const before = performance.now();
    await log.append({ kind: 1, tenant: 'default', payload }).durable;
    latencies.push(performance.now() - before);
  }
}

await Promise.all(Array.from({ length: atOnce }, client));
const elapsed = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(cpu);
clearInterval(trimming);
await log.close();
await rm(dir, { recursive: true });
latencies.sort((a, b) => a - b);
const at = (share: number) => latencies[Math.floor((latencies.length - 1) * share)]!.toFixed(2);
console.log(
  `${bytes} B, ${atOnce} at once: ${Math.round(latencies.length / elapsed)} appends/s, ` +
    `${Math.round((latencies.length * bytes) / elapsed / 1e6)} MB/s, ${Math.round(commits / elapsed)} fsyncs/s, ` +
    `${((user + system) / 1e6 / elapsed).toFixed(2)} CPUs, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
);
