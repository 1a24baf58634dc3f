import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Access, openAccess } from '@signaldb/access';
import { ClusterKey, type ControlPlane, createFlightClients, joinCluster, ownCertificate } from '@signaldb/component';
import { addFlightService, type InprocNetwork } from '@signaldb/flight';
import { createGrpcServer, type GrpcServer, Status, youngGarbageCollector } from '@signaldb/grpc';
import type { Catalog } from '@signaldb/iceberg';
import { fileDescriptorSet } from '@signaldb/proto/descriptors';
import { createShutdown, type Logger, type Metrics, type Readiness, type TlsMaterial } from '@signaldb/runtime';
import { type Log, openLog } from '@signaldb/wal';
import type { AcceptorConfig } from './config.ts';
import { withRights } from './flight/door-rights.ts';
import { createFlightDoor } from './flight/flight-door.ts';
import { createUserTables } from './flight/user-tables.ts';
import { createWriteStream } from './flight/writes.ts';
import { cutsAfter } from './forward/cut-source.ts';
import { startForwarder } from './forward/forwarder.ts';
import { createLiveBuffer } from './forward/live-buffer.ts';
import { createProgress } from './forward/progress.ts';
import { createIntake } from './intake.ts';
import { type AcceptorMetrics, acceptorGauges, acceptorMetrics } from './metrics.ts';
import { addOtlpServices } from './otlp/otlp-grpc.ts';
import { createOtlpHttpHandler } from './otlp/otlp-http.ts';
import { type RefusalReason, retryHint } from './refusal.ts';

export interface AcceptorDeps {
  readonly config: AcceptorConfig;
  /** The acceptor's own folder, which nobody else uses. */
  readonly dataDir: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly controlPlane: ControlPlane;
  readonly catalog: Catalog;
  /** In one process with the others: serves `inproc://acceptor` and finds the writer there. */
  readonly inproc?: InprocNetwork | undefined;
  readonly tls?: TlsMaterial | undefined;
  /** Who may come in over the network; default: everyone. */
  readonly access?: Access;
  /** Told when the acceptor can't go on, as after a failed fsync: the process has to end. */
  readonly fail?: (error: unknown) => void;
}

export interface Acceptor {
  readonly otlpGrpcPort: number;
  readonly otlpHttpPort: number;
  readonly flightPort: number;
  readonly logId: string;
  /** Takes nothing more, sends on what is there, waits a bounded time for its commit. May be called twice. */
  close(): Promise<void>;
}

