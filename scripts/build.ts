// Compiles one service to JavaScript: `node scripts/build.ts <service> <folder>`. Our own packages go into one file; what comes
// from npm stays outside, as native libraries and WebAssembly do not survive bundling.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const services = readdirSync(join(root, 'services'));
const [service = '', target] = process.argv.slice(2);
if (!services.includes(service) || !target) {
  console.error(`usage: node scripts/build.ts SERVICE FOLDER, with SERVICE one of ${services.join(', ')}`);
  process.exit(2);
}

await build({
  entryPoints: {
    main: join(root, 'services', service, 'src', 'main.ts'),
    'encode-worker': join(root, 'packages', 'parquet', 'src', 'encode-worker.ts'),
    'sql-process': join(root, 'services', 'querier', 'src', 'sql', 'sql-process.ts'),
    'row-thread': join(root, 'services', 'querier', 'src', 'sql', 'row-thread.ts'),
  },
  outdir: target,
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: true,
  // The generated code names two values of one enum alike, as the definition does.
  logOverride: { 'duplicate-case': 'silent' },
  plugins: [
    {
      name: 'keep npm packages outside',
      setup: (b) =>
        b.onResolve({ filter: /^[^./]/ }, ({ path }) =>
          path.startsWith('@signaldb/') ? undefined : { path, external: true },
        ),
    },
  ],
});
