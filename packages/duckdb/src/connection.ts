import type { RecordBatch } from 'apache-arrow';
import type { Calls } from './calls.ts';
import { describePrepared, type StatementDescription, takeText } from './describe.ts';
import { DuckDbError, parseError } from './error.ts';
import { execute } from './execute.ts';
import { Lease } from './lease.ts';
import { library, type Pointer } from './library.ts';
import { cell, cString } from './memory.ts';
import type { Parameters } from './parameters.ts';
import { destroyPrepared, type ExtractedStatements, extractStatements } from './prepared.ts';
import type { BatchLimits, QueryResult } from './query-result.ts';
import { quoteLiteral } from './quote.ts';
import { RegisteredBatches, type Registration } from './registered-batches.ts';

/** Options of `Connection.query`. */
export interface QueryOptions extends BatchLimits {
  readonly params?: Parameters | undefined;
  /** Aborting it interrupts the query; what is pending then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * true (default): batches come while the query runs, and memory stays bounded. false: the whole result is made first, in turns
   * with other queries; better for results that are known to be small.
   */
  readonly stream?: boolean;
}

/** Numbers that DuckDB writes and JSON lacks. In texts the quotes before them are escaped. */
const noJson = /("value":)-?(?:Infinity|NaN)/g;

/** DuckDB's serialized syntax tree: one node a statement. */
export interface SyntaxTree {
  readonly statements: readonly unknown[];
}

/** A connection that is lent to another thread. */
export interface Loan {
  /** What `borrowConnection` takes there. */
  readonly address: bigint;
  /** Makes what runs on the connection fail soon. A statement that just begins may miss it: call again until the loan is over. */
  interrupt(): void;
  /** Ends the loan, when the other thread is done. May be called twice. */
  release(): void;
}

/**
 * One session of a database. It does one thing at a time: while a call is pending or a result is open, others are refused with
 * `Busy`; connections are cheap, take several. Everything rejects with `Closed` after `close`.
 */
export class Connection implements AsyncDisposable {
  readonly #calls: Calls;
  readonly #sqlBytesMax: number;
  readonly #onClose: (pointer: Pointer) => void;
  readonly #pointer: Pointer;
  readonly #registered: RegisteredBatches;
  #lease: Lease | undefined;
  #result: QueryResult | undefined;
  #closing: Promise<void> | undefined;

  /** Made by `Database.connect` and `borrowConnection`; `onClose` disconnects, where that is to be done. */
  constructor(pointer: Pointer, calls: Calls, sqlBytesMax: number, onClose: (pointer: Pointer) => void) {
    this.#pointer = pointer;
    this.#calls = calls;
    this.#sqlBytesMax = sqlBytesMax;
    this.#onClose = onClose;
    this.#registered = new RegisteredBatches(pointer);
  }

