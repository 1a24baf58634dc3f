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
