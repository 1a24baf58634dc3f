// `npm run bench ingest [-- --spans 1000000 --concurrency 32]`: OTLP/gRPC from a second process into the one-process system, fsync on,
// through to the Iceberg commit.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LoadOptions } from './load-process.ts';
import { type CpuUsage, cpuOf, peakMemoryOf } from './process-usage.ts';
import { committed, folderBytes, pause, startSystem } from './system.ts';

const spansPerRequest = 500;

interface LoadReport {
  readonly seconds: number;
  readonly bytes: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly p50: number;
  readonly p99: number;
}

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      spans: { type: 'string', default: '1000000' },
      concurrency: { type: 'string', default: '32' },
      profile: { type: 'boolean', default: false },
    },
  });
  const requests = Math.ceil(Number(values.spans) / spansPerRequest);
  const system = await startSystem({ nodeFlags: values.profile ? ['--cpu-prof', '--cpu-prof-dir=.'] : [] });
  try {
    const load = await startLoad({
      url: system.otlpGrpcUrl,
      requests,
      spansPerRequest,
      concurrency: Number(values.concurrency),
      seed: 1,
      startTimeMs: Date.now() - 600_000,
    });
    const before = cpuOf(system.pid);
    const began = performance.now();
    console.log(`sending ${requests * spansPerRequest} spans in requests of ${spansPerRequest} …`);
    const report = await load.run();
    const acknowledged = report.acknowledged * spansPerRequest;
    let last = { rows: 0, bytes: 0, files: 0 };
    for (let tries = 0; last.rows < acknowledged; tries++) {
      if (tries > 600)
        throw new Error(`only ${last.rows} of ${acknowledged} acknowledged spans were committed after a minute`);
      await pause(100);
      last = await committed(system, 'traces');
    }
    const seconds = (performance.now() - began) / 1000;
    print(report, acknowledged, seconds, difference(before, cpuOf(system.pid)), {
      ...last,
      peak: peakMemoryOf(system.pid),
      stored: await folderBytes(join(system.dir, 'warehouse')),
    });
  } finally {
    await system.stop();
  }
}

function print(
  report: LoadReport,
  spans: number,
  seconds: number,
  cpu: CpuUsage,
  stored: { rows: number; bytes: number; files: number; peak: number; stored: number },
): void {
  const line = (what: string, value: string) => console.log(`${what.padEnd(34)} ${value}`);
  line(
    'acknowledged',
    `${spans} spans (${(report.bytes / spans).toFixed(0)} OTLP bytes each), ${report.refused} requests refused`,
  );
  line('acknowledged, spans a second', (spans / report.seconds).toFixed(0));
  line('call latency', `p50 ${report.p50.toFixed(1)} ms, p99 ${report.p99.toFixed(1)} ms`);
  line('through the commit, spans a second', (spans / seconds).toFixed(0));
  line(
    'spans per CPU-second, whole path',
    `${(spans / cpu.total).toFixed(0)} (${((cpu.total / spans) * 1e6).toFixed(2)} µs a span)`,
  );
  for (const [name, used] of [...cpu.byThread].sort((a, b) => b[1] - a[1])) {
    if (used >= 0.02)
      line(
        `  thread ${name}`,
        `${((used / spans) * 1e6).toFixed(2)} µs a span (${((100 * used) / cpu.total).toFixed(0)} %)`,
      );
  }
  line(
    'stored',
    `${(stored.stored / spans).toFixed(1)} bytes a span with indexes and metadata, ${(stored.bytes / spans).toFixed(1)} in ${stored.files} Parquet files`,
  );
  line('peak memory', `${(stored.peak / 2 ** 20).toFixed(0)} MiB`);
}

function difference(before: CpuUsage, after: CpuUsage): CpuUsage {
  return {
    total: after.total - before.total,
    byThread: new Map([...after.byThread].map(([name, seconds]) => [name, seconds - (before.byThread.get(name) ?? 0)])),
  };
}

async function startLoad(options: LoadOptions): Promise<{ run(): Promise<LoadReport> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'load-process.ts'), JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = linesOf(child);
  await lines.next();
  return {
    async run() {
      child.stdin!.write('go\n');
      const line = await lines.next();
      if (line.done) throw new Error('the load ended without a report');
      return JSON.parse(line.value) as LoadReport;
    },
  };
}

async function* linesOf(child: ChildProcess): AsyncGenerator<string> {
  let text = '';
  for await (const chunk of child.stdout!) {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}