  /** Runs one statement. The result holds the connection until it is read to its end or closed. @throws DuckDbError */
  async query(sql: string, options: QueryOptions = {}): Promise<QueryResult> {
    const lease = this.#take(options.signal);
    try {
      const result = await this.#prepared(sql, lease, (statement) =>
        execute(statement, {
          calls: this.#calls,
          lease,
          onFree: () => lease.release(),
          sql,
          params: options.params,
          stream: options.stream ?? true,
          limits: options,
        }),
      );
      if (this.#closing !== undefined) {
        await result.close();
        throw new DuckDbError('Closed', 'the connection was closed meanwhile');
      }
      this.#result = result;
      return result;
    } catch (error) {
      // What ended it is known only until the connection is let go.
      const shown = lease.explain(error);
      lease.release();
      throw shown;
    }
  }

  /** Runs any number of statements one after another and drops what they answer; says how many rows the last one changed. */
  run(sql: string, options: Pick<QueryOptions, 'params' | 'signal'> = {}): Promise<number> {
    return this.#during(options.signal, async (lease) => {
      const statements = await this.#extract(sql);
      let changed = 0;
      try {
        for (let i = 0; i < statements.count; i++)
          changed = await this.#runOne(statements, i, sql, lease, options.params);
      } finally {
        statements.close();
      }
      return changed;
    });
  }

  /** What one statement would do and answer: its type, columns and parameters. */
  describe(sql: string): Promise<StatementDescription> {
    return this.#during(undefined, (lease) =>
      this.#prepared(sql, lease, async (statement) => describePrepared(this.#pointer, statement)),
    );
  }

  /** Lets another thread of this process use the connection; until it is released the connection is at work for everybody else. */
  lend(): Loan {
    const lease = this.#take(undefined);
    return {
      address: this.#pointer,
      interrupt: () => lease.interrupt(),
      release: () => lease.release(),
    };
  }

  /** The tables that a SELECT names, qualified as it names them (and quoted where they must be), nothing resolved. */
  tableNames(sql: string): Promise<string[]> {
    return this.#during(undefined, async () => {
      (await this.#extract(sql)).close();
      const lib = library();
      const list = await this.#calls.call<Pointer | null>(lib.get_table_names, this.#pointer, cString(sql), true);
      if (list === null) return [];
      try {
        return Array.from({ length: Number(lib.get_list_size(list)) }, (_, i) => takeListText(list, i));
      } finally {
        lib.destroy_value(cell(list));
      }
    });
  }

  /** The syntax tree of SELECT statements. @throws DuckDbError `Parser` with the position, `Statement` for other statements */
  async parse(sql: string): Promise<SyntaxTree> {
    return JSON.parse(await this.parseToJson(sql));
  }

  /** The same as JSON, which can be handed on however deep the tree is. */
  async parseToJson(sql: string): Promise<string> {
    const result = await this.query(`SELECT json_serialize_sql(${quoteLiteral(sql)})`, { stream: false });
    const table = await result.table();
    const json = String(table.getChildAt(0)?.get(0)).replace(noJson, '$1null');
    if (!json.startsWith('{"error":true')) return json;
    const { error_message: message, error_type: type, ...rest } = JSON.parse(json);
    if (type !== 'parser') throw new DuckDbError('Statement', String(message));
    throw parseError(JSON.stringify({ exception_type: 'Parser', exception_message: message, ...rest }), sql);
  }

  /**
   * Makes batches readable as a table of this connection, one at a time, without copying them; they stay in memory until released.
   * Where their schemas differ, columns are matched by name, and missing ones are null. A statement may read the table once: one that
   * would read it twice is refused (`CREATE TEMP TABLE … AS` copies it, where that is wanted).
   * @throws DuckDbError `Unsupported` for types that DuckDB doesn't take, `Busy` while another table is registered
   */
  registerBatches(name: string, batches: readonly RecordBatch[]): Registration {
    this.#throwIfTaken();
    const registration = this.#registered.register(name, batches);
    return {
      name,
      release: () => {
        if (this.#closing !== undefined) return;
        this.#throwIfTaken();
        registration.release();
      },
    };
  }

  /** Interrupts what runs, frees the open result and disconnects. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const lease = this.#lease;
    lease?.stop();
    await this.#result?.close();
    await lease?.over;
    // Disconnecting waits for what DuckDB's threads still do for a result that wasn't read to its end: until then they read the batches.
    this.#onClose(this.#pointer);
    this.#registered.close();
  }

  #throwIfTaken(): void {
    if (this.#closing !== undefined) throw new DuckDbError('Closed', 'the connection is closed');
    if (this.#lease !== undefined) {
      throw new DuckDbError(
        'Busy',
        'the connection is at work, or has a result that was neither read to its end nor closed',
      );
    }
  }

  #take(signal: AbortSignal | undefined): Lease {
    this.#throwIfTaken();
    const lease = new Lease(this.#pointer, signal, () => {
      this.#lease = undefined;
      this.#result = undefined;
    });
    this.#lease = lease;
    return lease;
  }

  async #during<T>(signal: AbortSignal | undefined, work: (lease: Lease) => Promise<T>): Promise<T> {
    const lease = this.#take(signal);
    try {
      return await work(lease);
    } catch (error) {
      throw lease.explain(error);
    } finally {
      lease.release();
    }
  }

  async #prepare(statements: ExtractedStatements, index: number, sql: string, lease: Lease): Promise<Pointer> {
    if (this.#registered.scans > 0) {
      if (statements.count !== 1)
        throw new DuckDbError('Statement', 'with registered batches statements run one at a time');
      this.#registered.arm();
      this.#registered.check(await this.#plan(sql, lease));
    }
    lease.throwIfStopped();
    return statements.prepare(index);
  }

  /** The plan of a statement as JSON text; '' for statements that have none. */
  async #plan(sql: string, lease: Lease): Promise<string> {
    const explain = `EXPLAIN (FORMAT json) ${sql}`;
    const statements = await this.#extract(explain).catch(() => undefined);
    if (statements === undefined) return '';
    try {
      const statement = await statements.prepare(0);
      try {
        const result = await execute(statement, {
          calls: this.#calls,
          lease,
          onFree: () => {},
          sql,
          params: [],
          stream: false,
          limits: {},
        });
        return String((await result.table()).getChild('explain_value')?.get(0));
      } finally {
        destroyPrepared(statement);
      }
    } finally {
      statements.close();
    }
  }

  #extract(sql: string): Promise<ExtractedStatements> {
    return extractStatements(this.#calls, this.#pointer, sql, this.#sqlBytesMax);
  }

  async #prepared<T>(sql: string, lease: Lease, use: (statement: Pointer) => Promise<T>): Promise<T> {
    const statements = await this.#extract(sql);
    try {
      if (statements.count !== 1)
        throw new DuckDbError('Statement', `one statement is wanted, the SQL text has ${statements.count}`);
      const statement = await this.#prepare(statements, 0, sql, lease);
      try {
        return await use(statement);
      } finally {
        destroyPrepared(statement);
      }
    } finally {
      statements.close();
    }
  }

  async #runOne(
    statements: ExtractedStatements,
    index: number,
    sql: string,
    lease: Lease,
    params: Parameters | undefined,
  ): Promise<number> {
    const statement = await this.#prepare(statements, index, sql, lease);
    try {
      const result = await execute(statement, {
        calls: this.#calls,
        lease,
        onFree: () => {},
        sql,
        params,
        stream: false,
        limits: {},
      });
      await result.close();
      return result.rowsChanged;
    } finally {
      destroyPrepared(statement);
    }
  }
}

function takeListText(list: Pointer, index: number): string {
  const lib = library();
  const item = lib.get_list_child(list, index) as Pointer;
  try {
    return takeText(lib.get_varchar(item));
  } finally {
    lib.destroy_value(cell(item));
  }
}
