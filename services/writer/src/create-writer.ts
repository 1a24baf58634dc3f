import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Access } from '@signaldb/access';
import { type ControlPlane, joinCluster, type Membership } from '@signaldb/component';
import { addFlightService, type FlightService, type InprocNetwork } from '@signaldb/flight';
import { createGrpcServer, GrpcError, Status } from '@signaldb/grpc';
import { type Catalog, createManifestReader } from '@signaldb/iceberg';
import type { ObjectStore } from '@signaldb/object-store';
import { createEncoder } from '@signaldb/parquet';
import { createShutdown, type Logger, type Metrics, type Readiness, type TlsMaterial } from '@signaldb/runtime';
import { ByteBudget } from './byte-budget.ts';
import type { WriterConfig } from './config.ts';
import { writerFlightService } from './flight-service.ts';
import { openHotFiles } from './hot-files.ts';
import { writerIdentity } from './identity.ts';
import { LogRegistry } from './log-registry.ts';
import { startMaintenance } from './maintenance.ts';
import { createWriterMetrics, watchBudgets } from './metrics.ts';
import { startSchedule } from './schedule.ts';
import { TableSet } from './table-set.ts';
import type { WriterContext } from './writer-context.ts';

export interface WriterDeps {
  readonly config: WriterConfig;
  /** Of the writer alone. Hot files live in `hot/` below it, which starts empty. */
  readonly dataDir: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly controlPlane: ControlPlane;
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  /** In the single process: the writer is also served as `inproc://writer`, and registered so. */
  readonly inproc?: InprocNetwork | undefined;
  readonly tls?: TlsMaterial | undefined;
  /** Who may come in over the network; default: everyone. */
  readonly access?: Access;
  /** Told what makes it impossible to go on. */
  readonly fail?: (error: unknown) => void;
}

export interface Writer {
  readonly flightPort: number;
  readonly membership: Membership;
  /** Cuts and commits all that has come. */
  flush(): Promise<void>;
  /** One round of compaction and snapshot expiry now. */
  maintain(): Promise<void>;
  /** Commits what is quickly committed, then lets go; the rest is sent again. May be called twice. */
  close(): Promise<void>;
}

const manifestCacheBytes = 32 * 2 ** 20;
/** Closing commits what has come if that takes no longer. */
const closeFlushMsMax = 5000;

/** Starts a writer: Flight service, hot files, commits, maintenance. */
export async function createWriter(deps: WriterDeps): Promise<Writer> {
  const { config, dataDir, metrics, readiness, controlPlane, catalog, store, inproc, tls, fail = () => {} } = deps;
  const logger = deps.logger.child({ component: 'writer' });
  const opened = createShutdown({ logger });
  const stop = new AbortController();
  const disk = new ByteBudget(config.hotBytesMax);
  const hotFiles = await openHotFiles({
    dir: join(dataDir, 'hot'),
    graceMs: config.hotFileGraceMs,
    budget: disk,
    logger,
  });
  try {
    const encoder = opened.add('encoder', createEncoder({ workers: config.encoderThreads }));
    const context: WriterContext = {
      config,
      catalog,
      store,
      reader: createManifestReader({ store, cacheBytesMax: manifestCacheBytes }),
      encoder,
      hotFiles,
      memory: new ByteBudget(config.memoryBytesMax),
      mergeMemory: new ByteBudget(config.mergeBytesMax),
      disk,
      metrics: createWriterMetrics(metrics),
      logger,
      stopping: stop.signal,
    };
    const logs = new LogRegistry();
    const tables = new TableSet(context);
    watchBudgets(metrics, { ...context, streams: () => logs.size });
    const stopped = new GrpcError(Status.UNAVAILABLE, 'the writer is shutting down');
    opened.add('streams', {
      close: () => {
        stop.abort(stopped);
        logs.endAll(stopped);
      },
    });
    const maintenance = opened.add('maintenance', startMaintenance(context, tables));
    const schedule = opened.add('schedule', startSchedule(context, tables, fail));
    opened.add('flush', { close: () => Promise.race([schedule.flush().catch(() => {}), pause(closeFlushMsMax)]) });

    const service = writerFlightService({ context, logs, tables });
    const flightPort = await serve(service);
    const location = inproc ? 'inproc://writer' : `grpc${tls ? '+tls' : ''}://${advertisedHost(config)}:${flightPort}`;
    const membership = joinCluster({
      controlPlane,
      logger,
      info: serviceInfo(await writerIdentity(dataDir), location),
    });
    opened.add('membership', { close: () => membership.leave() });
    opened.add('log registry', { close: () => logs.close() });

    readiness.add('writer.registered', () =>
      membership.registered ? undefined : 'the control plane does not know this writer',
    );
    readiness.add('writer.store', () => store.ready().then(() => undefined));
    logger.info({ flightPort, location }, 'writer listens');
    return {
      flightPort,
      membership,
      flush: () => schedule.flush(),
      maintain: () => maintenance.run(),
      close: () => opened.run(),
    };
  } catch (error) {
    await opened.run();
    throw error;
  }

  async function serve(service: Partial<FlightService>): Promise<number> {
    const server = createGrpcServer({
      logger,
      ...(tls && { tls }),
      limits: { receiveMessageBytesMax: Number.POSITIVE_INFINITY },
    });
    addFlightService(server, deps.access?.internalFlight(service) ?? service);
    server.addHealth();
    const { port } = await server.listen({ host: config.host, port: config.flightPort });
    opened.add('grpc', { close: () => server.close({ graceMs: 500 }) });
    if (inproc) opened.add('inproc', inproc.serve('writer', service));
    return port;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

function advertisedHost({ advertisedHost, host }: WriterConfig): string {
  return advertisedHost ?? (host === '0.0.0.0' || host === '::' ? hostname() : host);
}

const signalEvents = ['signaldb.traces', 'signaldb.logs', 'signaldb.metrics'];

const serviceInfo = (serviceId: string, location: string) => ({
  serviceId,
  type: 'sink' as const,
  role: 'writer',
  location,
  inputEventTypes: [...signalEvents, 'arrow_data.ArrowBatch'],
  outputEventTypes: ['arrow_data.ParquetFile'],
  healthEndpoint: '',
  maxInflight: 0,
  metadata: {},
  supportedSchemas: [],
});
