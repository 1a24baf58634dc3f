import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../bench/shop/random.ts';
import { type Cluster, type ProcessName, startCluster } from '../system/cluster.ts';
import { until } from '../system/until.ts';
import { type Blow, deliver, type OnCrash, planBlows, watchForCrash } from './blows.ts';
import { type Database, openDatabase, type SpanCount } from './database.ts';
import { type Fault, findFaults } from './faults.ts';
import { hurriedFlags } from './hurry.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { startLiveChecks } from './live-checks.ts';
import { startLoad } from './load.ts';
import { committedRows, spanIdsInFiles } from './table-files.ts';

export interface RoundOptions {
  readonly processes: 'five' | 'one';
  /** Which of them are hit. */
  readonly victims: readonly ProcessName[];
  readonly kills: number;
  readonly seed: number;
  readonly spansPerSecond: number;
  readonly store: 'local' | 'minio';
  readonly writers: number;
  readonly dir: string;
  log(line: string): void;
}

/** Load before the first blow and after the last, so that both ends are seen. */
const calmMs = 2_000;

/** For everything to be ready, and everything to be committed, after the last blow. */
const settleMsMax = 120_000;

/** One cluster from its first start to its last look. Gives what isn't as it was promised. */
export async function runRound(options: RoundOptions): Promise<Fault[]> {
  const { dir, log } = options;
  const cluster = await startCluster({
    ...options,
    ports: 'free',
    flags: hurriedFlags,
    onLine: logFiles(join(dir, 'logs')),
  });
  try {
    await cluster.ready(60_000);
    const ledger = createLedger();
    const database = openDatabase(cluster.ports);
    try {
      const faults = await disturb(options, cluster, database, ledger);
      return [...faults, ...(await verify(cluster, database, ledger, log))];
    } finally {
      await database.close();
    }
  } finally {
    await cluster.stop('SIGKILL');
  }
}

async function disturb(options: RoundOptions, cluster: Cluster, database: Database, ledger: Ledger): Promise<Fault[]> {
  const { seed, kills, victims, spansPerSecond, log } = options;
  const blows = planBlows(seed, kills, victims);
  const load = startLoad({ port: cluster.ports.otlpGrpc, spansPerSecond, seed, ledger });
  const checks = startLiveChecks(database, ledger, createRandom(seed + 1));
  const progress = (blow: Blow, index: number) => {
    const { acknowledgedSpans, unknownRequests } = ledger;
    const done = `${String(index + 1).padStart(3)}/${blows.length} ${blow.kind.padEnd(6)} ${(blow.processes.length > 1 ? 'all' : blow.processes[0]!).padEnd(8)}`;
    log(
      `${clock()} ${done} for ${String(blow.awayMs).padStart(4)} ms; ${acknowledgedSpans} spans acknowledged, ${unknownRequests} requests without an answer, ${checks.faults.length} faults`,
    );
  };
  const crashes: Fault[] = [];
  const onCrash: OnCrash = (name, code) =>
    crashes.push(`at ${clock()}: ${name} ended by itself with exit code ${code}`);
  for (const name of cluster.processes.keys()) watchForCrash(cluster, name, onCrash);
  await sleep(calmMs);
  await deliver(blows, cluster, progress, onCrash);
  await Promise.all([...cluster.processes.values()].map((process) => process.ready(settleMsMax)));
  await sleep(calmMs);
  await Promise.all([load.stop(), checks.stop()]);
  log(`${clock()} ${checks.answered} questions answered meanwhile, ${checks.refused} refused`);
  for (const [reason, count] of [...checks.reasons].sort(([, a], [, b]) => b - a).slice(0, 10))
    log(`  ${count} × ${reason}`);
  return [...crashes, ...checks.faults];
}

