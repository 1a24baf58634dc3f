import { createAccess } from '@signaldb/access';
import { ClusterKey, connectControlPlane, ownCertificate } from '@signaldb/component';
import {
  authConfig,
  commonConfig,
  controlPlaneConfig,
  defineConfig,
  loadTlsMaterial,
  runService,
  tlsConfig,
} from '@signaldb/runtime';
import manifest from '../package.json' with { type: 'json' };
import { createRouter, routerConfig } from './index.ts';

await runService({
  name: 'router',
  description: 'the front door: Tempo API, Flight and Flight SQL',
  config: defineConfig({
    ...commonConfig,
    controlPlane: controlPlaneConfig,
    auth: authConfig,
    tls: tlsConfig,
    router: routerConfig,
  }),
  async start({ config, logger, metrics, readiness, shutdown }) {
    const tls = loadTlsMaterial(config.tls);
    const clusterKey = new ClusterKey(config.auth.clusterKey);
    const access = shutdown.add('access', createAccess({ config: config.auth, clusterKey, logger }));
    const { address } = config.controlPlane;
    const controlPlane = shutdown.add(
      'control plane',
      connectControlPlane(address, { clusterKey, ...ownCertificate(tls) }),
    );
    shutdown.add(
      'router',
      await createRouter({
        config: config.router,
        logger,
        metrics,
        readiness,
        controlPlane,
        access,
        version: manifest.version,
        ...(tls && { tls }),
      }),
    );
  },
});
