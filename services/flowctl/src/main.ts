import { resolve } from 'node:path';
import { createAccess } from '@signaldb/access';
import { ClusterKey } from '@signaldb/component';
import { openStore } from '@signaldb/object-store';
import {
  authConfig,
  callerDir,
  commonConfig,
  defineConfig,
  loadTlsMaterial,
  openDataFolder,
  path,
  runService,
  storeConfig,
  storeLocation,
  tlsConfig,
} from '@signaldb/runtime';
import { flowctlConfig } from './config.ts';
import { createFlowctl } from './flowctl.ts';

await runService({
  name: 'flowctl',
  description: 'the control plane: who is there, which writer has which log, and the Iceberg catalog',
  config: defineConfig({
    ...commonConfig,
    dataDir: path().default('./data/flowctl').describe('Folder of the state: journal and snapshots'),
    store: storeConfig,
    auth: authConfig,
    tls: tlsConfig,
    flowctl: flowctlConfig,
  }),
  async start({ config, logger, metrics, readiness, shutdown, fail }) {
    const folder = shutdown.add('data folder', openDataFolder({ dir: config.dataDir, formatVersion: 1 }));
    const { url, options } = storeLocation(config.store, resolve(callerDir(), 'data', 'warehouse'));
    const store = shutdown.add('object store', openStore(url, options));
    const tls = loadTlsMaterial(config.tls);
    const clusterKey = new ClusterKey(config.auth.clusterKey);
    const access = shutdown.add('access', createAccess({ config: config.auth, clusterKey, logger }));
    const deps = { config: config.flowctl, dataDir: folder.dir, store, logger, metrics, readiness, tls, access, fail };
    shutdown.add('flowctl', await createFlowctl(deps));
  },
});
