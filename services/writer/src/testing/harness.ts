// A writer with everything around it that a test wants to hold in its hands.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ControlPlane, emptyClusterState, type ServiceInfo } from '@signaldb/component';
import { connectFlight, createInprocNetwork, type FlightClient } from '@signaldb/flight';
import { type Catalog, createCatalog, createMemoryPointers, marksOf, planFiles } from '@signaldb/iceberg';
import { createFaultyStore, createLocalStore, type FaultyStore } from '@signaldb/object-store';
import { createLogger, createMetrics, createReadiness, type Logger } from '@signaldb/runtime';
import { createWriter, type Writer, type WriterConfig, writerConfig } from '../index.ts';

export interface Harness {
  readonly dir: string;
  readonly store: FaultyStore;
  readonly catalog: Catalog;
  /** Starts a writer of its own data folder; `over` tells how clients reach it. */
  start(config?: Partial<WriterConfig>, options?: StartOptions): Promise<StartedWriter>;
  /** Rows of a table as its current snapshot lists them: by DuckDB from the files, see `query`. */
  files(tenant: string, table: string): Promise<string[]>;
  marks(tenant: string, table: string): Promise<Record<string, { epoch: number; lsn: number }>>;
  close(): Promise<void>;
}

export interface StartOptions {
  readonly over?: 'inproc' | 'grpc';
  readonly name?: string;
  readonly catalog?: Catalog;
}

export interface StartedWriter {
  readonly writer: Writer;
  readonly client: FlightClient;
  readonly dataDir: string;
}

const quick: Partial<WriterConfig> = {
  host: '127.0.0.1',
  flightPort: 0,
  encoderThreads: 0,
  cutIntervalMs: 30,
  commitIntervalMs: 30,
  barrierIntervalMs: 10,
  barrierTimeoutMs: 300,
  maintenanceIntervalMs: 0,
};

export async function openHarness(): Promise<Harness> {
  const dir = await mkdtemp(join(tmpdir(), 'signaldb-writer-'));
  const store = createFaultyStore(createLocalStore({ dir: join(dir, 'warehouse') }));
  const catalog = createCatalog({ store, pointers: createMemoryPointers() });
  const started: { close(): Promise<void> }[] = [];
  let count = 0;
  return {
    dir,
    store,
    catalog,
    async start(config = {}, { over = 'inproc', name = `writer-${++count}`, catalog: own = catalog } = {}) {
      const dataDir = join(dir, name);
      const inproc = over === 'inproc' ? createInprocNetwork() : undefined;
      const writer = await createWriter({
        config: { ...writerConfig.parse({}), ...quick, ...config },
        dataDir,
        store,
        catalog: own,
        controlPlane: loneControlPlane(),
        logger: testLogger(),
        metrics: createMetrics(),
        readiness: createReadiness(),
        inproc,
      });
      const client = inproc
        ? connectFlight('inproc://writer', { inproc })
        : connectFlight(`grpc://127.0.0.1:${writer.flightPort}`);
      started.push({ close: async () => void (await Promise.all([client.close(), writer.close()])) });
      return { writer, client, dataDir };
    },
    async files(tenant, table) {
      const { metadata } = await catalog.loadTable(tenant, table);
      const plan = await planFiles({ metadata, store });
      return plan.files.map(({ file }) => file['file-path'].replace('file://', ''));
    },
    async marks(tenant, table) {
      return marksOf((await catalog.loadTable(tenant, table)).metadata);
    },
    async close() {
      store.heal();
      await Promise.all(started.map((s) => s.close()));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const testLogger = (): Logger =>
  createLogger({ level: process.env.TEST_LOG ? 'debug' : 'silent', format: 'text', name: 'test' } as Parameters<
    typeof createLogger
  >[0]);

/** A control plane that knows nobody but who asks. */
function loneControlPlane(): ControlPlane {
  return {
    register: async (info: ServiceInfo) => ({ serviceId: info.serviceId || 'writer', epoch: 1, leaseMs: 60_000 }),
    heartbeat: async () => {},
    unregister: async () => {},
    async *watch(signal?: AbortSignal) {
      yield { ...emptyClusterState, revision: 1 };
      await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
    },
  } as unknown as ControlPlane;
}
