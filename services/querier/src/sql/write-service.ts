import { type Parameter, quoteIdentifier, quoteLiteral } from '@signaldb/duckdb';
import type { FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { type Catalog, currentSchema, sqlTypesOf } from '@signaldb/iceberg';
import type { Schema } from 'apache-arrow';
import { isFileGone } from '../files/fetch-file.ts';
import type { Outcome } from '../outcome.ts';
import { shownType } from '../tables/shown-type.ts';
import { signalTableOf } from '../tables/table-columns.ts';
import { loadTable } from '../tables/table-snapshot.ts';
import type { TicketOf } from '../ticket.ts';
import { catalogName } from './catalog-name.ts';
import { nearestName } from './nearest-name.ts';
import { decodeParameterRows } from './parameter-values.ts';
import type { StatementRun } from './process-messages.ts';
import type { Sandbox } from './sandbox.ts';
import { invalidAt } from './sql-errors.ts';
import type { CheckedStatement } from './statement.ts';
import { inspectionOf, readMadeTable, schemaText, storable, tableSchema, type WritePlan } from './write-plan.ts';
import {
  type CreateAsStatement,
  type CreateStatement,
  type InsertStatement,
  onlyPieces,
  type WriteStatement,
} from './write-statement.ts';
import { type RunText, runText, targetName, targetSql } from './write-text.ts';

/** What a session needs to run a statement's query: SQL that makes its tables visible. */
export interface Session {
  readonly setup: readonly string[];
  close(): void;
}

/** A query is to be run, not only described. */
export interface RowsWanted {
  readonly outcome: Outcome;
  readonly sandbox: Sandbox;
  readonly signal: AbortSignal;
  /** What its parameters are; undefined where they are several. */
  readonly params: readonly Parameter[] | undefined;
}

export interface WriteServiceOptions {
  readonly catalog: Catalog;
  /** The names of a tenant's tables. */
  readonly names: (tenant: string) => Promise<readonly string[]>;
  readonly check: (sandbox: Sandbox, tenant: string, sql: string) => Promise<CheckedStatement>;
  /** Opens the tables that a query reads, with their rows or with their columns alone. */
  readonly open: (tenant: string, query: CheckedStatement, rows: RowsWanted | undefined) => Promise<Session>;
}

/** What a write is, without its having been run. */
export interface WriteDescription {
  readonly statementType: WriteStatement['kind'];
  /** As DuckDB has them; absent where there are none. */
  readonly parameters: Schema | undefined;
}

const attemptsMax = 3;
const noSession: Session = { setup: [], close: () => {} };
const inspection = inspectionOf(quoteLiteral(targetName));

/**
 * Statements that write. DuckDB itself runs them, on a table of the session's own that has the columns of the table meant: so types, casts,
 * lists of columns, NOT NULL and parameters are DuckDB's. What that table then holds is what is to be written; the caller writes it.
 */
export class WriteService {
  readonly #options: WriteServiceOptions;

  constructor(options: WriteServiceOptions) {
    this.#options = options;
  }

  /** Refuses what `run` would refuse for what the statement is, not for the values that it is given. */
  async describe(sandbox: Sandbox, tenant: string, statement: WriteStatement): Promise<WriteDescription> {
    const { kind: statementType } = statement;
    await checkWords(sandbox, statement);
    const existing = await this.#existing(tenant, statement);
    if (statement.kind === 'DROP_TABLE') return { statementType, parameters: undefined };
    if (statement.kind === 'CREATE_TABLE') {
      if (!isNothingToDo(statement, existing)) await this.#made(sandbox, statement);
      return { statementType, parameters: undefined };
    }
    const query = await this.#query(sandbox, tenant, statement);
    const session = query ? await this.#options.open(tenant, query, undefined) : noSession;
    try {
      // DuckDB types the parameters of CREATE TABLE AS only when they are bound: those of its query are the same.
      const isCreate = statement.kind === 'CREATE_TABLE_AS';
      const text = isCreate ? undefined : runText(statement, whole(statement, query));
      const target = isCreate ? [] : [await this.#targetSql(tenant, existing!)];
      const [found] = await sandbox
        .describe([...session.setup, ...target], [text?.sql ?? query!.sql])
        .catch((error: unknown) => {
          throw text ? text.errorOf(error) : error;
        });
      if (isCreate) storable(found!.schema);
      const { parameters } = found!;
      return { statementType, parameters: parameters.fields.length === 0 ? undefined : parameters };
    } finally {
      session.close();
    }
  }

  /** Runs a statement. The first message tells what is to be done with which table, as a {@link WritePlan}; rows to write follow. */
  async *run(
    sandbox: Sandbox,
    statement: WriteStatement,
    ticket: TicketOf<'write'>,
    outcome: Outcome,
    signal: AbortSignal,
  ): AsyncGenerator<FlightMessage> {
    const { tenant } = ticket;
    await checkWords(sandbox, statement);
    const existing = await this.#existing(tenant, statement);
    if (isNothingToDo(statement, existing)) yield planMessage({ action: 'none' });
    else if (statement.kind === 'DROP_TABLE') yield planMessage({ action: 'drop_table', table: existing! });
    else if (statement.kind === 'CREATE_TABLE') {
      const { schema, primaryKey } = await this.#made(sandbox, statement);
      yield planMessage(createPlan('create_table', statement, schema, primaryKey));
    } else {
      const params = ticket.parameters === undefined ? [[]] : decodeParameterRows(ticket.parameters);
      if (statement.kind === 'CREATE_TABLE_AS' && params.length > 1)
        throw new GrpcError(Status.INVALID_ARGUMENT, 'CREATE TABLE AS takes one row of parameters');
      yield* this.#rows(sandbox, tenant, statement, existing, params, outcome, signal);
    }
  }

  async *#rows(
    sandbox: Sandbox,
    tenant: string,
    statement: CreateAsStatement | InsertStatement,
    existing: string | undefined,
    params: readonly (readonly Parameter[])[],
    outcome: Outcome,
    signal: AbortSignal,
  ): AsyncGenerator<FlightMessage> {
    const query = await this.#query(sandbox, tenant, statement);
    const wanted = { outcome, sandbox, signal, params: params.length === 1 ? params[0] : undefined };
    for (let attempt = 1; ; attempt++) {
      const session = query ? await this.#options.open(tenant, query, wanted) : noSession;
      try {
        return yield* this.#rowsOf(sandbox, tenant, statement, existing, params, { query, session, outcome, signal });
      } catch (error) {
        // Files may have been replaced since they were listed; they are, if at all, before a row has come.
        if (!isFileGone(error) || attempt === attemptsMax) throw error;
      } finally {
        session.close();
      }
    }
  }

  async *#rowsOf(
    sandbox: Sandbox,
    tenant: string,
    statement: CreateAsStatement | InsertStatement,
    existing: string | undefined,
    params: readonly (readonly Parameter[])[],
    run: {
      readonly query: CheckedStatement | undefined;
      readonly session: Session;
      readonly outcome: Outcome;
      readonly signal: AbortSignal;
    },
  ): AsyncGenerator<FlightMessage> {
    const { query, session, outcome, signal } = run;
    if (outcome.reasons.length > 0) {
      const why = outcome.reasons.join('; ');
      throw new GrpcError(Status.UNAVAILABLE, `nothing was written, as what is read would be incomplete: ${why}`);
    }
    const text = runText(statement, whole(statement, query));
    const isInsert = statement.kind === 'INSERT';
    const setup = isInsert ? [...session.setup, await this.#targetSql(tenant, existing!)] : session.setup;
    const start = (runs: readonly StatementRun[]) =>
      sandbox.query(setup, `FROM ${targetSql}`, [], signal, { runs, ...(!isInsert && { inspect: inspection }) });
    const made = await start(isInsert ? joinedRuns(statement, text, params) : [{ sql: text.sql, params }])
      .catch((error: unknown) => {
        // Rows that were put together don't say which one it was.
        if (!isInsert || params.length === 1 || statement.row === undefined) throw error;
        return start([{ sql: text.sql, params }]);
      })
      .catch((error: unknown) => {
        throw text.errorOf(error);
      });
    if (isInsert) yield planMessage({ action: 'insert', table: existing! }, made.schema);
    else {
      const { schema } = tableSchema(readMadeTable(made.inspected), made.schema);
      yield planMessage(createPlan('create_table_as', statement, schema, []), made.schema);
    }
    for await (const batch of made.batches) yield { batch };
  }

  /** The table that the statement means, as it is called. @throws GrpcError where it has to be there and isn't, or the other way round */
  async #existing(tenant: string, statement: WriteStatement): Promise<string | undefined> {
    const { sql, table, kind } = statement;
    const at = (message: string, status: number = Status.INVALID_ARGUMENT) =>
      invalidAt(sql, Buffer.byteLength(sql.slice(0, table.start)), message, status);
    const { catalog, schema, name } = table;
    if (catalog !== '' && catalog.toLowerCase() !== catalogName)
      throw at(`there is no catalog ${catalog}: the one that there is is ${catalogName}`, Status.NOT_FOUND);
    if (schema !== '' && ![tenant.toLowerCase(), 'main'].includes(schema.toLowerCase()))
      throw at(`the schema ${schema} can’t be written: yours is ${tenant}`, Status.PERMISSION_DENIED);
    const known = await this.#options.names(tenant);
    const found = known.find((other) => other.toLowerCase() === name.toLowerCase());
    if (signalTableOf(found ?? name) !== undefined)
      throw at(
        `${found} is the table of a signal: its rows come through OTLP, and it can’t be written or dropped by SQL`,
      );
    if (kind === 'CREATE_TABLE' || kind === 'CREATE_TABLE_AS') {
      checkName(name, at);
      if (found !== undefined && !statement.orReplace && !statement.ifNotExists)
        throw at(`there is a table ${found} already`, Status.ALREADY_EXISTS);
      return found;
    }
    if (found !== undefined || (kind === 'DROP_TABLE' && statement.ifExists)) return found;
    const nearest = nearestName(
      name,
      known.filter((other) => signalTableOf(other) === undefined),
    );
    const advice = nearest === undefined ? 'CREATE TABLE makes one' : `did you mean ${nearest}?`;
    throw at(`there is no table ${name}; ${advice}`, Status.NOT_FOUND);
  }

  /** The statement's query, found to only read. */
  async #query(
    sandbox: Sandbox,
    tenant: string,
    { sql, query }: CreateAsStatement | InsertStatement,
  ): Promise<CheckedStatement | undefined> {
    if (query.length === 0) return undefined;
    const text = onlyPieces(sql, query);
    const checked = await this.#options.check(sandbox, tenant, text);
    if (checked.sql.length !== text.length)
      throw new GrpcError(Status.INVALID_ARGUMENT, 'this query can’t be what is written; SELECT from what it answers');
    return checked;
  }

  /** Makes the table of a CREATE TABLE in a session of its own, to learn what it is. */
  async #made(sandbox: Sandbox, statement: CreateStatement): Promise<ReturnType<typeof tableSchema>> {
    const text = runText(statement, statement.sql);
    const signal = new AbortController().signal;
    const runs = [{ sql: text.sql, params: [[]] }];
    const made = await sandbox
      .query([], `FROM ${targetSql}`, [], signal, { runs, inspect: inspection })
      .catch((error) => {
        throw text.errorOf(error);
      });
    for await (const _ of made.batches) {
      // It has no rows; what is read to its end is over.
    }
    return tableSchema(readMadeTable(made.inspected), made.schema);
  }

  /** SQL that makes a table with the columns of one that there is. */
  async #targetSql(tenant: string, name: string): Promise<string> {
    const metadata = await loadTable(this.#options.catalog, tenant, name);
    if (metadata === undefined) throw new GrpcError(Status.NOT_FOUND, `there is no table ${name} any more`);
    const sqlTypes = sqlTypesOf(metadata.properties);
    const columns = currentSchema(metadata).fields.map(
      ({ id, name: column, type, required }) =>
        `${quoteIdentifier(column)} ${shownType(id, type, sqlTypes).type}${required ? ' NOT NULL' : ''}`,
    );
    return `CREATE TEMP TABLE ${targetSql} (${columns.join(', ')})`;
  }
}

