import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster } from '../../system/cluster.ts';
import { freePorts } from '../../system/free-ports.ts';
import { buildCollector, startCollector } from '../opentelemetry/collector.ts';
import { pythonVenv } from '../python-venv.ts';
import type { SuiteContext } from '../suite.ts';

/** The OpenTelemetry SDK (Python) and the Collector into SignalDB, in one process and in five: what comes back equals what was sent. */
export const name = 'opentelemetry';

const script = join(import.meta.dirname, '../python/opentelemetry_checks.py');
const packages = [
  'opentelemetry-sdk==1.45.0',
  'opentelemetry-exporter-otlp-proto-grpc==1.45.0',
  'opentelemetry-exporter-otlp-proto-http==1.45.0',
  'pyarrow==26.0.1',
  'adbc-driver-flightsql==1.13.0',
  'adbc-driver-manager==1.13.0',
];

export async function run({ cacheDir, log }: SuiteContext): Promise<void> {
  const venv = await pythonVenv(cacheDir, packages, log);
  const program = await buildCollector(cacheDir, log);
  for (const processes of ['one', 'five'] as const) {
    const dir = await mkdtemp(join(tmpdir(), 'signaldb-otel-'));
    const cluster = await startCluster({ dir, processes, ports: 'free' });
    try {
      await cluster.ready();
      const { otlpGrpc, otlpHttp, routerHttp, routerFlight } = cluster.ports;
      const [port] = (await freePorts(1)) as [number];
      const collector = await startCollector({ program, dir, port, otlpGrpc, otlpHttp });
      try {
        const ports = {
          otlp_grpc: otlpGrpc,
          otlp_http: otlpHttp,
          collector_grpc: port,
          tempo: routerHttp,
          flight: routerFlight,
        };
        const checks = await venv.run(script, [JSON.stringify(ports)]);
        log(`as ${processes}: ${Object.entries(checks).flat().join(', ')}`);
      } finally {
        await collector.stop();
      }
    } finally {
      await cluster.stop();
      await rm(dir, { recursive: true, force: true });
    }
  }
}
