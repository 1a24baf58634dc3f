import type {
  CallOptions,
  CancelFlightStatus,
  FlightClient,
  FlightInfo,
  SessionError,
  SessionValue,
} from '@signaldb/flight';
import type { RecordBatch, Schema } from 'apache-arrow';
import type { FetchSettings } from './fetch-query.ts';
import type { IngestMode } from './ingest-request.ts';
import { SqlClient } from './sql-client.ts';
import type { SubstraitPlan } from './statement.ts';

/** The rows of a query: the schema is known before the first batch comes. Leaving it early cancels what is on its way. */
export interface QueryStream extends AsyncIterable<RecordBatch> {
  readonly schema: Schema;
  /** What GetFlightInfo answered: for `cancel`. */
  readonly info: FlightInfo;
}

export interface StatementOptions extends CallOptions {
  /** The transaction that the statement belongs to. Without it, the statement takes effect by itself. */
  readonly transaction?: SqlTransaction;
}

/** A query or a statement: SQL, or a Substrait plan. */
export type StatementSource = string | SubstraitPlan;

export interface PreparedStatement {
  /** Of its rows; absent where it is no query. */
  readonly schema: Schema | undefined;
  /** One field for each parameter. */
  readonly parameters: Schema | undefined;
  /** Runs the query, once for each row of the parameters. */
  query(parameters?: RecordBatch, options?: CallOptions): Promise<QueryStream>;
  /** Runs a statement that is no query, once for each row of the parameters; gives the rows affected, -1 where unknown. */
  update(parameters?: RecordBatch, options?: CallOptions): Promise<number>;
  close(options?: CallOptions): Promise<void>;
}

export interface SqlTransaction {
  readonly id: Uint8Array;
  commit(options?: CallOptions): Promise<void>;
  rollback(options?: CallOptions): Promise<void>;
  savepoint(name: string, options?: CallOptions): Promise<SqlSavepoint>;
}

export interface SqlSavepoint {
  readonly id: Uint8Array;
  release(options?: CallOptions): Promise<void>;
  rollback(options?: CallOptions): Promise<void>;
}

export interface TablesFilter {
  readonly catalog?: string;
  /** Patterns are those of LIKE, with a backslash before a `%`, `_` or backslash that is meant. */
  readonly schemaPattern?: string;
  readonly tablePattern?: string;
  readonly types?: readonly string[];
  /** Adds the column `table_schema`: for `decodeSchemaBytes`. */
  readonly includeSchema?: boolean;
}

/** A table by name: an absent catalog or schema is any, an empty one is none. */
export interface TableReference {
  readonly catalog?: string;
  readonly schema?: string;
  readonly table: string;
}

/** Where rows go. */
export interface IngestTarget extends TableReference {
  readonly mode: IngestMode;
  /** The table is the session's own. */
  readonly temporary?: boolean;
  /** The server's own. */
  readonly options?: Readonly<Record<string, string>>;
}

/** Speaks Flight SQL to any server of it. What fails, fails with GrpcError. */
export interface FlightSqlClient {
  query(statement: StatementSource, options?: StatementOptions): Promise<QueryStream>;
  /**
   * Runs a query by PollFlightInfo, asking again until it is complete: for queries that take longer than a call may.
   * `onProgress` gets what the server tells: from 0 to 1, undefined where unknown.
   */
  queryPolled(
    statement: StatementSource,
    options?: StatementOptions & { readonly onProgress?: (progress: number | undefined) => void },
  ): Promise<QueryStream>;
  /** Of the rows that a query would give. */
  getSchema(statement: StatementSource, options?: StatementOptions): Promise<Schema>;
  /** Runs a statement that is no query; gives the rows affected, -1 where unknown. */
  update(statement: StatementSource, options?: StatementOptions): Promise<number>;
  prepare(statement: StatementSource, options?: StatementOptions): Promise<PreparedStatement>;
  /** Puts rows into a table; gives how many. The batches are all of one schema, which an empty table needs too. */
  ingest(
    target: IngestTarget,
    schema: Schema,
    batches: Iterable<RecordBatch> | AsyncIterable<RecordBatch>,
    options?: StatementOptions,
  ): Promise<number>;
  begin(options?: CallOptions): Promise<SqlTransaction>;
  /** Stops a query, whichever server is at work on it. */
  cancel(info: FlightInfo, options?: CallOptions): Promise<CancelFlightStatus>;
  getCatalogs(options?: CallOptions): Promise<QueryStream>;
  getDbSchemas(filter?: { catalog?: string; schemaPattern?: string }, options?: CallOptions): Promise<QueryStream>;
  getTables(filter?: TablesFilter, options?: CallOptions): Promise<QueryStream>;
  getTableTypes(options?: CallOptions): Promise<QueryStream>;
  getPrimaryKeys(table: TableReference, options?: CallOptions): Promise<QueryStream>;
  /** Foreign keys that point at the table. */
  getExportedKeys(table: TableReference, options?: CallOptions): Promise<QueryStream>;
  /** Foreign keys of the table. */
  getImportedKeys(table: TableReference, options?: CallOptions): Promise<QueryStream>;
  /** Foreign keys of one table that point at the other. */
  getCrossReference(
    tables: { readonly primary: TableReference; readonly foreign: TableReference },
    options?: CallOptions,
  ): Promise<QueryStream>;
  /** The types that the server's SQL has; those of one number of `XdbcDataType` where it is given. */
  getXdbcTypeInfo(dataType?: number, options?: CallOptions): Promise<QueryStream>;
  /** All of it where no id is given. */
  getSqlInfo(ids?: readonly number[], options?: CallOptions): Promise<QueryStream>;
  getSessionOptions(options?: CallOptions): Promise<Readonly<Record<string, SessionValue>>>;
  /** Answers those that couldn't be set. */
  setSessionOptions(
    values: Readonly<Record<string, SessionValue>>,
    options?: CallOptions,
  ): Promise<Readonly<Record<string, SessionError>>>;
  closeSession(options?: CallOptions): Promise<void>;
}

/**
 * A Flight SQL client over a Flight client, which stays its caller's to close. A result's endpoints are fetched side by
 * side, in their order; those at other locations through `connect` (see `fetchFlight`).
 */
export function createFlightSqlClient(client: FlightClient, settings: FetchSettings = {}): FlightSqlClient {
  return new SqlClient(client, settings);
}
