import { resolve } from 'node:path';
import { enterCluster } from '@signaldb/access';
import { createRestCatalogClient } from '@signaldb/iceberg';
import { openStore } from '@signaldb/object-store';
import {
  authConfig,
  callerDir,
  commonConfig,
  controlPlaneConfig,
  defineConfig,
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
    auth: authConfig,
    tls: tlsConfig,
    querier: querierConfig,
  }),
  async start({ config, logger, metrics, readiness, shutdown }) {
    const folder = shutdown.add('data folder', openDataFolder({ dir: config.dataDir, formatVersion: 1 }));
    const { url, options } = storeLocation(config.store, resolve(callerDir(), 'data', 'warehouse'));
    const store = shutdown.add('object store', openStore(url, options));
    const { tls, access, controlPlane, catalogFetch } = enterCluster(config, { logger, shutdown });
    const catalog = createRestCatalogClient({ uri: config.controlPlane.catalogUri, fetch: catalogFetch });
    const deps = {
      config: config.querier,
      dataDir: folder.dir,
      store,
      controlPlane,
      catalog,
      logger,
      metrics,
      readiness,
      access,
      tls,
    };
    shutdown.add('querier', await createQuerier(deps));
  },
});
