import { resolve } from 'node:path';
import { connectControlPlane } from '@signaldb/component';
import { createRestCatalogClient } from '@signaldb/iceberg';
import { openStore } from '@signaldb/object-store';
import {
  callerDir,
  commonConfig,
  controlPlaneConfig,
  defineConfig,
  loadTlsMaterial,
  openDataFolder,
  path,
  runService,
  storeConfig,
  storeLocation,
  tlsConfig,
} from '@signaldb/runtime';
import { querierConfig } from './config.ts';
import { createQuerier } from './create-querier.ts';

await runService({
  name: 'querier',
  description: 'answers SQL, searches and trace look-ups over the tables and what the writers hold beyond them',
  config: defineConfig({
    ...commonConfig,
    dataDir: path().default('./data/querier').describe('Folder of the file cache'),
    controlPlane: controlPlaneConfig,
    store: storeConfig,
    tls: tlsConfig,
    querier: querierConfig,
  }),
  async start({ config, logger, metrics, readiness, shutdown }) {
    const folder = shutdown.add('data folder', openDataFolder({ dir: config.dataDir, formatVersion: 1 }));
    const { url, options } = storeLocation(config.store, resolve(callerDir(), 'data', 'warehouse'));
    const store = shutdown.add('object store', openStore(url, options));
    const controlPlane = shutdown.add('control plane', connectControlPlane(config.controlPlane.address));
    const catalog = createRestCatalogClient({ uri: config.controlPlane.catalogUri });
    const tls = loadTlsMaterial(config.tls);
    const deps = {
      config: config.querier,
      dataDir: folder.dir,
      store,
      controlPlane,
      catalog,
      logger,
      metrics,
      readiness,
      tls,
    };
    shutdown.add('querier', await createQuerier(deps));
  },
});
