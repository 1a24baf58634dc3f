import { CallSlots } from './calls.ts';
import { Connection } from './connection.ts';
import { takeText } from './describe.ts';
import { DuckDbError, parseError } from './error.ts';
import { library, resultBytes } from './library.ts';
import { cell, cString, pointerIn } from './memory.ts';
import { type DatabaseSettings, settingStatements } from './settings.ts';

/** Options of `openDatabase`. */
export interface DatabaseOptions extends DatabaseSettings {
  /** A database file; without it the database lives in memory. */
  readonly path?: string;
  /** Calls into DuckDB that may wait on libuv's threads at once (default 3 of its usual 4). */
  readonly concurrentCallsMax?: number;
  /** The longest SQL text that is taken, in bytes (default 256 KiB): planning a statement can't be interrupted, and takes longer than its text grows. */
  readonly sqlBytesMax?: number;
}

/** Of SQL text. */
export const sqlBytesMaxDefault = 256 << 10;

/** One DuckDB instance. `close` closes its connections too. */
export class Database implements AsyncDisposable {
  readonly #pointer: Buffer;
  readonly #calls: CallSlots;
  readonly #sqlBytesMax: number;
  readonly #connections = new Set<Connection>();
  #closing: Promise<void> | undefined;

  /** Made by `openDatabase`; owns the database in the cell. */
  constructor(pointer: Buffer, options: DatabaseOptions) {
    this.#pointer = pointer;
    this.#calls = new CallSlots(options.concurrentCallsMax ?? 3);
    this.#sqlBytesMax = options.sqlBytesMax ?? sqlBytesMaxDefault;
  }

  /** A new session. Takes microseconds. */
  connect(): Connection {
    if (this.#closing !== undefined) throw new DuckDbError('Closed', 'the database is closed');
    const connection = new Connection(connectTo(this.#pointer), this.#calls, this.#sqlBytesMax, (pointer) => {
      library().disconnect(cell(pointer));
      this.#connections.delete(connection);
    });
    this.#connections.add(connection);
    return connection;
  }

  /** Connections not yet closed. */
  get openConnections(): number {
    return this.#connections.size;
  }

  /** Interrupts and closes all connections, then the database. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.close()));
    library().close(this.#pointer);
  }
}

/** Opens a database and applies its settings. @throws DuckDbError when the path or a setting is refused */
export function openDatabase(options: DatabaseOptions = {}): Database {
  const lib = library();
  const database = cell();
  const reason = cell();
  const path = cString(options.path ?? ':memory:');
  if (lib.open_ext(path, database, null, reason) !== 0) throw parseError(takeText(pointerIn(reason)));
  try {
    const connection = connectTo(database);
    try {
      for (const statement of settingStatements(options)) runNow(connection, statement);
    } finally {
      lib.disconnect(cell(connection));
    }
  } catch (error) {
    lib.close(database);
    throw error;
  }
  return new Database(database, options);
}

function connectTo(database: Buffer): bigint {
  const connection = cell();
  if (library().connect(pointerIn(database), connection) !== 0)
    throw new DuckDbError('INTERNAL', 'DuckDB refused a connection');
  return pointerIn(connection);
}

function runNow(connection: bigint, sql: string): void {
  const lib = library();
  const result = Buffer.alloc(resultBytes);
  const state = lib.query(connection, cString(sql), result);
  const error = state === 0 ? undefined : parseError(lib.result_error(result), sql);
  lib.destroy_result(result);
  if (error !== undefined) throw error;
}
