import { randomBytes } from 'node:crypto';
import { type Access, openAccess } from '@signaldb/access';
import { ClusterKey, type ClusterState, type ControlPlane } from '@signaldb/component';
import { createGrpcServer } from '@signaldb/grpc';
import { type Catalog, createCatalog } from '@signaldb/iceberg';
import type { ObjectStore } from '@signaldb/object-store';
import { fileDescriptorSet } from '@signaldb/proto/descriptors';
import { ControlPlaneService } from '@signaldb/proto/flowctl/control_plane';
import { ControlPlaneServiceService as ComponentService } from '@signaldb/proto/flowctl/v1/control_plane';
import { createShutdown, type Logger, type Metrics, type Readiness, type TlsMaterial } from '@signaldb/runtime';
import { createCatalogServer } from './catalog-server.ts';
import { componentService } from './component-service.ts';
import type { FlowctlConfig } from './config.ts';
import { createControlPlane } from './control-plane.ts';
import { controlPlaneService } from './control-plane-service.ts';
import { openEmbeddedMachine } from './embedded-machine.ts';
import { createLatest } from './latest.ts';
import { createLeases } from './leases.ts';
import { proposeOrThrow } from './machine.ts';
import { admitMembers } from './members.ts';
import { flowctlMetrics } from './metrics.ts';
import { createPipelineRuns } from './pipeline-runs.ts';
import { createPointerStore } from './pointer-store.ts';
import { createSchemaRegistry } from './schema-registry.ts';
import { clusterState } from './state/cluster-state.ts';

export interface FlowctlDeps {
  readonly config: FlowctlConfig;
  /** Of flowctl alone. */
  readonly dataDir: string;
  /** Where the catalog keeps metadata files. */
  readonly store: ObjectStore;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly tls?: TlsMaterial | undefined;
  /** Who may come in; default: everyone. Its cluster key is known once flowctl runs. */
  readonly access?: Access;
  /** Told when the state can't be kept any more: the process has to end. */
  readonly fail?: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface Flowctl {
  /** For services in the same process. */
  readonly controlPlane: ControlPlane;
  /** For services in the same process. */
  readonly catalog: Catalog;
  readonly grpcPort: number;
  readonly httpPort: number;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Starts the control plane: its state, gRPC, and the Iceberg REST catalog. */
export async function createFlowctl(deps: FlowctlDeps): Promise<Flowctl> {
  const { config, dataDir, store, metrics, readiness, tls, fail = () => {}, now = Date.now } = deps;
  const { access = openAccess(new ClusterKey()) } = deps;
  const logger = deps.logger.child({ component: 'flowctl' });
  const opened = createShutdown({ logger });
  try {
    const machine = await openEmbeddedMachine({
      dir: dataDir,
      logger,
      snapshotEveryCommands: config.snapshotEveryCommands,
      onFatal: fail,
    });
    opened.add('state', machine);
    if (!access.clusterKey.known) {
      const made = { type: 'make-cluster-key', key: randomBytes(32).toString('base64') } as const;
      access.clusterKey.learn(Buffer.from(await proposeOrThrow<string>(machine, made), 'base64'));
    }
    const watched = opened.add('watches', createLatest<ClusterState>(clusterState(machine.state)));
    machine.onChange((state) => {
      if (state.revision !== watched.value.revision) watched.set(clusterState(state));
    });

    const leases = createLeases({ machine, logger, leaseMs: config.leaseMs, forgetAfterMs: config.forgetAfterMs, now });
    const ticks = setInterval(
      () => leases.tick().catch((error) => logger.error({ err: error }, 'lease check failed')),
      config.leaseMs / 4,
    );
    opened.add('leases', { close: () => clearInterval(ticks) });

    const schemas = createSchemaRegistry(machine, leases);
    const controlPlane = createControlPlane({ machine, leases, schemas, watched });
    const catalog = createCatalog({ store, pointers: createPointerStore(machine) });

    const members = admitMembers(access);
    const server = createGrpcServer({ logger, interceptors: [members.interceptor], ...(tls && { tls }) });
    const runs = createPipelineRuns(machine, now);
    server.addService(
      ControlPlaneService,
      controlPlaneService({ controlPlane, schemas, runs, closing: server.closing, keyFor: members.keyFor }),
    );
    server.addService(
      ComponentService,
      componentService(controlPlane, () => machine.state),
    );
    server.addHealth();
    server.addReflection(fileDescriptorSet);
    const catalogServer = await createCatalogServer({
      catalog,
      access,
      tls,
      host: config.host,
      port: config.httpPort,
      requestBytesMax: config.catalogRequestBytesMax,
      logger,
    });
    opened.add('catalog', catalogServer);
    const { port: grpcPort } = await server.listen({ host: config.host, port: config.grpcPort });
    opened.add('grpc', { close: () => server.close({ graceMs: 1000 }) });

    flowctlMetrics(metrics, machine);
    readiness.add('flowctl.store', () => store.ready().then(() => undefined));
    logger.info({ grpcPort, httpPort: catalogServer.port }, 'control plane listens');
    return { controlPlane, catalog, grpcPort, httpPort: catalogServer.port, close: () => opened.run() };
  } catch (error) {
    await opened.run();
    throw error;
  }
}
