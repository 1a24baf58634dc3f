// Rows of an SQL query to ADBC: from SignalDB, and from DuckDB behind pyarrow's C++ server, taking turns.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuOf, peakMemoryOf } from '../process-usage.ts';
import { startSystem } from '../system.ts';
import { Peer } from './peers.ts';
import { markdown, spreadOf, spreadText } from './spread.ts';

export interface SqlRowsOptions {
  readonly python: string;
  readonly rounds: number;
  readonly rows: number;
}

interface Fetched {
  readonly rows: number;
  readonly seconds: number;
  readonly first: number;
}

interface Source {
  readonly name: string;
  readonly uri: string;
  readonly pids: () => readonly number[];
}

const here = (file: string) => join(import.meta.dirname, file);

/** int64, float64 and a text of 28 bytes; the second makes DuckDB work for them. */
const queries = (rows: number): readonly (readonly [name: string, sql: string])[] => [
  [
    'rows that cost nothing',
    `SELECT i AS a, i::DOUBLE AS b, 'a text of twenty-eight bytes' AS s FROM range(${rows}) t(i)`,
  ],
  [
    'rows that are computed',
    `SELECT i AS a, (i * 0.5)::DOUBLE AS b, 'a string of some length ' || (1000 + i % 9000) AS s FROM range(${rows}) t(i)`,
  ],
];

export async function sqlRows({ python, rounds, rows }: SqlRowsOptions): Promise<void> {
  const system = await startSystem();
  const duckdb = new Peer(python, [here('peer.py'), 'serve-sql']);
  const adbc = new Peer(python, [here('peer.py'), 'adbc']);
  try {
    const sources: Source[] = [
      { name: 'DuckDB, C++', uri: `grpc://127.0.0.1:${await duckdb.line()}`, pids: () => [duckdb.pid] },
      { name: 'SignalDB', uri: system.flightLocation, pids: () => [system.pid, ...childrenOf(system.pid)] },
    ];
    const table: string[][] = [
      ['query', 'server', 'million rows/s', 'of C++', 'server CPU-s', 'first rows ms', 'peak MB'],
    ];
    for (const [name, sql] of queries(rows)) {
      const fetched: { rate: number; cpu: number; first: number }[][] = sources.map(() => []);
      for (let round = -1; round < rounds; round++) {
        for (const [i, source] of sources.entries()) {
          const before = cpuSeconds(source);
          const result = await adbc.ask<Fetched>({ uri: source.uri, sql });
          if (result.rows !== rows) throw new Error(`${source.name}: ${result.rows} rows`);
          const cpu = cpuSeconds(source) - before;
          if (round >= 0) fetched[i]!.push({ rate: rows / result.seconds / 1e6, cpu, first: result.first * 1000 });
        }
      }
      for (const [i, source] of sources.entries()) {
        const of = (key: 'rate' | 'cpu' | 'first', digits: number) =>
          spreadText(spreadOf(fetched[i]!.map((f) => f[key])), digits);
        const ratios = fetched[i]!.map(({ rate }, round) => rate / fetched[0]![round]!.rate);
        const peak = source.pids().reduce((sum, pid) => sum + peakMemoryOf(pid), 0) / 1e6;
        table.push([
          name,
          source.name,
          of('rate', 1),
          spreadText(spreadOf(ratios)),
          of('cpu', 2),
          of('first', 0),
          peak.toFixed(0),
        ]);
      }
    }
    console.log(`\n${rows / 1e6} million rows of SQL to ADBC\n\n${markdown(table)}`);
  } finally {
    duckdb.stop();
    adbc.stop();
    await system.stop();
  }
}

function cpuSeconds({ pids }: Source): number {
  return pids().reduce((sum, pid) => sum + cpuOf(pid).total, 0);
}

/** The processes that a process has started. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => parentOf(child) === pid);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // a process that ended while we looked
  }
}
