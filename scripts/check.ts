// `npm run check`: types, lint and format, the direction of imports, generated code. `--fix` mends what can be mended.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { importFaults } from './imports.ts';

const root = join(import.meta.dirname, '..');
const fix = process.argv.includes('--fix');
const bin = (name: string) => join(root, 'node_modules', '.bin', name);

function run(title: string, command: string, args: string[]): boolean {
  console.log(`• ${title}`);
  return spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

function checkImports(): boolean {
  console.log('• import direction');
  const faults = importFaults(root);
  for (const fault of faults) console.error(`  ${fault}`);
  return faults.length === 0;
}

const results = [
  run('lint and format', bin('biome'), ['check', '--error-on-warnings', ...(fix ? ['--write'] : [])]),
  checkImports(),
  run('types', bin('tsc'), ['-p', 'tsconfig.json', '--noEmit']),
  run('generated code', process.execPath, ['scripts/gen.ts', '--check']),
];
if (results.includes(false)) {
  console.error('The check failed. "npm run fix" mends format and simple lint.');
  process.exit(1);
}
console.log('All checks passed.');
