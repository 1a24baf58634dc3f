import { createServer } from 'node:net';
import { commonConfig, defineConfig, path, port, runService, openDataFolder, z } from '../index.ts';

await runService({
  name: 'example',
  description: 'a service for tests',
  config: defineConfig({
    ...commonConfig,
    dataDir: path().default('./data').describe('Data'),
    mode: z.enum(['serve', 'throw', 'fail', 'reject', 'hang']).default('serve').describe('What it does'),
    example: defineConfig({ tcpPort: port().default(0).describe('Port') }),
  }),
  async start({ config, shutdown, fail, opsPort, logger }) {
    shutdown.add('folder', openDataFolder({ dir: config.dataDir, formatVersion: 1 }));
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(config.example.tcpPort, '127.0.0.1', resolve);
    });
    shutdown.add('server', server);
    shutdown.add('last', { close: () => logger.info('last opened, first closed') });
    if (config.mode === 'throw') throw new Error('can not start\nat all');
    if (config.mode === 'fail') setImmediate(() => fail(new Error('disk failed')));
    if (config.mode === 'reject') setImmediate(() => Promise.reject(new Error('nobody waited')));
    if (config.mode === 'hang') shutdown.add('hangs', { close: () => new Promise(() => {}) });
    process.stdout.write(`ready ${opsPort}\n`);
  },
});
