import type { Parameter } from '@signaldb/duckdb';
import type { FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { Schema } from 'apache-arrow';
import type { QuerierConfig } from '../config.ts';
import { isFileGone } from '../files/fetch-file.ts';
import { Outcome } from '../outcome.ts';
import { type OpenTables, readError, type TableReader } from '../tables/table-reader.ts';
import type { TicketOf } from '../ticket.ts';
import { allTime } from '../time-range.ts';
import { announcedParameters, decodeParameters } from './parameter-values.ts';
import type { Sandbox, SandboxResult } from './sandbox.ts';
import type { Sandboxes } from './sandboxes.ts';
import { sqlError } from './sql-errors.ts';
import { type CheckedStatement, checkStatement } from './statement.ts';
import type { TableDescription, TableList } from './table-list.ts';
import { createView } from './table-view.ts';

export interface SqlServiceOptions {
  readonly config: QuerierConfig;
  readonly tables: TableList;
  readonly reader: TableReader;
  readonly sandboxes: Sandboxes;
}

/** What a statement would answer, as clients are told it. */
export interface Description {
  readonly statementType: string;
  readonly schema: Schema;
  readonly parameters: Schema | undefined;
}

const attemptsMax = 3;

/** SQL of users: checked, boxed in, streamed. */
export class SqlService {
  readonly #options: SqlServiceOptions;

  constructor(options: SqlServiceOptions) {
    this.#options = options;
  }

  close(): Promise<void> {
    return this.#options.sandboxes.close();
  }

  /** Runs a query. The first message has the schema, and says at once if rows may be missing. */
  async *query(ticket: TicketOf<'sql'>, outcome: Outcome, signal: AbortSignal): AsyncGenerator<FlightMessage> {
    const params = ticket.parameters === undefined ? [] : decodeParameters(ticket.parameters);
    const { sandbox, release } = this.#options.sandboxes.lend(ticket.tenant);
    let open: OpenTables | undefined;
    try {
      const statement = await this.#check(sandbox, ticket.tenant, ticket.sql);
      const started = await this.#start(sandbox, ticket.tenant, statement, params, outcome, signal);
      open = started.open;
      const { schema, batches } = started.result;
      yield outcome.reasons.length === 0 ? { schema } : { schema, appMetadata: outcome.toBytes() };
      for await (const batch of batches) yield { batch };
      yield { appMetadata: outcome.toBytes() };
    } catch (error) {
      throw this.#told(error);
    } finally {
      open?.close();
      release();
    }
  }

  /** What a statement would answer. Refuses what `query` would refuse. */
  async describe(tenant: string, sql: string): Promise<Description> {
    return this.#lent(tenant, async (sandbox) => {
      const statement = await this.#check(sandbox, tenant, sql);
      const [found] = await this.#describe(sandbox, tenant, statement.tables, () => [statement.sql]);
      const { statementType, schema, parameters } = found!;
      const announced = parameters.fields.length === 0 ? undefined : announcedParameters(parameters);
      return { statementType, schema, parameters: announced };
    });
  }

  /** The tables of a tenant. */
  tables(tenant: string): Promise<TableDescription[]> {
    return this.#options.tables.describe(tenant);
  }

  async #lent<T>(tenant: string, work: (sandbox: Sandbox) => Promise<T>): Promise<T> {
    const { sandbox, release } = this.#options.sandboxes.lend(tenant);
    try {
      return await work(sandbox);
    } catch (error) {
      throw this.#told(error);
    } finally {
      release();
    }
  }

  async #describe(
    sandbox: Sandbox,
    tenant: string,
    tables: readonly string[],
    statements: (open: OpenTables) => readonly string[],
  ) {
    const open = await this.#options.reader.open({ tenant, tables, times: allTime }, new Outcome());
    try {
      return await sandbox.describe(await columnViews(open), statements(open));
    } finally {
      open.close();
    }
  }

  /** Opens the tables and starts the query, anew where a file went away meanwhile. */
  async #start(
    sandbox: Sandbox,
    tenant: string,
    { sql, tables }: CheckedStatement,
    params: readonly Parameter[],
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<{ readonly open: OpenTables; readonly result: SandboxResult }> {
    for (let attempt = 1; ; attempt++) {
      const open = await this.#options.reader.open({ tenant, tables, times: allTime }, outcome);
      try {
        const result = await sandbox.query(await rowViews(open, outcome), sql, params, signal);
        if (result.statementType === 'SELECT' || result.statementType === 'EXPLAIN') return { open, result };
        throw new GrpcError(Status.INVALID_ARGUMENT, `${result.statementType} statements are not answered`);
      } catch (error) {
        open.close();
        if (!isFileGone(error) || attempt === attemptsMax) throw error;
      }
    }
  }

  async #check(sandbox: Sandbox, tenant: string, sql: string): Promise<CheckedStatement> {
    const { sqlTextBytesMax, sqlTablesMax: tablesMax } = this.#options.config;
    if (Buffer.byteLength(sql) > sqlTextBytesMax) {
      throw new GrpcError(
        Status.INVALID_ARGUMENT,
        `the SQL text is longer than ${sqlTextBytesMax} bytes (setting querier.sqlTextBytesMax)`,
      );
    }
    const tables = () => this.#options.tables.names(tenant);
    return checkStatement(sql, { tenant, tablesMax, tables, parse: (text) => sandbox.parse(text) });
  }

  #told(error: unknown): unknown {
    return sqlError(readError(error), this.#options.config);
  }
}

/** SQL that makes the tables visible, with their rows. */
async function rowViews(open: OpenTables, outcome: Outcome): Promise<string[]> {
  return Promise.all(
    [...open.tables.values()].map(async (table) => {
      const files = await open.files.local(table.files);
      outcome.addFiles(table.files);
      return createView(table, files, files);
    }),
  );
}

/** SQL that makes the tables visible, with their columns alone: only files newer than the schema need to be looked into for them. */
async function columnViews(open: OpenTables): Promise<string[]> {
  return Promise.all(
    [...open.tables.values()].map(async (table) => {
      const hot = table.files.filter(({ source }) => source.kind === 'hot');
      return createView(table, await open.files.local(hot), []);
    }),
  );
}