/** The name is taken out of the statement that is run, so DuckDB is asked by itself whether it is one. @throws DuckDbError at its place */
async function checkWords(sandbox: Sandbox, { sql, table }: WriteStatement): Promise<void> {
  const from = 'FROM ';
  const before = sql.slice(0, table.start - from.length).replace(/[^\n]/g, ' ');
  await sandbox.parse(`${before}${from}${sql.slice(table.start, table.end)}`);
}

const isNothingToDo = (statement: WriteStatement, existing: string | undefined): boolean =>
  statement.kind === 'DROP_TABLE'
    ? existing === undefined
    : statement.kind !== 'INSERT' && statement.ifNotExists && existing !== undefined;

const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

function checkName(name: string, at: (message: string) => GrpcError): void {
  if (namePattern.test(name)) return;
  const shown = JSON.stringify(name.slice(0, 100));
  throw at(`${shown} can’t be a table’s name: letters A to Z, digits and _, a letter or _ first, at most 128`);
}

/** The statement with its query as it was checked. */
function whole(
  { sql, query: pieces }: CreateAsStatement | InsertStatement,
  checked: CheckedStatement | undefined,
): string {
  if (checked === undefined) return sql;
  let text = '';
  for (const { start, end } of pieces) text += sql.slice(text.length, start) + checked.sql.slice(start, end);
  return text + sql.slice(text.length);
}

