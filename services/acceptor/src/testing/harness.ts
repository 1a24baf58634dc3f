import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Access } from '@signaldb/access';
import { addFlightService, connectFlight, createInprocNetwork, type FlightClient } from '@signaldb/flight';
import { createGrpcServer, type GrpcServer } from '@signaldb/grpc';
import { type Catalog, createCatalog, createMemoryPointers } from '@signaldb/iceberg';
import { createLocalStore } from '@signaldb/object-store';
import {
  createLogger,
  createMetrics,
  createReadiness,
  loadConfig,
  type Metrics,
  type Readiness,
} from '@signaldb/runtime';
import { type Acceptor, createAcceptor } from '../acceptor.ts';
import { type AcceptorConfig, acceptorConfig } from '../config.ts';
import { createFakeControlPlane, type FakeControlPlane } from './fake-control-plane.ts';
import { createOtlpClient, type OtlpClient } from './otlp-client.ts';
import { createStandInWriter, type StandInWriter } from './stand-in-writer.ts';

export type Transport = 'inproc' | 'sockets';

export interface Harness {
  readonly dir: string;
  readonly controlPlane: FakeControlPlane;
  readonly catalog: Catalog;
  /** Starts an acceptor in the harness's folder, on free ports. */
  start(config?: Partial<AcceptorConfig>, access?: Access): Promise<RunningAcceptor>;
  /** Starts a writer and registers it. */
  startWriter(writer?: StandInWriter, id?: string): Promise<{ writer: StandInWriter; stop(): Promise<void> }>;
  close(): Promise<void>;
}

export interface RunningAcceptor extends Acceptor {
  readonly otlp: OtlpClient;
  readonly flight: FlightClient;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly failures: unknown[];
}

/** Everything around an acceptor, on one transport. */
export async function createHarness(transport: Transport): Promise<Harness> {
  const dir = await mkdtemp(join(tmpdir(), 'acceptor-'));
  const controlPlane = createFakeControlPlane();
  const store = createLocalStore({ dir: join(dir, 'warehouse'), fsync: false });
  const catalog = createCatalog({ store, pointers: createMemoryPointers() });
  const inproc = transport === 'inproc' ? createInprocNetwork({ bufferBytesMax: smallBytes }) : undefined;
  const cleanups: (() => Promise<unknown>)[] = [];

  return {
    dir,
    controlPlane,
    catalog,
    start: async (settings = {}, access = undefined) => {
      const config = { ...loadConfig(acceptorConfig, { env: {}, argv: [] }), ...localSettings, ...settings };
      const metrics = createMetrics();
      const readiness = createReadiness();
      const failures: unknown[] = [];
      const logger = createLogger({ level: (process.env.TEST_LOG_LEVEL as 'debug') ?? 'silent' });
      const acceptor = await createAcceptor({
        config,
        dataDir: dir,
        logger,
        metrics,
        readiness,
        controlPlane,
        catalog,
        inproc,
        ...(access && { access }),
        fail: (error) => failures.push(error),
      });
      const otlp = createOtlpClient(acceptor);
      const location = inproc ? 'inproc://acceptor' : `grpc://127.0.0.1:${acceptor.flightPort}`;
      const flight = connectFlight(location, { ...(inproc && { inproc }) });
      const close = async () => {
        await flight.close();
        otlp.close();
        await acceptor.close();
      };
      cleanups.push(close);
      return { ...acceptor, otlp, flight, metrics, readiness, failures, close };
    },
    startWriter: async (writer = createStandInWriter(), id = 'writer-1') => {
      let location = `inproc://${id}`;
      let server: GrpcServer | undefined;
      let served: { close(): void } | undefined;
      if (inproc) {
        served = inproc.serve(id, writer.service);
      } else {
        server = createGrpcServer({ limits: smallWindows });
        addFlightService(server, writer.service);
        location = `grpc://127.0.0.1:${(await server.listen({ host: '127.0.0.1', port: 0 })).port}`;
      }
      await controlPlane.register({ ...writerInfo, serviceId: id, location });
      const stop = async () => {
        writer.breakStreams();
        served?.close();
        await controlPlane.unregister(id);
        await server?.close({ graceMs: 0 });
      };
      cleanups.push(stop);
      return { writer, stop };
    },
    close: async () => {
      for (const cleanup of cleanups.reverse()) await cleanup();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

// Little waits between acceptor and writer, so that a writer that stands still is felt soon.
const smallBytes = 256 * 1024;
const smallWindows = {
  streamWindowBytes: smallBytes,
  connectionWindowBytes: smallBytes,
  receiveBufferBytes: smallBytes,
};

const localSettings = {
  host: '127.0.0.1',
  otlpGrpcPort: 0,
  otlpHttpPort: 0,
  flightPort: 0,
  batchAgeMsMax: 20,
  drainMsMax: 500,
  rebalanceDelayMs: 100,
};

const writerInfo = {
  type: 'sink',
  role: 'writer',
  inputEventTypes: [],
  outputEventTypes: [],
  healthEndpoint: '',
  maxInflight: 0,
  metadata: {},
  supportedSchemas: [],
} as const;

/** Waits until something holds, with a bound. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(5);
  }
}
