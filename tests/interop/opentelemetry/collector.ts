import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const version = 'v0.160.0';
const components = [
  'receiver/otlpreceiver',
  'processor/batchprocessor',
  'exporter/otlpexporter',
  'exporter/otlphttpexporter',
];

/** The OpenTelemetry Collector with what the suite needs of it, built once into the cache folder. Throws with the command that failed. */
export async function buildCollector(cacheDir: string, log: (line: string) => void): Promise<string> {
  const folder = join(cacheDir, `otel-collector-${version}`);
  const program = join(folder, 'collector');
  if (existsSync(program)) return program;
  log(`building the OpenTelemetry Collector ${version} (once, some minutes)`);
  const draft = `${folder}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  const of = (kind: string) =>
    components.filter((c) => c.startsWith(kind)).map((c) => `  - gomod: go.opentelemetry.io/collector/${c} ${version}`);
  const manifest = [
    `dist: { name: collector, output_path: ${join(draft, 'build')} }`,
    ...['receiver', 'processor', 'exporter'].flatMap((kind) => [`${kind}s:`, ...of(kind)]),
  ];
  await writeFile(join(draft, 'manifest.yaml'), `${manifest.join('\n')}\n`);
  const builder = [
    'run',
    `go.opentelemetry.io/collector/cmd/builder@${version}`,
    '--config',
    join(draft, 'manifest.yaml'),
  ];
  try {
    await run('go', builder, { maxBuffer: 64 << 20, env: { ...process.env, CGO_ENABLED: '0' } });
    await mkdir(folder, { recursive: true });
    await rename(join(draft, 'build', 'collector'), program);
  } catch (error) {
    throw new Error(`the collector could not be built; run: go ${builder.join(' ')}`, { cause: error });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return program;
}

export interface CollectorOptions {
  readonly program: string;
  readonly dir: string;
  /** Where it listens for OTLP/gRPC. */
  readonly port: number;
  readonly otlpGrpc: number;
  readonly otlpHttp: number;
}

/** A collector that passes each span on three times: over gRPC with gzip, over HTTP with protobuf and with JSON. */
export async function startCollector({
  program,
  dir,
  port,
  otlpGrpc,
  otlpHttp,
}: CollectorOptions): Promise<{ stop(): Promise<void> }> {
  const config = `
receivers: { otlp: { protocols: { grpc: { endpoint: 127.0.0.1:${port} } } } }
processors: { batch: { timeout: 50ms } }
exporters:
  otlp: { endpoint: 127.0.0.1:${otlpGrpc}, compression: gzip, tls: { insecure: true } }
  otlphttp/protobuf: { endpoint: http://127.0.0.1:${otlpHttp}, encoding: proto }
  otlphttp/json: { endpoint: http://127.0.0.1:${otlpHttp}, encoding: json }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], processors: [batch], exporters: [otlp, otlphttp/protobuf, otlphttp/json] } }
`;
  const path = join(dir, 'collector.yaml');
  await writeFile(path, config);
  const child = spawn(program, ['--config', path], { stdio: ['ignore', 'ignore', 'pipe'] });
  await untilReady(child);
  return {
    async stop() {
      const exit = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exit;
    },
  };
}

function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr!.on('data', (chunk) => {
      text += chunk;
      if (text.includes('Everything is ready')) resolve();
    });
    child.on('exit', (code) => reject(new Error(`the collector ended with ${code}:\n${text.slice(-2000)}`)));
  });
}
