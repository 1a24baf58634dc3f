import type { FlightEndpoint } from '@signaldb/flight';
import type { RecordBatch, Schema } from 'apache-arrow';

/** What a statement is, found out without running it. */
export interface StatementDescription {
  /** Of its rows; absent where it is no query. */
  readonly schema?: Schema;
  /**
   * One field for each parameter, in order, of the type that its value should have; absent where there are none. Clients
   * are told milliseconds for times and text for a type Null: see `announcedParameters`.
   */
  readonly parameters?: Schema;
}

/** What comes with a statement, in whatever language it is. */
export interface StatementRun {
  /**
   * The values of its parameters, a column for each, in the types that the client chose. Of one row for a query; for an
   * update all rows that were bound, at least one. Absent where nothing was bound.
   */
  readonly parameters?: RecordBatch;
  /** The transaction that it belongs to, as `transactions.begin` named it. Absent: it takes effect by itself. */
  readonly transaction?: Uint8Array;
  /** Names a query from GetFlightInfo to the end of DoGet, on every server: `cancel` names it so. */
  readonly id?: string;
}

/** A statement to run. */
export interface SqlStatement extends StatementRun {
  readonly sql: string;
}

/** A plan in Substrait's serialization. https://substrait.io */
export interface SubstraitPlan {
  readonly bytes: Uint8Array;
  /** The release of Substrait that it was written for: `0.23.0`; empty where the client didn't say. */
  readonly version: string;
}

/** A plan to run. */
export interface SubstraitStatement extends StatementRun {
  readonly plan: SubstraitPlan;
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

/** How far a query that runs on by itself has come. */
export interface QueryProgress {
  /** What can be fetched so far: endpoints are only ever added. Absent where nothing can be yet. */
  readonly plan?: QueryPlan;
  /** Given to `poll` when the client asks again, on any server. Absent: the query is complete. */
  readonly token?: Uint8Array;
  /** From 0 to 1, where known. */
  readonly progress?: number;
  /** Until then the client may ask again. */
  readonly expirationTime?: Date;
}
