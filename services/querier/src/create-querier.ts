import { hostname } from 'node:os';
import type { Access } from '@signaldb/access';
import { type ControlPlane, createFlightClients, joinCluster, ownCertificate } from '@signaldb/component';
import { addFlightService, type InprocNetwork } from '@signaldb/flight';
import { createGrpcServer } from '@signaldb/grpc';
import type { Catalog } from '@signaldb/iceberg';
import type { ObjectStore } from '@signaldb/object-store';
import {
  createShutdown,
  type Logger,
  type Metrics,
  type Readiness,
  type TlsMaterial,
  toStartupError,
} from '@signaldb/runtime';
import { cancellableService } from './cancellable-service.ts';
import type { QuerierConfig } from './config.ts';
import { createEngine } from './create-engine.ts';
import { Peers } from './peers.ts';
import { sealedService } from './sealed-service.ts';

export interface QuerierDeps {
  readonly config: QuerierConfig;
  /** A folder of its own, for copies of files and for what queries spill. */
  readonly dataDir: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly controlPlane: ControlPlane;
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  /** Where the other services run in this process: there this one is served too. */
  readonly inproc?: InprocNetwork | undefined;
  readonly tls?: TlsMaterial | undefined;
  /** Its cluster key opens the tickets. */
  readonly access: Access;
}

/** A querier that takes queries. */
export interface Querier {
  readonly flightPort: number;
  /** Lets calls under way end, then leaves the cluster. May be called twice. */
  close(): Promise<void>;
}

/** What calls under way get to end in, when the querier stops. */
const graceMs = 3000;

/** Opens a querier. Rejects with a StartupError where the port or the data folder can't be had. */
export async function createQuerier(deps: QuerierDeps): Promise<Querier> {
  const { config, logger, readiness, controlPlane, store, inproc, tls, access } = deps;
  const opened = createShutdown({ logger });
  try {
    const peers = new Peers();
    const engine = opened.add('engine', createEngine(deps, peers));
    const server = createGrpcServer({ logger, ...(tls && { tls }) });
    const { clusterKey } = access;
    const service = sealedService(cancellableService(engine.service), clusterKey);
    addFlightService(server, service);
    server.addHealth();
    const { port: flightPort } = await server.listen({ host: config.host, port: config.flightPort });
    opened.add('flight', { close: () => server.close({ graceMs }) });
    if (inproc) opened.add('inproc', inproc.serve('querier', service));

    const location = inproc
      ? 'inproc://querier'
      : `${tls ? 'grpc+tls' : 'grpc'}://${advertisedHost(config)}:${flightPort}`;
    const membership = joinCluster({ controlPlane, logger, info: querierInfo(location) });
    opened.add('membership', { close: () => membership.leave() });
    const clients = opened.add(
      'clients',
      createFlightClients({ membership, clusterKey, ...ownCertificate(tls), ...(inproc && { inproc }) }),
    );
    peers.join(membership, clients);
    const checks = [
      readiness.add('querier.cluster', () => (membership.registered ? undefined : 'the control plane is not reached')),
      readiness.add('querier.store', () => store.ready().then(() => undefined)),
    ];
    opened.add('readiness', {
      close() {
        for (const remove of checks) remove();
      },
    });
    logger.info({ flightPort }, 'querier listens');
    return { flightPort, close: () => opened.run() };
  } catch (error) {
    await opened.run();
    throw toStartupError(error);
  }
}

function querierInfo(location: string) {
  return {
    serviceId: '',
    type: 'processor' as const,
    role: 'querier',
    location,
    inputEventTypes: ['arrow_data.ParquetFile'],
    outputEventTypes: ['arrow_data.ArrowBatch'],
    healthEndpoint: '',
    maxInflight: 0,
    metadata: {},
    supportedSchemas: [],
  };
}

function advertisedHost({ advertisedHost: advertised, host }: QuerierConfig): string {
  if (advertised !== undefined) return advertised;
  return host === '0.0.0.0' || host === '::' ? hostname() : host;
}
