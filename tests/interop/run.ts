// Runs the interoperability suites: `npm run test:interop [-- suite…]`. Every file of suites/ is one; they run one after another.
import { mkdir, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Suite } from './suite.ts';

const wanted = process.argv.slice(2);
const cacheDir = process.env.SIGNALDB_INTEROP_CACHE ?? join(homedir(), '.cache', 'signaldb', 'interop');

async function loadSuites(): Promise<Suite[]> {
  const folder = join(import.meta.dirname, 'suites');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts')).sort();
  return Promise.all(files.map((file) => import(join(folder, file)) as Promise<Suite>));
}

async function runSuite(suite: Suite): Promise<boolean> {
  const began = performance.now();
  console.log(`${suite.name} …`);
  try {
    await suite.run({ cacheDir, log: (line) => console.log(`  ${line}`) });
    console.log(`${suite.name}: passed in ${((performance.now() - began) / 1000).toFixed(1)} s`);
    return true;
  } catch (error) {
    console.error(error);
    console.log(`${suite.name}: FAILED`);
    return false;
  }
}

const suites = await loadSuites();
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(', ')}. There are: ${suites.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}
await mkdir(cacheDir, { recursive: true });
let failed = 0;
const chosen = suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
for (const suite of chosen) if (!(await runSuite(suite))) failed++;
console.log(`${chosen.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
