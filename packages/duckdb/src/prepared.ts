import type { Calls } from './calls.ts';
import { DuckDbError, parseError } from './error.ts';
import { library, type Pointer } from './library.ts';
import { cell, cString, pointerIn } from './memory.ts';

/** The statements of one SQL text, parsed. Close it when they are prepared. */
export interface ExtractedStatements {
  readonly count: number;
  /** Binds and plans one; the pointer is the caller's to destroy (`destroyPrepared`). */
  prepare(index: number): Promise<Pointer>;
  close(): void;
}

/**
 * Parses a text of any number of statements.
 * @throws DuckDbError `Parser`, with the position; `Statement` when the text is longer than `sqlBytesMax` or holds a NUL
 */
export async function extractStatements(
  calls: Calls,
  connection: Pointer,
  sql: string,
  sqlBytesMax: number,
): Promise<ExtractedStatements> {
  const lib = library();
  if (sql.includes('\0')) throw new DuckDbError('Statement', 'the SQL text contains a NUL character');
  const text = cString(sql);
  if (text.length > sqlBytesMax)
    throw new DuckDbError(
      'Statement',
      `the SQL text has ${text.length} bytes, more than the ${sqlBytesMax} that are allowed`,
    );
  const out = cell();
  const count = Number(await calls.call(lib.extract_statements, connection, text, out));
  const extracted = pointerIn(out);
  const close = (): void => lib.destroy_extracted(out);
  if (count === 0) {
    const reason = lib.extract_statements_error(extracted) as string | null;
    close();
    throw reason === null || reason === ''
      ? new DuckDbError('Statement', 'there is no statement in the SQL text')
      : parseError(reason, sql);
  }
  return {
    count,
    close,
    async prepare(index) {
      const prepared = cell();
      const state = await calls.call<number>(lib.prepare_extracted_statement, connection, extracted, index, prepared);
      if (state === 0) return pointerIn(prepared);
      const error = parseError(lib.prepare_error(pointerIn(prepared)), sql);
      destroyPrepared(pointerIn(prepared));
      throw error;
    },
  };
}

/** Frees a prepared statement. */
export function destroyPrepared(statement: Pointer): void {
  library().destroy_prepare(cell(statement));
}
