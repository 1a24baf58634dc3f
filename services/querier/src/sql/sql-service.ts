import { type Connection, type Database, openDatabase, type Parameter, type QueryResult } from '@signaldb/duckdb';
import { encodeSchemaBytes, type FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { type Catalog, isCatalogError } from '@signaldb/iceberg';
import { signalTables } from '@signaldb/otlp';
import { DataType, type Schema } from 'apache-arrow';
import type { QuerierConfig } from '../config.ts';
import { isFileGone } from '../files/fetch-file.ts';
import { Outcome } from '../outcome.ts';
import { type OpenTables, readError, type TableReader } from '../tables/table-reader.ts';
import type { TicketOf } from '../ticket.ts';
import { allTime } from '../time-range.ts';
import { announcedParameters, decodeParameters } from './parameter-values.ts';
import type { Sandboxes } from './sandboxes.ts';
import { sqlError } from './sql-errors.ts';
import { type CheckedStatement, checkStatement } from './statement.ts';
import { createView } from './table-view.ts';

export interface SqlServiceOptions {
  readonly config: QuerierConfig;
  readonly catalog: Catalog;
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
  /** Parses without knowing any table. */
  readonly #parser: Database;

  constructor(options: SqlServiceOptions) {
    this.#options = options;
    this.#parser = openDatabase({
      locked: true,
      threads: 1,
      memoryLimit: '256MB',
      sqlBytesMax: 4 * options.config.sqlTextBytesMax,
    });
  }

  async close(): Promise<void> {
    await this.#parser.close();
    await this.#options.sandboxes.close();
  }

  /** Runs a query. The first message has the schema, and says at once if rows may be missing. */
  async *query(ticket: TicketOf<'sql'>, outcome: Outcome, signal: AbortSignal): AsyncGenerator<FlightMessage> {
    const params = ticket.parameters === undefined ? [] : decodeParameters(ticket.parameters);
    const running = await this.#start(ticket, params, outcome, signal);
    try {
      const { schema } = running.result;
      yield outcome.reasons.length === 0 ? { schema } : { schema, appMetadata: outcome.toBytes() };
      for await (const batch of running.result) yield { batch };
      yield { appMetadata: outcome.toBytes() };
    } catch (error) {
      throw this.#told(error);
    } finally {
      await running.close();
    }
  }

  /** What a statement would answer. Refuses what `query` would refuse. */
  async describe(tenant: string, sql: string): Promise<Description> {
    const statement = await this.#check(tenant, sql);
    const open = await this.#options.reader.open({ tenant, tables: statement.tables, times: allTime }, new Outcome());
    const session = await this.#options.sandboxes.connect(tenant);
    try {
      await createViews(session.connection, open, 'columns');
      return await describeIn(session.connection, statement.sql);
    } catch (error) {
      throw this.#told(error);
    } finally {
      await session.close();
      open.close();
    }
  }

  /** The tables of a tenant, with their columns as SQL sees them. */
  async *tables(
    tenant: string,
  ): AsyncGenerator<{ readonly name: string; readonly type: 'TABLE'; readonly schema: string }> {
    const names = await this.#tableNames(tenant);
    const open = await this.#options.reader.open({ tenant, tables: names, times: allTime }, new Outcome());
    const session = await this.#options.sandboxes.connect(tenant);
    try {
      await createViews(session.connection, open, 'columns');
      for (const name of [...open.tables.keys()].sort()) {
        const { schema } = await session.connection.describe(`FROM "${name.replaceAll('"', '""')}"`);
        yield { name, type: 'TABLE', schema: Buffer.from(encodeSchemaBytes(schema)).toString('base64') };
      }
    } finally {
      await session.close();
      open.close();
    }
  }

  async #start(
    ticket: TicketOf<'sql'>,
    params: Parameter[],
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<RunningQuery> {
    const statement = await this.#check(ticket.tenant, ticket.sql);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#startOnce(ticket.tenant, statement, params, outcome, signal);
      } catch (error) {
        if (!isFileGone(error) || attempt === attemptsMax) throw this.#told(error);
      }
    }
  }

  async #startOnce(
    tenant: string,
    { sql, tables }: CheckedStatement,
    params: Parameter[],
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<RunningQuery> {
    const session = await this.#options.sandboxes.connect(tenant);
    let open: OpenTables | undefined;
    const close = async (): Promise<void> => {
      await session.close();
      open?.close();
    };
    try {
      open = await this.#options.reader.open({ tenant, tables, times: allTime }, outcome);
      const files = await createViews(session.connection, open, 'rows');
      outcome.addFiles(files);
      const result = await session.connection.query(sql, { params, signal });
      if (result.statementType !== 'SELECT' && result.statementType !== 'EXPLAIN') {
        throw new GrpcError(Status.INVALID_ARGUMENT, `${result.statementType} statements are not answered`);
      }
      return { result, close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  async #check(tenant: string, sql: string): Promise<CheckedStatement> {
    const { sqlTextBytesMax, sqlTablesMax } = this.#options.config;
    if (Buffer.byteLength(sql) > sqlTextBytesMax) {
      throw new GrpcError(
        Status.INVALID_ARGUMENT,
        `the SQL text is longer than ${sqlTextBytesMax} bytes (setting querier.sqlTextBytesMax)`,
      );
    }
    const parser = this.#parser.connect();
    try {
      const rules = {
        tenant,
        tablesMax: sqlTablesMax,
        tables: () => this.#tableNames(tenant),
        parse: (text: string) => parser.parse(text),
      };
      return await checkStatement(sql, rules);
    } catch (error) {
      throw this.#told(error);
    } finally {
      await parser.close();
    }
  }

  /** The signals' tables, which are there before their first row, and those of the catalog. */
  async #tableNames(tenant: string): Promise<string[]> {
    const own = await this.#options.catalog.listTables(tenant).catch((error: unknown) => {
      if (isCatalogError(error, 'NoSuchNamespaceException')) return [];
      throw readError(error);
    });
    return [...new Set([...Object.keys(signalTables), ...own])];
  }

  #told(error: unknown): unknown {
    return sqlError(readError(error), this.#options.config);
  }
}

