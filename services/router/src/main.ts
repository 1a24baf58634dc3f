import { enterCluster } from '@signaldb/access';
import { authConfig, commonConfig, controlPlaneConfig, defineConfig, runService, tlsConfig } from '@signaldb/runtime';
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
    const { tls, access, controlPlane } = enterCluster(config, { logger, shutdown });
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
