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
import { writerConfig } from './config.ts';
import { createWriter } from './create-writer.ts';

await runService({
  name: 'writer',
  description: 'turns the acceptors’ logs into Parquet files and commits them to Iceberg tables',
  config: defineConfig({
    ...commonConfig,
    dataDir: path().default('./data/writer').describe('Folder of hot files'),
    controlPlane: controlPlaneConfig,
    store: storeConfig,
    auth: authConfig,
    tls: tlsConfig,
    writer: writerConfig,
  }),
  async start({ config, logger, metrics, readiness, shutdown, fail }) {
    const folder = shutdown.add('data folder', openDataFolder({ dir: config.dataDir, formatVersion: 1 }));
    const { url, options } = storeLocation(config.store, resolve(callerDir(), 'data', 'warehouse'));
    const store = shutdown.add('object store', openStore(url, options));
    const { tls, access, controlPlane, catalogFetch } = enterCluster(config, { logger, shutdown });
    const catalog = createRestCatalogClient({ uri: config.controlPlane.catalogUri, fetch: catalogFetch });
    const deps = {
      config: config.writer,
      dataDir: folder.dir,
      store,
      controlPlane,
      catalog,
      logger,
      metrics,
      readiness,
      access,
      tls,
      fail,
    };
    shutdown.add('writer', await createWriter(deps));
  },
});
