// Generates proto/gen from the definitions beside it. `--check` fails where the committed code differs.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const proto = join(root, 'proto');
execFileSync(join(root, 'node_modules', '.bin', 'buf'), ['generate'], { cwd: proto, stdio: 'inherit' });
if (process.argv.includes('--check')) {
  const changed = execFileSync('git', ['status', '--porcelain', '--', 'gen'], { cwd: proto, encoding: 'utf8' });
  if (changed) {
    console.error(`The generated code is not what the definitions say. Run "npm run gen" and commit:\n${changed}`);
    process.exit(1);
  }
}
