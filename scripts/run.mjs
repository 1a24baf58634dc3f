// Runs a task of this repository with the pinned Node, installing first whatever is missing.
// Plain JavaScript, because it has to start on whatever Node the machine has (18 or newer).
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const inRoot = (...parts) => join(root, ...parts);

const tasks = {
  // A roomier old generation from the start: what is received lies in buffers outside the heap, and V8 would mark all of a small heap for them.
  start: ['--initial-old-space-size=256', 'services/signaldb/src/main.ts'],
  test: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'],
  'test:interop': ['tests/interop/run.ts'],
  check: ['scripts/check.ts'],
  fix: ['scripts/check.ts', '--fix'],
  bench: ['bench/run.ts'],
  gen: ['scripts/gen.ts'],
  pack: ['scripts/pack.ts'],
  cluster: ['scripts/cluster.ts'],
  demo: ['deploy/demo/main.ts'],
  chaos: ['tests/chaos/main.ts'],
  fuzz: ['--expose-gc', 'tests/fuzz/main.ts'],
  'auth-hash': ['packages/access/src/hash-command.ts'],
};

const [name, ...args] = process.argv.slice(2);
const task = tasks[name];
if (!task) {
  console.error(`Unknown task "${name}". There are: ${Object.keys(tasks).join(', ')}.`);
  process.exit(2);
}

/** What an installation depends on: if this is unchanged, nothing needs to be installed. */
function wantedState() {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(inRoot(file)));
  return `${process.platform}-${process.arch}-${hash.digest('hex')}`;
}

function install() {
  const stamp = inRoot('node_modules', '.signaldb-installed');
  const wanted = wantedState();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const { packageManager } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
  console.error(
    `Installing dependencies and Node.js 24 with ${packageManager} (once; takes as long as the download) …`,
  );
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
  const done = spawnSync(npx, ['--yes', packageManager, 'install', '--frozen-lockfile', '--prefer-offline'], {
    cwd: root,
    stdio: ['ignore', 2, 2], // progress belongs on stderr: stdout is the task's own
    env: { ...process.env, npm_config_loglevel: 'error', CI: 'true' },
  });
  if (done.status !== 0) {
    console.error(
      `Installing failed${done.error ? ` (${done.error.message})` : ''}. Try: npx ${packageManager} install --frozen-lockfile`,
    );
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}

install();

const node = inRoot('node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
// npm changes to the package's folder and says where it was called.
const callerDir = process.env.npm_lifecycle_event ? (process.env.INIT_CWD ?? process.cwd()) : process.cwd();
const child = spawn(node, [...task, ...args], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, SIGNALDB_CALLER_DIR: callerDir },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`Could not start ${node}: ${error.message}. Delete node_modules and run the command again.`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
