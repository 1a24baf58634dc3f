import { resolve } from 'node:path';
import { createAccess } from '@signaldb/access';
import { ClusterKey, clusterFetch, connectControlPlane, ownCertificate } from '@signaldb/component';
import { createRestCatalogClient } from '@signaldb/iceberg';
import { openStore } from '@signaldb/object-store';
import {
  authConfig,
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
