import { createAccess } from '@signaldb/access';
import { ClusterKey, clusterFetch, connectControlPlane, ownCertificate } from '@signaldb/component';
import { createRestCatalogClient } from '@signaldb/iceberg';
import {
  authConfig,
  commonConfig,
  controlPlaneConfig,
  defineConfig,
  loadTlsMaterial,
  openDataFolder,
  path,
  runService,
  tlsConfig,
} from '@signaldb/runtime';
import { createAcceptor } from './acceptor.ts';
import { acceptorConfig } from './config.ts';

await runService({
  name: 'acceptor',
  description: 'takes OTLP and Flight writes, logs them, and sends them on to a writer',
  config: defineConfig({
    ...commonConfig,
    dataDir: path().default('./data/acceptor').describe('Folder of the log'),
    controlPlane: controlPlaneConfig,
    auth: authConfig,
    tls: tlsConfig,
    acceptor: acceptorConfig,
  }),
  async start({ config, logger, metrics, readiness, shutdown, fail }) {
    const folder = shutdown.add('data folder', openDataFolder({ dir: config.dataDir, formatVersion: 1 }));
    const tls = loadTlsMaterial(config.tls);
    const clusterKey = new ClusterKey(config.auth.clusterKey);
    const access = shutdown.add('access', createAccess({ config: config.auth, clusterKey, logger }));
    const { address, catalogUri } = config.controlPlane;
    const controlPlane = shutdown.add(
      'control plane',
      connectControlPlane(address, { clusterKey, ...ownCertificate(tls) }),
    );
    const catalog = createRestCatalogClient({
      uri: catalogUri,
      fetch: clusterFetch(clusterKey, ownCertificate(tls).tls),
    });
    const deps = { config: config.acceptor, dataDir: folder.dir, logger, metrics, readiness, controlPlane, catalog };
    shutdown.add('acceptor', await createAcceptor({ ...deps, access, tls, fail }));
  },
});
