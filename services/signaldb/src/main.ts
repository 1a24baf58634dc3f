import { runService } from '@signaldb/runtime';
import { signaldbConfig } from './config.ts';
import { createSignaldb } from './create-signaldb.ts';
import { greeting } from './greeting.ts';

await runService({
  name: 'signaldb',
  description: 'all of SignalDB in one process',
  config: signaldbConfig,
  async start({ config, opsPort, shutdown, ...deps }) {
    const signaldb = shutdown.add('services', await createSignaldb({ ...deps, config }));
    const { acceptor, router, flowctl, version, storeUrl } = signaldb;
    process.stdout.write(
      greeting({
        version,
        storeUrl,
        dataDir: config.dataDir,
        otlpGrpcPort: acceptor.otlpGrpcPort,
        otlpHttpPort: acceptor.otlpHttpPort,
        tempoPort: router.httpPort,
        flightPort: router.flightPort,
        catalogPort: flowctl.httpPort,
        controlPlanePort: flowctl.grpcPort,
        opsPort,
      }),
    );
  },
});
