// The one-process system as a benchmark sees it: started in a folder of its own on free ports, asked over the network.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

export interface System {
  readonly pid: number;
  readonly dir: string;
  readonly otlpGrpcUrl: string;
  readonly tempoUrl: string;
  readonly catalogUrl: string;
  readonly flightLocation: string;
  /** Stops it; removes its folder. */
  stop(): Promise<void>;
}

/** Starts the system and waits until it is ready. Throws with its output where it ends instead. */
export async function startSystem(
  options: { readonly nodeFlags?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<System> {
  const dir = await mkdtemp(join(tmpdir(), 'signaldb-bench-'));
  const [otlpGrpc, otlpHttp, acceptor, writer, querier, http, flight, controlPlane, catalog, ops] = (await freePorts(
    10,
  )) as [number, number, number, number, number, number, number, number, number, number];
  const child = spawn(
    process.execPath,
    ['--initial-old-space-size=256', ...(options.nodeFlags ?? []), 'services/signaldb/src/main.ts'],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        SIGNALDB_DATA_DIR: dir,
        SIGNALDB_LOG_LEVEL: 'warn',
        SIGNALDB_ACCEPTOR_OTLP_GRPC_PORT: String(otlpGrpc),
        SIGNALDB_ACCEPTOR_OTLP_HTTP_PORT: String(otlpHttp),
        SIGNALDB_ACCEPTOR_FLIGHT_PORT: String(acceptor),
        SIGNALDB_WRITER_FLIGHT_PORT: String(writer),
        SIGNALDB_QUERIER_FLIGHT_PORT: String(querier),
        SIGNALDB_ROUTER_HTTP_PORT: String(http),
        SIGNALDB_ROUTER_FLIGHT_PORT: String(flight),
        SIGNALDB_FLOWCTL_GRPC_PORT: String(controlPlane),
        SIGNALDB_FLOWCTL_HTTP_PORT: String(catalog),
        SIGNALDB_OPS_PORT: String(ops),
        ...options.env,
      },
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => (output = (output + text).slice(-20_000)));
  const tempoUrl = `http://127.0.0.1:${http}`;
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null || tries > 300) throw new Error(`SignalDB did not become ready:\n${output}`);
    const ready = await fetch(`http://127.0.0.1:${ops}/readyz`).then(
      (r) => r.ok,
      () => false,
    );
    if (ready) break;
    await pause(100);
  }
  return {
    pid: child.pid!,
    dir,
    otlpGrpcUrl: `http://127.0.0.1:${otlpGrpc}`,
    tempoUrl,
    catalogUrl: `http://127.0.0.1:${catalog}`,
    flightLocation: `grpc://127.0.0.1:${flight}`,
    async stop() {
      await ended(child);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** The rows and bytes of a table's current snapshot, by the Iceberg catalog. */
export async function committed(
  system: System,
  table: string,
  namespace = 'default',
): Promise<{ rows: number; bytes: number; files: number }> {
  const response = await fetch(`${system.catalogUrl}/v1/namespaces/${namespace}/tables/${table}`);
  if (!response.ok) return { rows: 0, bytes: 0, files: 0 };
  const { metadata } = (await response.json()) as { metadata: Record<string, unknown> };
  const snapshots = (metadata.snapshots ?? []) as { 'snapshot-id': number; summary: Record<string, string> }[];
  const summary = snapshots.find((s) => s['snapshot-id'] === metadata['current-snapshot-id'])?.summary ?? {};
  return {
    rows: Number(summary['total-records'] ?? 0),
    bytes: Number(summary['total-files-size'] ?? 0),
    files: Number(summary['total-data-files'] ?? 0),
  };
}

/** Bytes of all files below a folder. */
export async function folderBytes(dir: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
  }
  return bytes;
}