/** Starts an acceptor: recovers its log, opens its ports, joins the cluster. Rejects with what the operator can mend. */
export async function createAcceptor(deps: AcceptorDeps): Promise<Acceptor> {
  const { config, metrics, readiness, controlPlane, inproc, tls, fail = () => {} } = deps;
  const { access = openAccess(new ClusterKey()) } = deps;
  const logger = deps.logger.child({ component: 'acceptor' });
  const counted = acceptorMetrics(metrics);
  const opened = createShutdown({ logger });
  try {
    const log = opened.add('log', await openAcceptorLog(deps, logger, counted, fail));
    const limits = {
      rowsMax: config.batchRowsMax,
      bytesMax: config.batchBytesMax,
      ageMsMax: config.batchAgeMsMax,
      waitingBytesMax: config.forwardBytesMax,
      attributeColumnsMax: config.attributeColumnsMax,
    };
    const live = createLiveBuffer(limits, log);
    const progress = createProgress(log.trimmedLsn);
    const intake = createIntake({ log, live, durability: config.durability, metrics: counted });
    const tables = createUserTables(deps.catalog);

    const { retryAfterMs } = config;
    const common = {
      logger,
      collectGarbage: youngGarbageCollector(),
      retryHint: retryHint(Status.RESOURCE_EXHAUSTED, 'too much is being received', retryAfterMs),
      ...(tls && { tls }),
    };
    const requestLimits = { receiveMessageBytesMax: config.requestBytesMax, requestBytesMax: config.inflightBytesMax };
    const onRefused = (reason: RefusalReason) => counted.refused.inc({ reason });
    const httpHandler = createOtlpHttpHandler({
      intake,
      access,
      retryAfterMs,
      onRefused,
      corsOrigins: config.corsOrigins,
      requestBytesMax: config.requestBytesMax,
      inflightBytesMax: config.inflightBytesMax,
      onError: (err) => logger.error({ err }, 'an OTLP/HTTP request failed'),
    });
    const otlpGrpc = createGrpcServer({ ...common, limits: requestLimits });
    const otlpHttp = createGrpcServer({ ...common, limits: requestLimits, http1: httpHandler });
    const flight = createGrpcServer({
      ...common,
      limits: {
        receiveMessageBytesMax: config.flightMessageBytesMax,
        requestBytesMax: Math.max(config.inflightBytesMax, config.flightMessageBytesMax),
      },
    });
    addOtlpServices(otlpGrpc, { intake, access, retryAfterMs, onRefused });

    const ports = {
      otlpGrpcPort: 0,
      otlpHttpPort: 0,
      flightPort: 0,
    };
    const write = createWriteStream({
      intake,
      tables,
      progress,
      retryAfterMs,
      onRefused,
      waitMsMax: config.flightWaitMsMax,
    });
    const door = withRights(createFlightDoor({ write, tables, barrier }));
    addFlightService(flight, access.flight(door));
    for (const server of [otlpGrpc, flight]) {
      server.addHealth();
      server.addReflection(fileDescriptorSet);
    }
    const listen = async (name: string, server: GrpcServer, port: number) => {
      const bound = await server.listen({ host: config.host, port });
      opened.add(name, { close: () => server.close({ graceMs: graceMs(config) }) });
      return bound.port;
    };
    ports.otlpGrpcPort = await listen('OTLP gRPC', otlpGrpc, config.otlpGrpcPort);
    ports.otlpHttpPort = await listen('OTLP HTTP', otlpHttp, config.otlpHttpPort);
    ports.flightPort = await listen('Flight', flight, config.flightPort);
    if (inproc) opened.add('inproc', inproc.serve('acceptor', door));

    const host = advertisedHost(config);
    const membership = joinCluster({
      controlPlane,
      logger,
      info: {
        serviceId: `acceptor-${log.id}`,
        type: 'source',
        role: 'acceptor',
        location: inproc ? 'inproc://acceptor' : `${tls ? 'grpc+tls' : 'grpc'}://${host}:${ports.flightPort}`,
        inputEventTypes: [],
        outputEventTypes: ['signaldb.traces', 'signaldb.logs', 'signaldb.metrics', 'arrow_data.ArrowBatch'],
        healthEndpoint: '',
        maxInflight: 0,
        metadata: {
          log_id: log.id,
          otlp_grpc: `${host}:${ports.otlpGrpcPort}`,
          otlp_http: `${host}:${ports.otlpHttpPort}`,
        },
        supportedSchemas: [],
      },
    });
    opened.add('membership', { close: () => membership.leave() });
    const clients = opened.add(
      'clients',
      createFlightClients({
        membership,
        clusterKey: access.clusterKey,
        keepAliveMs: 10_000,
        ...ownCertificate(tls),
        ...(inproc && { inproc }),
      }),
    );
    const forwarder = startForwarder({
      log,
      controlPlane,
      membership,
      clients,
      progress,
      logger,
      rebalanceDelayMs: config.rebalanceDelayMs,
      cutsAfter: (lsn, signal) =>
        cutsAfter(
          {
            log,
            live,
            limits,
            onMode: (mode) => mode === 'replay' && counted.replays.inc(),
            onUndecodable: (record, err) => {
              counted.undecodable.inc();
              logger.error({ err, lsn: record.lsn, kind: record.kind }, 'a record of the log cannot be decoded');
            },
          },
          lsn,
          signal,
        ),
      onBreak: () => counted.streamBreaks.inc(),
      onSent: ({ batches }) => {
        counted.sentBatches.inc(batches.length);
        for (const { batch } of batches) counted.sentRows.inc(batch.numRows);
      },
    });

    async function barrier() {
      const lsn = config.durability === 'memory' ? log.nextLsn - 1 : log.durableLsn;
      live.hurry();
      const { epoch = 0, writerId = '' } = (await forwarder.assigned(barrierWaitMs)) ?? {};
      return { log_id: log.id, epoch, lsn, writer_id: writerId };
    }

    readiness.add('acceptor.log', () => log.failure?.message);
    readiness.add('acceptor.cluster', () => (membership.registered ? undefined : 'the control plane is not reached'));
    acceptorGauges(metrics, {
      log,
      live,
      progress,
      bytesMax: config.logBytesMax,
      assignment: () => forwarder.assignment,
      connected: () => forwarder.connected,
    });
    logger.info({ ...ports, logId: log.id }, 'acceptor listens');

    let closing: Promise<void> | undefined;
    const close = async () => {
      await Promise.all([otlpGrpc, otlpHttp, flight].map((server) => server.close({ graceMs: graceMs(config) })));
      intake.close();
      live.hurry();
      const drained = await isDrained();
      await forwarder.close({ drained });
      live.close();
      await opened.run();
    };
    const isDrained = async () => {
      const last = log.nextLsn - 1;
      if (!forwarder.connected) return progress.reached('iceberg_committed') >= last;
      return progress.committed(last, AbortSignal.timeout(config.drainMsMax)).then(
        () => true,
        () => false,
      );
    };
    return {
      ...ports,
      logId: log.id,
      close: () => {
        closing ??= close();
        return closing;
      },
    };
  } catch (error) {
    await opened.run();
    throw error;
  }
}

