import { connectControlPlane } from '@signaldb/component';
import {
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
  config: defineConfig({ ...commonConfig, controlPlane: controlPlaneConfig, tls: tlsConfig, router: routerConfig }),
  async start({ config, logger, metrics, readiness, shutdown }) {
    const tls = loadTlsMaterial(config.tls);
    const controlPlane = shutdown.add('control plane', connectControlPlane(config.controlPlane.address));
    shutdown.add(
      'router',
      await createRouter({
        config: config.router,
        logger,
        metrics,
        readiness,
        controlPlane,
        version: manifest.version,
        ...(tls && { tls }),
      }),
    );
  },
});
