import type { Parameter } from '@signaldb/duckdb';
import type { FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { Catalog } from '@signaldb/iceberg';
import type { Schema } from 'apache-arrow';
import type { QuerierConfig } from '../config.ts';
import type { DuckPool } from '../duck-pool.ts';
import { isFileGone } from '../files/fetch-file.ts';
import { Outcome } from '../outcome.ts';
import { rowsOf } from '../rows.ts';
import { allColumns } from '../tables/read-sql.ts';
import { type OpenTables, readError, type TableReader } from '../tables/table-reader.ts';
import type { PlanRequest, TicketOf } from '../ticket.ts';
import { allTime } from '../time-range.ts';
import { type FunctionFacts, factsOf, functionFactsSql } from './constants.ts';
import { announcedParameters, decodeParameters } from './parameter-values.ts';
import { type RowBounds, rowBoundsOf } from './row-bounds.ts';
import { rowConditionsOf } from './row-conditions.ts';
import type { Sandbox, SandboxDescription, SandboxResult } from './sandbox.ts';
import type { Sandboxes } from './sandboxes.ts';
import { columnViews, rowViews, sessionSql, shownNames, wantedFiles } from './session.ts';
import { type Plan, planOf, shareView, sizeOf } from './share-plan.ts';
import { isUnfiltered, splitTableOf } from './split.ts';
import { invalidAt, type StatementAtHand, sqlError } from './sql-errors.ts';
import { type CheckedStatement, checkStatement } from './statement.ts';
import type { TableDescription, TableList } from './table-list.ts';
import type { TableView } from './table-view.ts';
import { type RowsWanted, type Session, WriteService } from './write-service.ts';
import { parseWrite, type WriteStatement } from './write-statement.ts';

export interface SqlServiceOptions {
  readonly config: QuerierConfig;
  readonly catalog: Catalog;
  readonly tables: TableList;
  readonly reader: TableReader;
  readonly sandboxes: Sandboxes;
  readonly duck: DuckPool;
}

/** What a statement would answer, as clients are told it. */
export interface Description {
  readonly statementType: string;
  /** Absent for a statement that writes. */
  readonly schema: Schema | undefined;
  readonly parameters: Schema | undefined;
}

const attemptsMax = 3;

/** SQL of users: checked, boxed in, streamed. */
export class SqlService {
  readonly #options: SqlServiceOptions;
  readonly #writes: WriteService;
  #facts: Promise<FunctionFacts> | undefined;

  constructor(options: SqlServiceOptions) {
    this.#options = options;
    this.#writes = new WriteService({
      catalog: options.catalog,
      names: (tenant) => options.tables.names(tenant),
      check: (sandbox, tenant, sql) => this.#check(sandbox, tenant, sql),
      open: (tenant, query, rows) => this.#openForWrite(tenant, query, rows),
    });
  }

  close(): Promise<void> {
    return this.#options.sandboxes.close();
  }

  /** Runs a query. The first message has the schema, and says at once if rows may be missing. */
  async *query(ticket: TicketOf<'sql'>, outcome: Outcome, signal: AbortSignal): AsyncGenerator<FlightMessage> {
    yield* this.#streamed(ticket, outcome, signal, async (sandbox, statement, params, at) =>
      this.#start(sandbox, ticket.tenant, statement, params, outcome, signal, at),
    );
  }

  /** Runs a query on some of its table's files. */
  async *share(ticket: TicketOf<'share'>, outcome: Outcome, signal: AbortSignal): AsyncGenerator<FlightMessage> {
    yield* this.#streamed(ticket, outcome, signal, async (sandbox, statement, params) => {
      const open = this.#options.reader.openFiles(ticket.tenant);
      try {
        const view = await shareView(open.files, ticket);
        outcome.addFiles(ticket.files);
        const session = sessionSql(statement, [view], { tenant: ticket.tenant, tables: [] });
        return { open, result: await sandbox.query(session, statement.sql, params, signal) };
      } catch (error) {
        open.close();
        if (!isFileGone(error)) throw error;
        throw new GrpcError(
          Status.ABORTED,
          'files that this part of the result was to be read from have been replaced since it was planned; run the statement again',
        );
      }
    });
  }

  /** Runs a statement that writes: the first message tells what is to be written where, the rows to write follow. */
  async *write(ticket: TicketOf<'write'>, outcome: Outcome, signal: AbortSignal): AsyncGenerator<FlightMessage> {
    const { sandbox, release } = await this.#options.sandboxes.lend(ticket.tenant, signal);
    try {
      const write = this.#readWrite(ticket.sql);
      if (write === undefined) throw new GrpcError(Status.INVALID_ARGUMENT, 'the statement writes nothing');
      yield* this.#writes.run(sandbox, write, ticket, outcome, signal);
    } catch (error) {
      throw this.#told(error, { sql: ticket.sql });
    } finally {
      release();
    }
  }

  /** What a statement would answer. Refuses what `query` would refuse. */
  async describe(tenant: string, sql: string, signal: AbortSignal): Promise<Description> {
    const at: StatementAtHand = { sql };
    return this.#lent(tenant, at, signal, async (sandbox) => {
      const write = this.#readWrite(sql);
      if (write !== undefined) {
        const { statementType, parameters } = await this.#writes.describe(sandbox, tenant, write);
        return { statementType, schema: undefined, parameters: parameters && announcedParameters(parameters) };
      }
      const statement = await this.#check(sandbox, tenant, sql);
      at.statement = statement;
      const { statementType, schema, parameters } = await this.#describe(sandbox, tenant, statement, at);
      const announced = parameters.fields.length === 0 ? undefined : announcedParameters(parameters);
      return { statementType, schema, parameters: announced };
    });
  }

  /** The tables of a tenant. */
  tables(tenant: string): Promise<TableDescription[]> {
    return this.#options.tables.describe(tenant);
  }

  /**
   * Splits a statement's rows into shares; undefined where it can't be split, or isn't worth it, or rows would be missing. The shares
   * name the files of one moment, so that each row comes once, whatever is committed meanwhile.
   */
  async plan(request: PlanRequest, signal: AbortSignal): Promise<Plan | undefined> {
    const { tenant, sql, parameters } = request;
    if (request.shares_max < 2) return undefined;
    const at: StatementAtHand = { sql };
    return this.#lent(tenant, at, signal, async (sandbox) => {
      const statement = await this.#check(sandbox, tenant, sql);
      at.statement = statement;
      const table = splitTableOf(statement, await this.#functionFacts());
      if (table === undefined) return undefined;
      const params = parameters === undefined ? [] : decodeParameters(parameters);
      const bounds = await this.#bounds(sandbox, statement, params, signal);
      const outcome = new Outcome();
      const open = await this.#open(tenant, statement, bounds, outcome);
      try {
        const snapshot = open.tables.get(table);
        if (snapshot === undefined || outcome.reasons.length > 0) return undefined;
        const { files, times } = await wantedFiles(open, snapshot, bounds.get(table) ?? { times: allTime });
        const { splitRowsMin, splitBytesMin, splitFilesMax } = this.#options.config;
        const { rows, bytes } = sizeOf(files);
        if (files.length < 2 || files.length > splitFilesMax || (rows < splitRowsMin && bytes < splitBytesMin))
          return undefined;
        const columns = allColumns(snapshot.columns, await open.files.local(snapshot.uncommitted));
        const view = { name: table, columns, files: [], times: allTime };
        const session = sessionSql(statement, [view], { tenant, tables: [] });
        const [described] = await sandbox.describe(session, [statement.sql]);
        const answer = { schema: described!.schema, hasAllRows: isUnfiltered(statement) };
        return planOf(request, { name: table, columns, files, times }, answer);
      } finally {
        open.close();
      }
    });
  }

  async *#streamed(
    ticket: { readonly tenant: string; readonly sql: string; readonly parameters?: string | undefined },
    outcome: Outcome,
    signal: AbortSignal,
    start: (
      sandbox: Sandbox,
      statement: CheckedStatement,
      params: readonly Parameter[],
      at: StatementAtHand,
    ) => Promise<Started>,
  ): AsyncGenerator<FlightMessage> {
    const params = ticket.parameters === undefined ? [] : decodeParameters(ticket.parameters);
    const { sandbox, release } = await this.#options.sandboxes.lend(ticket.tenant, signal);
    let open: Pick<OpenTables, 'close'> | undefined;
    const at: StatementAtHand = { sql: ticket.sql };
    try {
      const statement = await this.#check(sandbox, ticket.tenant, ticket.sql);
      at.statement = statement;
      const started = await start(sandbox, statement, params, at);
      open = started.open;
      const { schema, batches } = started.result;
      yield outcome.reasons.length === 0 ? { schema } : { schema, appMetadata: outcome.toBytes() };
      for await (const batch of batches) yield { batch };
      yield { appMetadata: outcome.toBytes() };
    } catch (error) {
      throw this.#told(error, at);
    } finally {
      open?.close();
      release();
    }
  }

  /** Calls that read no rows. Planning that takes longer than a query may can be ended only with its process. */
  async #lent<T>(
    tenant: string,
    at: StatementAtHand,
    signal: AbortSignal,
    work: (sandbox: Sandbox) => Promise<T>,
  ): Promise<T> {
    const { sqlTimeoutMs } = this.#options.config;
    const { sandbox, release } = await this.#options.sandboxes.lendBriefly(tenant, signal);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      sandbox.kill();
    }, sqlTimeoutMs);
    try {
      return await work(sandbox);
    } catch (error) {
      if (!isLate) throw this.#told(error, at);
      const message = `planning the statement took longer than ${sqlTimeoutMs} ms (setting querier.sqlTimeoutMs)`;
      throw new GrpcError(Status.DEADLINE_EXCEEDED, message);
    } finally {
      clearTimeout(timer);
      release();
    }
  }

  async #describe(
    sandbox: Sandbox,
    tenant: string,
    statement: CheckedStatement,
    at: StatementAtHand,
  ): Promise<SandboxDescription> {
    const open = await this.#open(tenant, statement, new Map(), new Outcome());
    try {
      const session = await this.#session(tenant, statement, await columnViews(open), at);
      const [found] = await sandbox.describe(session, [statement.sql]);
      return found!;
    } finally {
      open.close();
    }
  }

  /** Opens the tables and starts the query, anew where a file went away meanwhile. */
  async #start(
    sandbox: Sandbox,
    tenant: string,
    statement: CheckedStatement,
    params: readonly Parameter[],
    outcome: Outcome,
    signal: AbortSignal,
    at: StatementAtHand,
  ): Promise<Started> {
    const bounds = await this.#bounds(sandbox, statement, params, signal);
    for (let attempt = 1; ; attempt++) {
      const open = await this.#open(tenant, statement, bounds, outcome);
      try {
        const session = await this.#session(tenant, statement, await rowViews(open, bounds, outcome), at);
        const result = await sandbox.query(session, statement.sql, params, signal);
        if (result.statementType === 'SELECT' || result.statementType === 'EXPLAIN') return { open, result };
        throw new GrpcError(Status.INVALID_ARGUMENT, `${result.statementType} statements are not answered`);
      } catch (error) {
        open.close();
        if (!isFileGone(error) || attempt === attemptsMax) throw error;
      }
    }
  }

  async #bounds(
    sandbox: Sandbox,
    statement: CheckedStatement,
    params: readonly Parameter[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, RowBounds>> {
    const facts = await this.#functionFacts();
    return rowBoundsOf(rowConditionsOf(statement), { facts, sandbox, params, signal });
  }

  #open(
    tenant: string,
    { tables }: CheckedStatement,
    bounds: ReadonlyMap<string, RowBounds>,
    outcome: Outcome,
  ): Promise<OpenTables> {
    const timesOf = new Map([...bounds].map(([table, { times }]) => [table, times]));
    return this.#options.reader.open({ tenant, tables, times: allTime, timesOf }, outcome);
  }

  async #session(
    tenant: string,
    statement: CheckedStatement,
    views: readonly TableView[],
    at?: StatementAtHand,
  ): Promise<string[]> {
    if (at !== undefined) at.columns = shownNames(statement, views);
    const tables = statement.schemaViews.length === 0 ? [] : await this.#options.tables.list(tenant);
    return sessionSql(statement, views, { tenant, tables });
  }

  #functionFacts(): Promise<FunctionFacts> {
    this.#facts ??= this.#options.duck.rows(functionFactsSql, {}).then((batches) => factsOf(rowsOf(batches)));
    return this.#facts;
  }

  #readWrite(sql: string): WriteStatement | undefined {
    this.#checkText(sql);
    return parseWrite(sql);
  }

  /** What a write reads, for its query. */
  async #openForWrite(tenant: string, query: CheckedStatement, rows: RowsWanted | undefined): Promise<Session> {
    const isBound = rows?.params !== undefined;
    const bounds = isBound ? await this.#bounds(rows.sandbox, query, rows.params!, rows.signal) : new Map();
    const open = await this.#open(tenant, query, bounds, rows?.outcome ?? new Outcome());
    try {
      const views = rows === undefined ? await columnViews(open) : await rowViews(open, bounds, rows.outcome);
      return { setup: await this.#session(tenant, query, views), close: () => open.close() };
    } catch (error) {
      open.close();
      throw error;
    }
  }

  #checkText(sql: string): void {
    const { sqlTextBytesMax } = this.#options.config;
    if (Buffer.byteLength(sql) > sqlTextBytesMax) {
      const end = Buffer.from(sql).subarray(0, sqlTextBytesMax).toString().length;
      const message = `the SQL text is longer than ${sqlTextBytesMax} bytes (setting querier.sqlTextBytesMax)`;
      throw invalidAt(sql, Buffer.byteLength(sql.slice(0, end)), message);
    }
    // DuckDB's interface takes text up to a NUL: what stands after one would go unread.
    const nul = sql.indexOf('\0');
    if (nul >= 0)
      throw invalidAt(sql, Buffer.byteLength(sql.slice(0, nul)), 'a statement can’t have the character NUL');
  }

  async #check(sandbox: Sandbox, tenant: string, sql: string): Promise<CheckedStatement> {
    const { sqlTablesMax: tablesMax } = this.#options.config;
    this.#checkText(sql);
    const tables = () => this.#options.tables.names(tenant);
    return checkStatement(sql, { tenant, tablesMax, tables, parse: (text) => sandbox.parse(text) });
  }

  #told(error: unknown, at: StatementAtHand): unknown {
    return sqlError(readError(error), this.#options.config, at);
  }
}

/** A query that has begun, and the files that it uses. */
interface Started {
  readonly open: Pick<OpenTables, 'close'>;
  readonly result: SandboxResult;
}
