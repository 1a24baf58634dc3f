import { setTimeout as pause } from 'node:timers/promises';
import { type Acceptor, createAcceptor } from '@signaldb/acceptor';
import { createAccess } from '@signaldb/access';
import { ClusterKey } from '@signaldb/component';
import { createInprocNetwork } from '@signaldb/flight';
import { createFlowctl, type Flowctl } from '@signaldb/flowctl';
import { openStore } from '@signaldb/object-store';
import { createQuerier } from '@signaldb/querier';
import { createRouter, type Router } from '@signaldb/router';
import {
  createShutdown,
  type Logger,
  loadTlsMaterial,
  type Metrics,
  openDataFolder,
  type Readiness,
  storeLocation,
} from '@signaldb/runtime';
import { createWriter, type Writer } from '@signaldb/writer';
import manifest from '../package.json' with { type: 'json' };
import type { SignaldbConfig } from './config.ts';

export interface SignaldbDeps {
  readonly config: SignaldbConfig;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  /** Told when a service can't go on: the process has to end. */
  readonly fail: (error: unknown) => void;
}

/** All five services in one process, each reaching the others without a socket. */
export interface Signaldb {
  readonly acceptor: Acceptor;
  readonly router: Router;
  readonly flowctl: Flowctl;
  /** Where the objects are. */
  readonly storeUrl: string;
  readonly version: string;
  /** Front door first: router, acceptor, writer, querier, flowctl. May be called twice. */
  close(): Promise<void>;
}

/** The layout of the data folder. */
const formatVersion = 1;

/** Starts all services. What a failed start has opened is closed again. */
export async function createSignaldb({ config, ...common }: SignaldbDeps): Promise<Signaldb> {
  const opened = createShutdown({ logger: common.logger });
  try {
    const folder = opened.add('data folder', openDataFolder({ dir: config.dataDir, formatVersion }));
    const tls = loadTlsMaterial(config.tls);
    const clusterKey = new ClusterKey(config.auth.clusterKey);
    const access = opened.add('access', createAccess({ config: config.auth, clusterKey, logger: common.logger }));
    const doors = { ...common, access, ...(tls && { tls }) };
    const { url: storeUrl, options } = storeLocation(config.store, folder.path('warehouse'));
    const store = opened.add('object store', openStore(storeUrl, options));
    const inproc = createInprocNetwork();

    const flowctl = opened.add(
      'flowctl',
      await createFlowctl({ ...doors, config: config.flowctl, dataDir: folder.path('flowctl'), store }),
    );
    const { controlPlane, catalog } = flowctl;
    const cluster = { controlPlane, catalog, store, inproc };
    opened.add(
      'querier',
      await createQuerier({ ...common, access, ...cluster, config: config.querier, dataDir: folder.path('querier') }),
    );
    const writer = opened.add(
      'writer',
      await createWriter({ ...common, access, ...cluster, config: config.writer, dataDir: folder.path('writer') }),
    );
    const acceptor = await createAcceptor({
      ...doors,
      ...cluster,
      config: config.acceptor,
      dataDir: folder.path('acceptor'),
    });
    opened.add('acceptor', { close: () => drain(acceptor, writer) });
    const { version } = manifest;
    const router = opened.add(
      'router',
      await createRouter({ ...doors, controlPlane, inproc, config: config.router, version }),
    );
    return { acceptor, router, flowctl, storeUrl, version, close: () => opened.run() };
  } catch (error) {
    await opened.run();
    throw error;
  }
}

/** A closing acceptor waits until all is committed: here the writer can be told to commit at once. */
async function drain(acceptor: Acceptor, writer: Writer): Promise<void> {
  const closed = acceptor.close().then(() => true);
  while (!(await Promise.race([closed, pause(20)]))) await Promise.race([closed, writer.flush().catch(() => {})]);
}
