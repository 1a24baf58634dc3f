import { acceptorConfig } from '@signaldb/acceptor';
import { flowctlConfig } from '@signaldb/flowctl';
import { querierConfig } from '@signaldb/querier';
import { routerConfig } from '@signaldb/router';
import { authConfig, commonConfig, defineConfig, path, storeConfig, tlsConfig, type z } from '@signaldb/runtime';
import { writerConfig } from '@signaldb/writer';

/** The single process has the services' own sections, and one of what they share. */
export const signaldbConfig = defineConfig({
  ...commonConfig,
  dataDir: path().default('./data').describe('Folder of all data'),
  store: storeConfig,
  auth: authConfig,
  tls: tlsConfig,
  acceptor: acceptorConfig,
  writer: writerConfig,
  querier: querierConfig,
  router: routerConfig,
  flowctl: flowctlConfig,
});

export type SignaldbConfig = z.output<typeof signaldbConfig>;
