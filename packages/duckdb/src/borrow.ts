import { DirectCalls } from './calls.ts';
import { Connection } from './connection.ts';
import { type DatabaseOptions, sqlBytesMaxDefault } from './database.ts';

/** Options of `borrowConnection`. */
export interface BorrowOptions extends Pick<DatabaseOptions, 'sqlBytesMax'> {
  /** Called before each call into DuckDB: the place to look whether the query is still wanted, and to abort its signal if not. */
  readonly beforeCall?: () => void;
}

/**
 * Uses, on this thread, a connection that another thread of the process has lent (`Connection.lend`). Its calls run on this thread, which
 * can do nothing else meanwhile: that is faster for large results, and for a worker of its own. Closing it only ends the use.
 */
export function borrowConnection(address: bigint, options: BorrowOptions = {}): Connection {
  const { beforeCall = () => {}, sqlBytesMax = sqlBytesMaxDefault } = options;
  return new Connection(address, new DirectCalls(beforeCall), sqlBytesMax, () => {});
}
