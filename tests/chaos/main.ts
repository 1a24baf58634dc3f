// Kills SignalDB's processes under load and looks whether it kept its promises: npm run chaos -- --help
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ProcessName } from '../system/cluster.ts';
import { serviceNames } from '../system/ports.ts';
import type { Fault } from './faults.ts';
import { type ChaosOptions, parseOptions, usage } from './options.ts';
import { type RoundOptions, runRound } from './round.ts';

let options: ChaosOptions | undefined;
try {
  options = parseOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${(error as Error).message}. --help tells more.`);
  process.exit(2);
}
if (!options) {
  console.log(usage);
  process.exit(0);
}

const { kills, seed, target, spansPerSecond, store, writers } = options;
const dir = options.dir
  ? resolve(process.env.SIGNALDB_CALLER_DIR ?? process.cwd(), options.dir)
  : mkdtempSync(join(tmpdir(), 'signaldb-chaos-'));
mkdirSync(dir, { recursive: true });

const singleKills = target === 'single' ? kills : target === 'all' ? Math.ceil(kills / 5) : 0;
const fiveKills = kills - singleKills;
const common = { seed, spansPerSecond, store, writers, log: console.log };
const moreWriters = Array.from({ length: writers - 1 }, (_, i) => `writer-${i + 2}` as const);
const everyone: ProcessName[] = [...serviceNames, ...moreWriters, ...(store === 'minio' ? (['minio'] as const) : [])];
const victims = target === 'writer' ? (['writer', ...moreWriters] as const) : ([target] as ProcessName[]);
const rounds: RoundOptions[] = [];
if (target !== 'single')
  rounds.push({
    ...common,
    processes: 'five',
    victims: target === 'five' || target === 'all' ? everyone : victims,
    kills: fiveKills,
    dir: join(dir, 'five'),
  });
if (target === 'single' || target === 'all')
  rounds.push({ ...common, processes: 'one', victims: ['signaldb'], kills: singleKills, dir: join(dir, 'one') });

console.log(`Seed ${seed}: ${kills} kills, ${spansPerSecond} spans a second. Data and logs: ${dir}`);
const faults: Fault[] = [];
for (const round of rounds) {
  console.log(
    `${round.processes === 'five' ? 'Five processes' : 'The single process'}, ${round.kills} kills of ${round.victims.join(', ')}`,
  );
  try {
    faults.push(...(await runRound(round)));
  } catch (error) {
    faults.push(`the run could not be finished: ${(error as Error).stack}`);
  }
}
if (faults.length === 0) {
  rmSync(dir, { recursive: true, force: true });
  console.log('Every acknowledged span is there exactly once.');
  process.exit(0);
}
const faultsShown = 50;
console.error(`\n${faults.length} faults (again with --seed ${seed}; data and logs are kept in ${dir}):`);
for (const fault of faults.slice(0, faultsShown)) console.error(`  ${fault}`);
if (faults.length > faultsShown) console.error(`  … and ${faults.length - faultsShown} more`);
process.exit(1);
