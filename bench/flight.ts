// `npm run bench flight [-- --quick --rounds 5 --only loopback,inproc,sql]`: DoGet, DoPut, DoExchange and small queries against pyarrow's C++
// server and client over loopback, in process, and SQL rows to ADBC. Everything that is compared takes turns within each round.
import { cpus, homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pythonVenv } from '../tests/interop/python-venv.ts';
import { inProcess } from './flight/in-process.ts';
import { loopback } from './flight/loopback.ts';
import type { BatchSize } from './flight/service.ts';
import { sqlRows } from './flight/sql-rows.ts';

const packages = ['pyarrow==26.0.1', 'duckdb==1.5.5', 'adbc-driver-flightsql==1.13.0', 'adbc-driver-manager==1.13.0'];

/** Compared with where the network isn't measured in the same run. */
const unmeasured: ReadonlyMap<BatchSize, number> = new Map([
  ['64k', Number.NaN],
  ['1m', Number.NaN],
  ['4m', Number.NaN],
]);

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string', default: 'loopback,inproc,sql' },
    },
  });
  const { quick } = values;
  const rounds = Number(values.rounds ?? (quick ? 1 : 5));
  const parts = values.only.split(',');
  const cacheDir = process.env.SIGNALDB_INTEROP_CACHE ?? join(homedir(), '.cache', 'signaldb', 'interop');
  const { python } = await pythonVenv(cacheDir, packages, console.error);
  console.log(
    `${cpus().length} × ${cpus()[0]?.model}; Node ${process.version}; ${packages.join(', ')}; ${rounds} rounds`,
  );
  console.log('Each cell: the median of the rounds (least–most).');
  const network = parts.includes('loopback')
    ? await loopback({ python, rounds, bytes: quick ? 200e6 : 500e6, calls: quick ? 300 : 1000 })
    : unmeasured;
  if (parts.includes('inproc')) await inProcess({ rounds, count: quick ? 20_000 : 50_000, network });
  if (parts.includes('sql')) await sqlRows({ python, rounds, rows: quick ? 1_000_000 : 5_000_000 });
}