interface RunningQuery {
  readonly result: QueryResult;
  close(): Promise<void>;
}

/** Makes the tables visible: with their rows, or their columns alone. Answers the files. */
async function createViews(connection: Connection, open: OpenTables, content: 'rows' | 'columns') {
  const used = [];
  for (const table of open.tables.values()) {
    const wanted = content === 'rows' ? table.files : table.files.filter(({ source }) => source.kind === 'hot');
    const files = await open.files.local(wanted);
    await connection.run(createView(table, files, content === 'rows' ? files : []));
    if (content === 'rows') used.push(...table.files);
  }
  return used;
}

async function describeIn(connection: Connection, sql: string): Promise<Description> {
  const { statementType, schema, parameters } = await connection.describe(sql);
  const hasParameters = parameters.fields.length > 0;
  const unresolved = parameters.fields.some((field) => DataType.isNull(field.type));
  return {
    statementType,
    schema: unresolved ? await schemaWithTexts(connection, sql, parameters, schema) : schema,
    parameters: hasParameters ? announcedParameters(parameters) : undefined,
  };
}

/** The columns of a query for whose parameters DuckDB has no types, as they are when those are text, as clients are told. */
async function schemaWithTexts(
  connection: Connection,
  sql: string,
  parameters: Schema,
  otherwise: Schema,
): Promise<Schema> {
  try {
    const none = `SELECT * FROM (${sql.replace(/[\s;]+$/, '')}\n) LIMIT 0`;
    const params = parameters.fields.map((field) => (DataType.isNull(field.type) ? '' : null));
    const result = await connection.query(none, { params, stream: false });
    await result.close();
    return result.schema;
  } catch {
    return otherwise;
  }
}
