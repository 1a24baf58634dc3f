import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startCluster } from '../../system/cluster.ts';
import { goPrograms } from '../grpc/go-tool.ts';
import { mavenJar } from '../java-tool.ts';
import { pythonVenv } from '../python-venv.ts';
import type { SuiteContext } from '../suite.ts';

/** Every program of examples/ as a user runs it: without authentication first, then with a token, and with a wrong one. */
export const name = 'examples';

const execute = promisify(execFile);
const folder = join(import.meta.dirname, '../../../examples');
const packages = ['pyarrow==26.0.1', 'adbc-driver-flightsql==1.13.0', 'adbc-driver-manager==1.13.0'];
const token = 'a-token-of-the-examples';

interface Example {
  readonly command: readonly string[];
  /** Lines that it prints. */
  readonly prints: readonly (string | RegExp)[];
}

export async function run({ cacheDir, log }: SuiteContext): Promise<void> {
  const examples = await allExamples(cacheDir, log);
  for (const secured of [false, true]) {
    const dir = await mkdtemp(join(tmpdir(), 'signaldb-examples-'));
    const auth = { tokens: [{ name: 'examples', token, tenants: ['default'], write: true }] };
    const cluster = await startCluster({ dir, processes: 'one', ports: 'free', ...(secured && { auth }) });
    try {
      await cluster.ready();
      const env = { SIGNALDB_HOST: `127.0.0.1:${cluster.ports.routerFlight}` };
      for (const [title, example] of examples) {
        await expectLines(title, example, { ...env, ...(secured && { SIGNALDB_TOKEN: token }) });
        if (secured) await expectRefusal(title, example, { ...env, SIGNALDB_TOKEN: 'another' });
      }
      log(`${secured ? 'with a token' : 'without authentication'}: ${[...examples.keys()].join(', ')}`);
    } finally {
      await cluster.stop();
      await rm(dir, { recursive: true, force: true });
    }
  }
}

async function allExamples(cacheDir: string, log: (line: string) => void): Promise<Map<string, Example>> {
  const { python } = await pythonVenv(cacheDir, packages, log);
  const go = await goPrograms(cacheDir, join(folder, 'go'), log);
  const jar = await mavenJar(cacheDir, 'org.apache.arrow:flight-sql-jdbc-driver:18.3.0', log);
  const java = ['java', '--add-opens=java.base/java.nio=ALL-UNNAMED', '-cp', jar];
  const acknowledged = /^acknowledged: LSN \d+ on disk$/;
  const warmest = /^attic: 2 readings, at most 31.5 °C$/;
  const streamed = 'streamed 1000000 rows';
  const tables = /^tables: .*\breadings\b.*\btraces\b/;
  return new Map<string, Example>([
    [
      'typescript',
      {
        command: [process.execPath, join(folder, 'typescript/main.ts')],
        prints: [acknowledged, warmest, streamed, tables],
      },
    ],
    [
      'python-flight',
      {
        command: [python, join(folder, 'python-flight/main.py')],
        prints: [
          acknowledged,
          'attic: 2 readings',
          'garden: 1 readings',
          streamed,
          tables,
          /^readings: sensor string, /,
        ],
      },
    ],
    [
      'python-adbc',
      {
        command: [python, join(folder, 'python-adbc/main.py')],
        prints: [
          'wrote 5 rows',
          'wrote 1 more',
          'attic: 2 readings above 30 °C, at most 31.5 °C',
          'roof: 2 readings, 1 of them with a value',
          streamed,
          /^signaldb.default: .*\breadings\b/,
          /^readings: sensor string, /,
        ],
      },
    ],
    [
      'go/adbc',
      {
        command: [join(go, 'adbc')],
        prints: ['wrote 5 rows', warmest, streamed, 'readings.sensor: utf8', 'readings.celsius: float64'],
      },
    ],
    [
      'go/flight',
      { command: [join(go, 'flight')], prints: ['wrote 5 rows', warmest, streamed, 'table: default.readings'] },
    ],
    [
      'java-jdbc',
      {
        command: [...java, join(folder, 'java-jdbc/Example.java')],
        prints: ['wrote 5 rows', warmest, streamed, 'readings.sensor: VARCHAR', 'readings.celsius: DOUBLE'],
      },
    ],
  ]);
}

async function expectLines(title: string, { command, prints }: Example, env: NodeJS.ProcessEnv): Promise<void> {
  const lines = (await runExample(command, env)).split('\n');
  const missing = prints.filter((wanted) => !lines.some((line) => isLine(line, wanted)));
  if (missing.length > 0) throw new Error(`${title} did not print ${missing.join(', ')} but:\n${lines.join('\n')}`);
}

const isLine = (line: string, wanted: string | RegExp) =>
  typeof wanted === 'string' ? line === wanted : wanted.test(line);

async function expectRefusal(title: string, { command }: Example, env: NodeJS.ProcessEnv): Promise<void> {
  const error: Error | undefined = await runExample(command, env).then(
    () => undefined,
    (failed: Error) => failed,
  );
  if (!error) throw new Error(`${title} ran with a wrong token`);
  if (!/unauthenticated/i.test(error.message)) throw new Error(`${title} was not told what is wrong`, { cause: error });
}

/** Gives what it prints; an error has what it said of what went wrong. */
async function runExample([program, ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await execute(program!, args, { env: { ...process.env, ...env }, timeout: 120_000 });
  return stdout;
}