/** How long a barrier waits for the log's first writer; less than queriers wait for the barrier. */
const barrierWaitMs = 1000;

/** What calls under way get to end in, when the acceptor stops. */
function graceMs(config: AcceptorConfig): number {
  return Math.min(2000, config.drainMsMax);
}

async function openAcceptorLog(
  { config, dataDir }: AcceptorDeps,
  logger: Logger,
  counted: AcceptorMetrics,
  fail: (error: unknown) => void,
): Promise<Log> {
  const started = performance.now();
  const log = await openLog({
    dir: join(dataDir, 'wal'),
    bytesMax: config.logBytesMax,
    segmentBytesMax: Math.min(config.logSegmentBytesMax, Math.floor(config.logBytesMax / 2)),
    queueBytesMax: config.logQueueBytesMax,
    retainMs: config.logRetainMs,
    idempotencyKeysMax: config.idempotencyKeysMax,
    fsync: config.logFsync,
    onCommit: ({ bytes, syncSeconds }) => {
      counted.commitBytes.inc(bytes);
      counted.fsyncSeconds.observe(syncSeconds);
    },
    onBroken: (part) => {
      counted.brokenParts.inc();
      logger.error({ ...part }, 'a part of the log is damaged; it is kept aside');
    },
    onFailed: (err) => {
      logger.fatal({ err }, 'the log failed');
      fail(err);
    },
  });
  const { recovery } = log;
  const ms = Math.round(performance.now() - started);
  for (const part of recovery.broken) {
    counted.brokenParts.inc();
    logger.error({ ...part }, 'a part of the log is damaged; it is kept aside');
  }
  for (const gap of recovery.missing) logger.error({ ...gap }, 'a part of the log is missing');
  const { records, tornBytes, segments } = recovery;
  logger.info(
    { logId: log.id, firstLsn: log.firstLsn, nextLsn: log.nextLsn, records, segments, tornBytes, ms },
    'log recovered',
  );
  return log;
}

function advertisedHost({ advertisedHost: given, host }: AcceptorConfig): string {
  if (given !== undefined) return given;
  return host === '0.0.0.0' || host === '::' ? hostname() : host;
}
