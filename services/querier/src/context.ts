import type { QuerierConfig } from './config.ts';
import type { DuckPool } from './duck-pool.ts';
import type { Outcome } from './outcome.ts';
import type { TableReader } from './tables/table-reader.ts';

/** What look-ups and searches work with. */
export interface QueryContext {
  readonly config: QuerierConfig;
  readonly reader: TableReader;
  readonly duck: DuckPool;
}

/** One query: where it puts what it found out, and when it has to stop. */
export interface QueryRun {
  readonly outcome: Outcome;
  readonly signal: AbortSignal;
}

export const nsPerMs = 1_000_000n;