function createPlan(
  action: 'create_table' | 'create_table_as',
  { table, orReplace }: CreateStatement | CreateAsStatement,
  schema: Schema,
  primaryKey: readonly string[],
): WritePlan {
  return {
    action,
    table: table.name,
    or_replace: orReplace,
    schema_ipc: schemaText(schema),
    primary_key: primaryKey,
  };
}

const planMessage = (plan: WritePlan, schema?: Schema): FlightMessage => ({
  ...(schema && { schema }),
  appMetadata: Buffer.from(JSON.stringify(plan)),
});

const joinedRowsMax = 200;
const joinedParametersMax = 4000;

/** One run for each row of parameters; rows of a plain VALUES are put together, many to a run. */
function joinedRuns(
  { row, sql: original }: InsertStatement,
  text: RunText,
  params: readonly (readonly Parameter[])[],
): StatementRun[] {
  const width = params[0]?.length ?? 0;
  const together = Math.min(joinedRowsMax, Math.floor(joinedParametersMax / Math.max(1, width)));
  if (row === undefined || width === 0 || params.length < 2 || together < 2) return [{ sql: text.sql, params }];
  // What is before the row may have become longer, what is behind it has not.
  const [start, end] = [row.start, row.end].map((at) => text.sql.length - (original.length - at));
  const values = text.sql.slice(start, end);
  const runs: StatementRun[] = [];
  for (let at = 0; at < params.length; at += together) {
    const rows = params.slice(at, at + together);
    runs.push({ sql: `${text.sql.slice(0, end)}${`, ${values}`.repeat(rows.length - 1)}`, params: [rows.flat()] });
  }
  return runs;
}
