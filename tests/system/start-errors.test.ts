import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Cluster, startCluster } from './cluster.ts';
import { freeClusterPorts } from './ports.ts';

let dir: string;
const clusters: Cluster[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'signaldb-start-'));
});
afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.stop('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

/** The single process, and what it printed where it ends by itself. */
async function start(options: Partial<Parameters<typeof startCluster>[0]> = {}) {
  const cluster = await startCluster({
    dir,
    processes: 'one',
    ports: 'free',
    ...options,
    flags: { signaldb: ['--log-level', 'warn'], ...options.flags },
  });
  clusters.push(cluster);
  const signaldb = cluster.process('signaldb');
  const refused = async () => [await signaldb.exited, signaldb.output];
  return { signaldb, refused };
}

describe('the single process says in one line why it does not start', () => {
  it.each([
    'otlpGrpc',
    'otlpHttp',
    'acceptorFlight',
    'routerHttp',
    'routerFlight',
    'flowctlGrpc',
    'flowctlHttp',
  ] as const)('port %s in use', async (name) => {
    const ports = await freeClusterPorts();
    const holder = createServer().listen(ports[name], '127.0.0.1');
    await once(holder, 'listening');
    const { refused } = await start({ ports });
    expect(await refused()).toEqual([
      1,
      expect.stringMatching(
        new RegExp(
          `^signaldb: Port ${ports[name]} on 127\\.0\\.0\\.1 is already in use\\. Stop the program that listens there, or choose another with --\\S+ or SIGNALDB_\\S+\\.$`,
        ),
      ),
    ]);
    holder.close();
  });

  it('a data folder of another version', async () => {
    writeFileSync(join(dir, 'version'), '99\n');
    const { refused } = await start();
    expect(await refused()).toEqual([
      1,
      expect.stringMatching(/^signaldb: The data folder \S+ has format 99; this SignalDB reads format 1\..*$/),
    ]);
  });

  it('a data folder that another process has', async () => {
    const { signaldb } = await start();
    await signaldb.ready();
    const { refused } = await start();
    expect(await refused()).toEqual([
      1,
      expect.stringMatching(
        new RegExp(
          `^signaldb: The data folder \\S+ is in use by another process \\(pid ${signaldb.pid}\\)\\. Stop it, or choose another folder\\.$`,
        ),
      ),
    ]);
    expect(signaldb.running).toBe(true);
  });

  it('a data folder where a file is', async () => {
    writeFileSync(join(dir, 'file'), '');
    const { refused } = await start({ flags: { signaldb: ['--log-level', 'warn', '--data-dir', join(dir, 'file')] } });
    expect(await refused()).toEqual([
      1,
      expect.stringMatching(
        /^signaldb: The data folder \S+ can't be made: a file is in its way\. Choose another folder\.$/,
      ),
    ]);
  });

  it('an unknown setting', async () => {
    const { refused } = await start({ flags: { signaldb: ['--acceptor-otlp-grpc-prt', '1'] } });
    expect(await refused()).toEqual([
      1,
      'signaldb: Unknown flag "--acceptor-otlp-grpc-prt". Did you mean "--acceptor-otlp-grpc-port"?',
    ]);
  });
});