/** Looks at everything: as it is, once it is all committed, and after a restart. */
async function verify(
  cluster: Cluster,
  database: Database,
  ledger: Ledger,
  log: (line: string) => void,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  const look = async (when: string) => {
    const { spans, distinct } = await countWhenPossible(database, log);
    const stored = await database.spanIds();
    const found = findFaults(ledger, stored);
    log(
      `${clock()} ${when}: ${spans} spans with ${distinct} ids stored; ${ledger.acknowledgedSpans} acknowledged; ${found.length} faults`,
    );
    if (spans !== distinct || distinct !== stored.size)
      found.push(`count(*) is ${spans}, count(DISTINCT span_id) ${distinct}, rows by id ${stored.size}`);
    faults.push(...found.map((fault) => `${when}: ${fault}`));
    return spans;
  };
  const spans = await look('after the last blow');
  const committed = await until(
    () => committedRows(cluster),
    (rows) => rows >= spans,
    settleMsMax,
  ).catch((error) => {
    faults.push(`not everything was committed: ${error.message}`);
    return -1;
  });
  if (committed > spans) faults.push(`the table has ${committed} rows, where queries count ${spans}`);
  await look('when all is committed');
  const inFiles = await spanIdsInFiles(cluster);
  if (inFiles) {
    const found = findFaults(ledger, inFiles);
    log(`${clock()} in the files of the Iceberg table: ${inFiles.size} ids; ${found.length} faults`);
    faults.push(...found.map((fault) => `in the Iceberg table: ${fault}`));
  }
  faults.push(...(await sampleTraces(database, ledger, log)));
  await restartInOrder(cluster, log);
  await look('after a restart');
  return faults;
}

/** Asks until there is an answer, and says why there was none. */
async function countWhenPossible(database: Database, log: (line: string) => void): Promise<SpanCount> {
  const deadline = performance.now() + settleMsMax;
  for (let last = ''; ; await sleep(100)) {
    try {
      return await database.count();
    } catch (error) {
      const { message } = error as Error;
      if (performance.now() > deadline) throw error;
      if (message !== last) log(`${clock()} no answer: ${message}`);
      last = message;
    }
  }
}

const tracesLookedAt = 200;

/** Traces by id over the Tempo API, spread over the whole run. */
async function sampleTraces(database: Database, ledger: Ledger, log: (line: string) => void): Promise<Fault[]> {
  const acknowledged = ledger.requests.filter(({ state }) => state === 'acknowledged');
  const faults: Fault[] = [];
  const step = Math.max(1, Math.floor(acknowledged.length / tracesLookedAt));
  let count = 0;
  for (let i = 0; i < acknowledged.length; i += step) {
    const request = acknowledged[i]!;
    const [traceId, wanted] = [...request.traces][i % request.traces.size]!;
    const found = await database.trace(traceId);
    count++;
    if (found.length === wanted && new Set(found).size === wanted) continue;
    faults.push(
      `trace ${traceId} has ${new Set(found).size} spans in ${found.length} rows, ${wanted} were sent in request ${request.number}`,
    );
  }
  log(`${clock()} ${count} traces by id: ${faults.length} faults`);
  return faults;
}

async function restartInOrder(cluster: Cluster, log: (line: string) => void): Promise<void> {
  const names = [...cluster.processes.keys()].filter((name) => name !== 'minio');
  const times: string[] = [];
  for (const name of names.reverse()) {
    const began = performance.now();
    await cluster.process(name).kill('SIGTERM');
    times.push(`${name} ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
  for (const name of names.reverse()) cluster.process(name).start();
  const began = performance.now();
  await cluster.ready(settleMsMax);
  log(
    `${clock()} stopped in order: ${times.join(', ')}; ready again after ${((performance.now() - began) / 1000).toFixed(1)} s`,
  );
}

function logFiles(folder: string): (name: ProcessName, line: string) => void {
  mkdirSync(folder, { recursive: true });
  const files = new Map<ProcessName, ReturnType<typeof createWriteStream>>();
  return (name, line) => {
    let file = files.get(name);
    if (!file) {
      file = createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
      files.set(name, file);
    }
    file.write(`${line}\n`);
  };
}

const clock = () => new Date().toISOString().slice(11, 23);
