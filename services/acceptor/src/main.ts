import { enterCluster } from '@signaldb/access';
import { createRestCatalogClient } from '@signaldb/iceberg';
import {
  authConfig,
  commonConfig,
  controlPlaneConfig,
  defineConfig,
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
    const { tls, access, controlPlane, catalogFetch } = enterCluster(config, { logger, shutdown });
    const catalog = createRestCatalogClient({ uri: config.controlPlane.catalogUri, fetch: catalogFetch });
    const deps = { config: config.acceptor, dataDir: folder.dir, logger, metrics, readiness, controlPlane, catalog };
    shutdown.add('acceptor', await createAcceptor({ ...deps, access, tls, fail }));
  },
});
