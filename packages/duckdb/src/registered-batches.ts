import type { RecordBatch } from 'apache-arrow';
import { CExport } from './c-export.ts';
import { DuckDbError, parseError } from './error.ts';
import { library, type Pointer, resultBytes } from './library.ts';
import { cell, cString } from './memory.ts';
import { quoteIdentifier } from './quote.ts';

/** Batches that a connection reads as a table. `release` drops the table and lets go of their memory. */
export interface Registration {
  readonly name: string;
  release(): void;
}

interface Scan {
  readonly name: string;
  readonly columns: readonly string[];
  /** Addresses of the C schema and the C array. */
  readonly schema: bigint;
  readonly array: bigint;
}

interface Table {
  readonly name: string;
  /** A scan a batch; `exported` keeps what they point at alive. */
  readonly scans: readonly Scan[];
  readonly exported: CExport;
  streams: Buffer[];
}

/**
 * The registered batches of one connection. DuckDB reads such a scan once, and finds nothing the second time: so each statement
 * gets new scans, and one whose plan has more of them than there are is refused.
 */
export class RegisteredBatches {
  readonly #connection: Pointer;
  #table: Table | undefined;

  constructor(connection: Pointer) {
    this.#connection = connection;
  }

  /** How many scans stand for the registered table; 0 when there is none. */
  get scans(): number {
    return this.#table?.scans.length ?? 0;
  }

  register(name: string, batches: readonly RecordBatch[]): Registration {
    if (this.#table !== undefined)
      throw new DuckDbError('Busy', `the connection has the batches of ${this.#table.name} registered`);
    if (batches.length === 0) throw new DuckDbError('Parameter', `no batches given for ${name}`);
    const exported = new CExport();
    const scans = batches.map((batch, i) => ({
      name: `signaldb_scan_${i}`,
      columns: batch.schema.fields.map((field) => field.name),
      schema: BigInt(exported.rowSchema(batch.schema)),
      array: BigInt(exported.rows(batch)),
    }));
    const table: Table = { name, exported, scans, streams: [] };
    this.#makeScans(table);
    try {
      this.#run(viewOf(table));
    } catch (error) {
      dropStreams(table);
      throw error;
    }
    this.#table = table;
    return { name, release: () => this.#release(table) };
  }

  /** Makes the table readable for one more statement. */
  arm(): void {
    if (this.#table !== undefined) this.#makeScans(this.#table);
  }

  /** @throws DuckDbError `Statement` when a statement of this plan (EXPLAIN's JSON) would read the table twice */
  check(plan: string): void {
    const table = this.#table;
    if (table !== undefined && plan.split('"name": "ARROW_SCAN"').length - 1 > table.scans.length) {
      throw new DuckDbError('Statement', `the statement reads ${table.name} more than once`);
    }
  }

  /** Drops the views' memory; the connection is about to go. */
  close(): void {
    if (this.#table !== undefined) dropStreams(this.#table);
    this.#table = undefined;
  }

  #makeScans(table: Table): void {
    dropStreams(table);
    for (const { name, schema, array } of table.scans) {
      const stream = cell();
      const state = library().arrow_array_scan(this.#connection, cString(name), schema, array, stream);
      if (state !== 0) throw new DuckDbError('Unsupported', `DuckDB refused the batches of ${table.name}`);
      table.streams.push(stream);
    }
  }

  #release(table: Table): void {
    if (this.#table !== table) return;
    this.#table = undefined;
    for (const view of [table.name, ...table.scans.map((scan) => scan.name)]) {
      this.#run(`DROP VIEW IF EXISTS ${quoteIdentifier(view)}`);
    }
    dropStreams(table);
  }

  #run(sql: string): void {
    const result = Buffer.alloc(resultBytes);
    const state = library().query(this.#connection, cString(sql), result);
    const error = state === 0 ? undefined : parseError(library().result_error(result), sql);
    library().destroy_result(result);
    if (error !== undefined) throw error;
  }
}

function viewOf({ name, scans }: Table): string {
  const parts = scans.map(({ name: scan, columns }) => {
    const list = columns.map((column, i) => `"row".c${i} AS ${quoteIdentifier(column)}`);
    return `SELECT ${list.join(', ')} FROM ${quoteIdentifier(scan)}`;
  });
  return `CREATE OR REPLACE TEMP VIEW ${quoteIdentifier(name)} AS ${parts.join(' UNION ALL BY NAME ')}`;
}

function dropStreams(table: Table): void {
  for (const stream of table.streams) library().destroy_arrow_stream(stream);
  table.streams = [];
}
