import { randomUUID } from 'node:crypto';
import { type Connection, type Database, openDatabase, quoteIdentifier } from '@signaldb/duckdb';
import type { CallContext, FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { RecordBatch, type Schema } from 'apache-arrow';
import type { FlightSqlHandlers } from '../handlers.ts';
import type { IngestRequest } from '../ingest-request.ts';
import { fixedSessions } from '../sessions.ts';
import type { SqlStatement, StatementDescription } from '../statement.ts';
import { exampleMetadata } from './example-metadata.ts';
import { parametersOf } from './example-parameters.ts';
import { exampleTables } from './example-tables.ts';
import { asGrpcError } from './sql-errors.ts';

export interface ExampleDatabase {
  readonly handlers: FlightSqlHandlers;
  /** Statements at work. (Transactions may be left open: drivers do that.) */
  readonly busy: () => number;
  close(): Promise<void>;
}

const queries = new Set(['SELECT', 'EXPLAIN', 'PRAGMA', 'CALL']);

/**
 * DuckDB behind the handlers, with tables of every type: what an embedder of a real engine writes. With `writable` it takes
 * updates, bulk ingest and transactions. A query that begins with the comment `slow` runs on by itself for two polls.
 */
export async function openExampleDatabase(options: { readonly writable: boolean }): Promise<ExampleDatabase> {
  const database = openDatabase();
  const setup = database.connect();
  for (const statement of exampleTables) await setup.run(statement);
  await setup.close();
  const engine = new Engine(database);
  const base: FlightSqlHandlers = {
    prepare: (sql, _context, transaction) => engine.describe(sql, transaction),
    query: (statement, context) => engine.query(statement, context),
    poll: async ({ sql }, token) => {
      const polls = token ? Number(Buffer.from(token).toString()) + 1 : 1;
      if (!sql.startsWith('/* slow */') || polls > 2) return undefined;
      return { token: Buffer.from(String(polls)), progress: polls / 3 };
    },
    metadata: exampleMetadata((work) => engine.during(undefined, work)),
    sessions: fixedSessions({ catalog: 'shop', schema: 'main' }),
  };
  const writing = {
    update: (statement: SqlStatement, context: CallContext) => engine.update(statement, context),
    ingest: (request: IngestRequest, messages: AsyncIterable<FlightMessage>) => engine.ingest(request, messages),
    transactions: {
      begin: () => engine.begin(),
      end: (id: Uint8Array, how: 'COMMIT' | 'ROLLBACK') => engine.end(id, how),
    },
  };
  return {
    handlers: options.writable ? { ...base, ...writing } : base,
    busy: () => database.openConnections - engine.openTransactions,
    close: () => database.close(),
  };
}

class Engine {
  readonly #database: Database;
  /** A transaction is a connection, which does one thing at a time. */
  readonly #transactions = new Map<string, { readonly connection: Connection; last: Promise<unknown> }>();

  constructor(database: Database) {
    this.#database = database;
  }

  get openTransactions(): number {
    return this.#transactions.size;
  }

  /** Gives work a connection: that of the transaction, or one of its own. */
  async during<T>(transaction: Uint8Array | undefined, work: (connection: Connection) => Promise<T>): Promise<T> {
    if (transaction) {
      const held = this.#transactionOf(transaction);
      const done = held.last.then(() => work(held.connection));
      held.last = done.catch(() => {});
      return done.catch((error) => Promise.reject(asGrpcError(error)));
    }
    const connection = await this.#connect();
    try {
      return await work(connection);
    } catch (error) {
      throw asGrpcError(error);
    } finally {
      await connection.close();
    }
  }

  describe(sql: string, transaction: Uint8Array | undefined): Promise<StatementDescription> {
    return this.during(transaction, async (connection) => {
      const { statementType, schema, parameters } = await connection.describe(sql);
      return { ...(queries.has(statementType) && { schema }), ...(parameters.fields.length > 0 && { parameters }) };
    });
  }

  async query({ sql, parameters, transaction }: SqlStatement, { signal }: CallContext) {
    const options = { params: parameters && parametersOf(parameters, 0), signal };
    if (transaction) {
      // Read to its end, so that the transaction can go on whatever the client reads.
      return this.during(transaction, async (connection) => {
        const result = await connection.query(sql, { ...options, stream: false });
        return { schema: result.schema, batches: all(await result.batches()) };
      });
    }
    const connection = await this.#connect();
    try {
      const result = await connection.query(sql, options);
      return { schema: result.schema, batches: closing(result, connection) };
    } catch (error) {
      await connection.close();
      throw asGrpcError(error);
    }
  }

  /** All rows of the parameters take effect, or none of them. */
  update({ sql, parameters, transaction }: SqlStatement, { signal }: CallContext): Promise<number> {
    return this.during(transaction, async (connection) => {
      if (!parameters) return connection.run(sql, { signal });
      let total = 0;
      if (!transaction) await connection.run('BEGIN');
      try {
        for (let row = 0; row < parameters.numRows; row++) {
          total += await connection.run(sql, { params: parametersOf(parameters, row), signal });
        }
        if (!transaction) await connection.run('COMMIT');
      } catch (error) {
        if (!transaction) await connection.run('ROLLBACK').catch(() => {});
        throw error;
      }
      return total;
    });
  }

  async ingest(request: IngestRequest, messages: AsyncIterable<FlightMessage>): Promise<number> {
    if (request.temporary) {
      throw new GrpcError(Status.INVALID_ARGUMENT, 'there are no sessions here, so no temporary tables: leave it out');
    }
    let schema: Schema | undefined;
    const batches: RecordBatch[] = [];
    for await (const message of messages) {
      schema ??= message.schema ?? message.batch?.schema;
      if (message.batch) batches.push(message.batch);
    }
    if (!schema) throw new GrpcError(Status.INVALID_ARGUMENT, 'the ingest has no schema');
    const names = [request.catalog ?? 'shop', request.schema ?? 'main', request.table];
    const table = names.map(quoteIdentifier).join('.');
    const rows = batches.filter(({ numRows }) => numRows > 0);
    return this.during(request.transaction, async (connection) => {
      const found = await connection.describe(`FROM ${table}`).then(
        () => true,
        () => false,
      );
      if (!found && request.ifMissing === 'fail') throw new GrpcError(Status.NOT_FOUND, `there is no table ${table}`);
      if (found && request.ifExists === 'fail') {
        throw new GrpcError(Status.ALREADY_EXISTS, `there is a table ${table} already`);
      }
      const replaced = !found || request.ifExists === 'replace';
      let total = 0;
      const columns = schema.fields.map(({ name }) => quoteIdentifier(name)).join(', ');
      const sample = rows[0] ?? new RecordBatch(schema, undefined);
      if (replaced) await this.#take(connection, sample, `CREATE OR REPLACE TABLE ${table} AS FROM ingested LIMIT 0`);
      for (const batch of rows) {
        const insert = `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ingested`;
        total += await this.#take(connection, batch, insert);
      }
      return total;
    });
  }

  async begin(): Promise<Uint8Array> {
    const connection = await this.#connect();
    await connection.run('BEGIN');
    const id = randomUUID();
    this.#transactions.set(id, { connection, last: Promise.resolve() });
    return Buffer.from(id);
  }

  async end(transaction: Uint8Array, how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    const { connection } = this.#transactionOf(transaction);
    try {
      await this.during(transaction, () => connection.run(how));
    } finally {
      this.#transactions.delete(Buffer.from(transaction).toString());
      await connection.close();
    }
  }

  async #take(connection: Connection, batch: RecordBatch, sql: string): Promise<number> {
    const registration = connection.registerBatches('ingested', [batch]);
    try {
      return await connection.run(sql);
    } finally {
      registration.release();
    }
  }

  async #connect(): Promise<Connection> {
    const connection = this.#database.connect();
    await connection.run('USE shop.main');
    return connection;
  }

  #transactionOf(id: Uint8Array) {
    const found = this.#transactions.get(Buffer.from(id).toString());
    if (!found) throw new GrpcError(Status.NOT_FOUND, 'there is no such transaction, or it has ended');
    return found;
  }
}

async function* all<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function* closing<T>(items: AsyncIterable<T>, connection: Connection): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw asGrpcError(error);
  } finally {
    await connection.close();
  }
}
