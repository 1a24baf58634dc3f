// `npm run bench <name> [options]`: runs `main` of bench/<name>.ts. A file that exports no `main` is no benchmark.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

interface Benchmark {
  main(args: string[]): Promise<void>;
}

const benchmarks = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && /^export async function main\(/m.test(read(file)))
  .map((file) => basename(file, '.ts'))
  .sort();

const [name, ...args] = process.argv.slice(2);
if (!name || !benchmarks.includes(name)) {
  console.error(
    `${name ? `There is no benchmark "${name}".` : 'Usage: npm run bench <name>.'} There are: ${benchmarks.join(', ')}.`,
  );
  process.exit(2);
}
const { main } = (await import(join(import.meta.dirname, `${name}.ts`))) as Benchmark;
await main(args);

function read(file: string): string {
  return readFileSync(join(import.meta.dirname, file), 'utf8');
}
