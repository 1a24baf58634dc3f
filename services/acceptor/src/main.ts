import { connectControlPlane } from '@signaldb/component';
import { createRestCatalogClient } from '@signaldb/iceberg';
import {
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
    tls: tlsConfig,
    acceptor: acceptorConfig,
  }),
  async start({ config, logger, metrics, readiness, shutdown, fail }) {
    const folder = shutdown.add('data folder', openDataFolder({ dir: config.dataDir, formatVersion: 1 }));
    const tls = loadTlsMaterial(config.tls);
    const controlPlane = shutdown.add('control plane', connectControlPlane(config.controlPlane.address));
    const catalog = createRestCatalogClient({ uri: config.controlPlane.catalogUri });
    const deps = { config: config.acceptor, dataDir: folder.dir, logger, metrics, readiness, controlPlane, catalog };
    shutdown.add('acceptor', await createAcceptor({ ...deps, tls, fail }));
  },
});
