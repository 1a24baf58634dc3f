import type { Access } from '@signaldb/access';
import { type ControlPlane, createFlightClients, joinCluster, ownCertificate } from '@signaldb/component';
import { addFlightService, type InprocNetwork } from '@signaldb/flight';
import { createGrpcServer, type GrpcServer } from '@signaldb/grpc';
import { fileDescriptorSet } from '@signaldb/proto/descriptors';
import { type Logger, type Metrics, type Readiness, type TlsMaterial, toStartupError } from '@signaldb/runtime';
import { acceptorsOf, queriersOf } from './cluster-view.ts';
import type { RouterConfig } from './config.ts';
import { createFrontDoor } from './flight/front-door.ts';
import { createHttpApi } from './tempo/http-api.ts';
import { createStreamingQuerier, StreamingQuerierService } from './tempo/streaming-querier.ts';

export interface RouterDeps {
  readonly config: RouterConfig;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly controlPlane: ControlPlane;
  /** Where the other services run in this process. */
  readonly inproc?: InprocNetwork;
  readonly tls?: TlsMaterial;
  /** Who may come in; its cluster key seals tickets. */
  readonly access: Access;
  /** SignalDB's own. */
  readonly version: string;
}

/** The front door, open. */
export interface Router {
  readonly httpPort: number;
  readonly flightPort: number;
  /** Takes no more calls, lets those under way end, leaves the cluster. May be called twice. */
  close(): Promise<void>;
}

/** Opens the Tempo API and the Flight endpoint for everyone. Rejects with a StartupError where a port can't be had. */
export async function createRouter(deps: RouterDeps): Promise<Router> {
  const { config, logger, metrics, readiness, controlPlane, inproc, tls, access } = deps;
  const { clusterKey } = access;
  const membership = joinCluster({
    controlPlane,
    logger,
    info: {
      serviceId: '',
      type: 'processor',
      role: 'router',
      location: '',
      inputEventTypes: [],
      outputEventTypes: [],
      healthEndpoint: '',
      maxInflight: 0,
      metadata: {},
      supportedSchemas: [],
    },
  });
  const clients = createFlightClients({ membership, clusterKey, ...ownCertificate(tls), ...(inproc && { inproc }) });
  const source = queriersOf(membership, clients, clusterKey);
  const removeCheck = readiness.add('router.cluster', () => {
    if (!membership.registered) return 'the control plane is not reached';
    return membership.services('querier').length === 0 ? 'no querier is registered' : undefined;
  });

  const api = createHttpApi({
    config,
    source,
    access,
    version: deps.version,
    notReady: async () => {
      const { checks } = await readiness.report();
      return Object.entries(checks).flatMap(([name, outcome]) => (outcome === 'ok' ? [] : [`${name}: ${outcome}`]));
    },
    metricsText: () => metrics.registry.metrics(),
    onError: (err, url) => logger.error({ err, url }, 'request failed'),
  });
  await api.ready();
  const common = { logger, ...(tls && { tls }) };
  const httpServer = createGrpcServer({ ...common, http1: (request, response) => api.routing(request, response) });
  httpServer.addService(StreamingQuerierService, createStreamingQuerier({ config, source, access }));
  const flightServer = createGrpcServer({
    ...common,
    limits: { receiveMessageBytesMax: config.flightMessageBytesMax },
  });
  const { version } = deps;
  const acceptorFor = acceptorsOf(membership, clients);
  addFlightService(flightServer, createFrontDoor({ source, acceptorFor, access, config, version }));
  for (const server of [httpServer, flightServer]) {
    server.addReflection(fileDescriptorSet);
    server.addHealth();
  }

  const close = async () => {
    removeCheck();
    await Promise.all([httpServer.close(), flightServer.close()]);
    await membership.leave();
    await clients.close();
    await api.close();
  };
  try {
    const httpPort = await listen(httpServer, config.host, config.httpPort);
    const flightPort = await listen(flightServer, config.host, config.flightPort);
    logger.info({ httpPort, flightPort }, 'router listens');
    return { httpPort, flightPort, close };
  } catch (error) {
    await close();
    throw toStartupError(error);
  }
}

async function listen(server: GrpcServer, host: string, port: number): Promise<number> {
  return (await server.listen({ host, port })).port;
}
