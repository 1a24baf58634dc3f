import type { CallContext, FlightEndpoint, FlightMessage } from '@signaldb/flight';
import type { CommandStatementIngest } from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import type { RecordBatch, Schema } from 'apache-arrow';
import type { SqlInfoValue } from './sql-info.ts';
import type { SqlType } from './xdbc-types.ts';

/** What a statement is, found out without running it. */
export interface StatementDescription {
  /** Of its rows; absent where it is no query. */
  readonly schema?: Schema;
  /** One field for each parameter, in order, of the type that its value should have; absent where there are none. */
  readonly parameters?: Schema;
}

/** A statement to run. */
export interface SqlStatement {
  readonly sql: string;
  /**
   * The values of its parameters, a column for each, in the types that the client chose. Of one row for a query; for an
   * update all rows that were bound, at least one. Absent where nothing was bound.
   */
  readonly parameters?: RecordBatch;
}

export interface QueryResult {
  readonly schema: Schema;
  readonly batches: AsyncIterable<RecordBatch>;
}

/** Where the rows of a query are fetched. */
export interface QueryPlan {
  readonly schema: Schema;
  readonly endpoints: readonly FlightEndpoint[];
  /** The endpoints' order is the rows' order. Default true. */
  readonly ordered?: boolean;
  /** -1 or absent where unknown. */
  readonly totalRecords?: number;
  readonly totalBytes?: number;
}

export interface SchemaEntry {
  readonly catalog?: string;
  readonly schema: string;
}

export interface TableEntry {
  readonly catalog?: string;
  readonly schema?: string;
  readonly table: string;
  /** `TABLE`, `VIEW`, … */
  readonly type: string;
  /** The table's columns. Needed only where the filter asks for it. */
  readonly columns?: Schema;
}

/** What is asked for; an implementation may answer more, it is filtered again. Patterns are those of LIKE. */
export interface TableFilter {
  readonly catalog?: string | undefined;
  readonly schemaPattern?: string | undefined;
  readonly tablePattern?: string | undefined;
  readonly types: readonly string[];
  readonly includeColumns: boolean;
}

export interface PrimaryKeyColumn {
  readonly catalog?: string;
  readonly schema?: string;
  readonly table: string;
  readonly column: string;
  /** From 1 on. */
  readonly sequence: number;
  readonly keyName?: string;
}

/** What there is. Answers may come in any order; they are sorted as the protocol asks. */
export interface SqlMetadata {
  catalogs(context: CallContext): Promise<readonly string[]>;
  schemas(context: CallContext): Promise<readonly SchemaEntry[]>;
  tables(filter: TableFilter, context: CallContext): Promise<readonly TableEntry[]>;
  /** Default: TABLE and VIEW. */
  tableTypes?(context: CallContext): Promise<readonly string[]>;
  /** The types that SQL has here. Default: those of a modern analytical engine. */
  readonly types?: readonly SqlType[];
  /** Of the tables of that name. Default: none. */
  primaryKeys?(
    table: { readonly catalog?: string | undefined; readonly schema?: string | undefined; readonly table: string },
    context: CallContext,
  ): Promise<readonly PrimaryKeyColumn[]>;
}

/** undefined unsets an option. */
export type SessionValue = string | boolean | bigint | number | readonly string[] | undefined;

export type SessionError = 'INVALID_NAME' | 'INVALID_VALUE' | 'ERROR';

/** Options of a client's session: `catalog` and `schema` are the ones that drivers know. */
export interface SqlSessions {
  get(context: CallContext): Promise<Readonly<Record<string, SessionValue>>>;
  /** Sets what it can; answers what it couldn't set. */
  set(
    options: Readonly<Record<string, SessionValue>>,
    context: CallContext,
  ): Promise<Readonly<Record<string, SessionError>>>;
}

/**
 * What an embedder fills. Every method throws GrpcError where something is wrong: INVALID_ARGUMENT with the place for SQL
 * that can't be understood or isn't allowed, NOT_FOUND for what isn't there.
 */
export interface FlightSqlHandlers {
  /** Describes a statement without running it; refuses what `query` and `update` would refuse. */
  prepare(sql: string, context: CallContext): Promise<StatementDescription>;
  /** Runs a query. The batches are pulled as fast as the client reads; `context.signal` says when it has gone. */
  query(statement: SqlStatement, context: CallContext): Promise<QueryResult>;
  /**
   * Says where a query's rows are fetched, for results that are spread over endpoints. Without it, or where it answers
   * undefined, the rows come from `query`, here.
   */
  plan?(statement: SqlStatement, context: CallContext): Promise<QueryPlan | undefined>;
  /**
   * Runs a statement that is no query, once for each row of its parameters (once where there are none); answers the rows
   * affected in total, -1 where unknown. All rows come at once, so that all of them or none can take effect. Without it
   * there are only queries.
   */
  update?(statement: SqlStatement, context: CallContext): Promise<number>;
  /** Takes rows into a table; answers how many. Without it there is no bulk ingest. */
  ingest?(
    request: CommandStatementIngest,
    messages: AsyncIterable<FlightMessage>,
    context: CallContext,
  ): Promise<number>;
  readonly metadata: SqlMetadata;
  readonly sessions?: SqlSessions;
  /** Stops a query by the ticket of one of its endpoints. Without it queries are cancelled by cancelling their call. */
  cancel?(ticket: Uint8Array, context: CallContext): Promise<'CANCELLED' | 'CANCELLING' | 'NOT_CANCELLABLE'>;
  /** Answers to GetSqlInfo beside, or instead of, the defaults; the key is a number of `SqlInfo`. */
  readonly info?: Readonly<Record<number, SqlInfoValue>>;
}
