import {
  type Connection,
  type Database,
  DuckDbError,
  type QueryOptions,
  type StatementDescription,
} from '@signaldb/duckdb';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch } from 'apache-arrow';

const idleMax = 16;

/** Connections of one database for queries of our own, whose results are small. */
export class DuckPool {
  readonly #database: Database;
  readonly #idle: Connection[] = [];
  #closed = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** What a statement would answer. @throws DuckDbError */
  async describe(sql: string): Promise<StatementDescription> {
    const connection = this.#database.connect();
    try {
      return await connection.describe(sql);
    } finally {
      await connection.close();
    }
  }

  /** Runs one statement and answers its rows. @throws GrpcError RESOURCE_EXHAUSTED when memory doesn't suffice */
  async rows(sql: string, options: Omit<QueryOptions, 'stream'>): Promise<RecordBatch[]> {
    const connection = this.#idle.pop() ?? this.#database.connect();
    try {
      const result = await connection.query(sql, { ...options, stream: false });
      return await result.batches();
    } catch (error) {
      throw memoryError(error);
    } finally {
      if (this.#closed || this.#idle.length >= idleMax) await connection.close();
      else this.#idle.push(connection);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#database.close();
  }
}

function memoryError(error: unknown): unknown {
  if (!(error instanceof DuckDbError) || error.kind !== 'Out of Memory') return error;
  return new GrpcError(
    Status.RESOURCE_EXHAUSTED,
    'the query needs more memory than look-ups and searches have (setting querier.memoryBytesMax); ask for a shorter time or a lower limit',
  );
}
