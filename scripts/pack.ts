// Makes the packages that others can install, as tarballs for npm: `npm run pack [-- FOLDER]` (default dist/packages).
// Sources are compiled to JavaScript with declarations; what the workspace knows by itself becomes versions.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const target = resolve(process.env.SIGNALDB_CALLER_DIR ?? root, process.argv[2] ?? join(root, 'dist', 'packages'));
/** Folders of the packages, each with the one that holds its sources. */
const packages = {
  proto: 'gen',
  'packages/grpc': 'src',
  'packages/flight': 'src',
  'packages/flight-sql': 'src',
} as const;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Record<string, string>;
  readonly dependencies?: Record<string, string>;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
}

function run(command: string, args: string[], cwd: string): void {
  const { status } = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
}

function compile(into: string): void {
  const options = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rootDir: root,
      outDir: into,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: Object.entries(packages).map(([folder, sources]) => join(root, folder, sources, '**/*.ts')),
    exclude: ['**/*.test.ts', '**/testing/**', '**/test-server.ts'].map((pattern) => join(root, 'p*', pattern)),
  };
  const config = join(into, 'tsconfig.json');
  writeFileSync(config, JSON.stringify(options));
  run(join(root, 'node_modules', '.bin', 'tsc'), ['-p', config], root);
}

/** The manifest as it is published: entries lead to JavaScript and its declarations, neighbours are named by version. */
function published(manifest: Manifest, sources: string): object {
  const compiled = (file: string, extension: string) =>
    file.replace(`./${sources}/`, './dist/').replace(/\.ts$/, extension);
  const exports = Object.entries(manifest.exports).map(([entry, file]) => [
    entry,
    { types: compiled(file, '.d.ts'), default: compiled(file, '.js') },
  ]);
  const named = Object.entries(manifest.dependencies ?? {}).map(([name, version]) => [
    name,
    `^${version === 'workspace:*' ? manifest.version : version}`,
  ]);
  // Its classes are part of what these packages take and give: there must be one of it.
  const peer = ([name]: string[]) => name === 'apache-arrow';
  const { devDependencies: _, ...rest } = manifest as Manifest & { devDependencies?: object };
  return {
    ...rest,
    exports: Object.fromEntries(exports),
    dependencies: Object.fromEntries(named.filter((entry) => !peer(entry))),
    ...(named.some(peer) && { peerDependencies: Object.fromEntries(named.filter(peer)) }),
    files: ['dist'],
    publishConfig: { access: 'public' },
  };
}

const work = mkdtempSync(join(tmpdir(), 'pack-'));
try {
  const compiled = join(work, 'compiled');
  mkdirSync(compiled);
  compile(compiled);
  mkdirSync(target, { recursive: true });
  for (const [folder, sources] of Object.entries(packages)) {
    const manifest = manifestOf(folder);
    const stage = join(work, folder.replace('/', '-'));
    cpSync(join(compiled, folder, sources), join(stage, 'dist'), { recursive: true });
    const readme = join(root, folder, 'README.md');
    if (existsSync(readme)) cpSync(readme, join(stage, 'README.md'));
    cpSync(join(root, 'LICENSE'), join(stage, 'LICENSE'));
    writeFileSync(join(stage, 'package.json'), JSON.stringify(published(manifest, sources), undefined, 2));
    run('npm', ['pack', '--pack-destination', target, '--loglevel', 'error'], stage);
    console.log(`${manifest.name} ${manifest.version}`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
