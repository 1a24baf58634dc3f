import type { CallContext, CancelFlightStatus, FlightEndpoint, FlightMessage, Sessions } from '@signaldb/flight';
import type { IngestRequest } from './ingest-request.ts';
import type { SqlMetadata } from './metadata.ts';
import type { SqlInfoValue } from './sql-info.ts';
import type {
  QueryPlan,
  QueryProgress,
  QueryResult,
  SqlStatement,
  StatementDescription,
  SubstraitPlan,
  SubstraitStatement,
} from './statement.ts';

/**
 * Transactions: what `begin` names comes with the statements that belong to it, and with `end`. Some drivers leave the last
 * one open when they close, so those that nothing is done with have to end by themselves.
 */
export interface SqlTransactions {
  begin(context: CallContext): Promise<Uint8Array>;
  end(transaction: Uint8Array, how: 'COMMIT' | 'ROLLBACK', context: CallContext): Promise<void>;
  /** Without both of these there are no savepoints. */
  beginSavepoint?(transaction: Uint8Array, name: string, context: CallContext): Promise<Uint8Array>;
  endSavepoint?(savepoint: Uint8Array, how: 'RELEASE' | 'ROLLBACK', context: CallContext): Promise<void>;
}

/** Plans in Substrait, beside SQL. */
export interface SubstraitHandlers {
  /** The releases that are understood, as GetSqlInfo tells them. */
  readonly versions?: { readonly minimum: string; readonly maximum: string };
  prepare(plan: SubstraitPlan, context: CallContext, transaction?: Uint8Array): Promise<StatementDescription>;
  query(statement: SubstraitStatement, context: CallContext): Promise<QueryResult>;
  update?(statement: SubstraitStatement, context: CallContext): Promise<number>;
}

/** A query to be stopped. */
export interface CancelledQuery {
  /** The `id` that `plan` and `query` got. Absent where the tickets are not this package's own. */
  readonly id?: string;
  /** Of its endpoints, as `plan` gave them. Empty where the rows come from `query`. */
  readonly tickets: readonly Uint8Array[];
}

/**
 * What an embedder fills. Every method throws GrpcError where something is wrong: INVALID_ARGUMENT with the place for SQL
 * that can't be understood or isn't allowed, NOT_FOUND for what isn't there, ALREADY_EXISTS for what is there already.
 * Anything else that is thrown tells the client only that something failed.
 */
export interface FlightSqlHandlers {
  /** Describes a statement without running it; refuses what `query` and `update` would refuse. */
  prepare(sql: string, context: CallContext, transaction?: Uint8Array): Promise<StatementDescription>;
  /** Runs a query. The batches are pulled as fast as the client reads; `context.signal` says when it has gone. */
  query(statement: SqlStatement, context: CallContext): Promise<QueryResult>;
  /**
   * Says where a query's rows are fetched, for results that are spread over endpoints. Without it, or where it answers
   * undefined, the rows come from `query`, here.
   */
  plan?(statement: SqlStatement, context: CallContext): Promise<QueryPlan | undefined>;
  /**
   * Serves PollFlightInfo for queries that run on by themselves: starts one (no token), or says how far it has come.
   * Without it, or where it answers undefined, the first poll is answered like GetFlightInfo, complete.
   */
  poll?(
    statement: SqlStatement,
    token: Uint8Array | undefined,
    context: CallContext,
  ): Promise<QueryProgress | undefined>;
  /**
   * Runs a statement that is no query, once for each row of its parameters (once where there are none); answers the rows
   * affected in total, -1 where unknown. All rows come at once, so that all of them or none can take effect. Without it
   * there are only queries.
   */
  update?(statement: SqlStatement, context: CallContext): Promise<number>;
  /**
   * Takes rows into a table; answers how many. The messages are the client's, its schema first; where it has no rows,
   * there may be no batch, and no schema either. Without it there is no bulk ingest.
   */
  ingest?(request: IngestRequest, messages: AsyncIterable<FlightMessage>, context: CallContext): Promise<number>;
  readonly metadata: SqlMetadata;
  /** Options of a client's session: `catalog` and `schema` are the ones that drivers know. Default: none. */
  readonly sessions?: Sessions;
  /** Without them every statement takes effect by itself, and clients are told so. */
  readonly transactions?: SqlTransactions;
  readonly substrait?: SubstraitHandlers;
  /**
   * Stops a query that this very service isn't sending (what it is sending, it stops by itself): one that another server
   * sends, or that runs on by itself.
   */
  cancel?(query: CancelledQuery, context: CallContext): Promise<CancelFlightStatus>;
  /** Makes an endpoint of `plan` good for longer; those of this package are renewed by their seal. */
  renew?(endpoint: FlightEndpoint, context: CallContext): Promise<FlightEndpoint>;
  /** Answers to GetSqlInfo beside, or instead of, the defaults; the key is a number of `SqlInfo`. */
  readonly info?: Readonly<Record<number, SqlInfoValue>>;
}
