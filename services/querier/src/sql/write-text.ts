// A statement that writes, as it is run: on a table of the session's own in place of the one that it names.
import { DuckDbError } from '@signaldb/duckdb';
import type { WriteStatement } from './write-statement.ts';

/** The table that statements really write. Users' tables can't be named so. */
export const targetName = 'signaldb target';
export const targetSql = `"${targetName}"`;

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A text made of another one, that knows where its pieces come from. */
export interface RunText {
  readonly sql: string;
  /** The error with its place in the text that the user wrote, and the table's name in place of the target's. */
  errorOf(error: unknown): unknown;
}

/** @param sql the statement, with the names in its query as they are to be run */
export function runText(statement: Exclude<WriteStatement, { kind: 'DROP_TABLE' }>, sql: string): RunText {
  const { table } = statement;
  const edits: Edit[] = [{ start: table.start, end: table.end, text: targetSql }];
  if ('tempAt' in statement) edits.unshift({ start: statement.tempAt, end: statement.tempAt, text: ' TEMP' });
  return edited(statement.sql, sql, edits, table.name);
}

function edited(original: string, sql: string, edits: readonly Edit[], table: string): RunText {
  let made = '';
  let at = 0;
  for (const { start, end, text } of edits) {
    made += sql.slice(at, start) + text;
    at = end;
  }
  made += sql.slice(at);
  const originalOffset = (offset: number): number => {
    let shift = 0;
    for (const { start, end, text } of edits) {
      if (offset < start + shift) break;
      if (offset < start + shift + text.length) return start;
      shift += text.length - (end - start);
    }
    return offset - shift;
  };
  return {
    sql: made,
    errorOf(error) {
      if (!(error instanceof DuckDbError)) return error;
      const { kind, message, position, details } = error;
      const told = message.replaceAll(targetSql, table).replaceAll(targetName, table);
      return new DuckDbError(kind, told, position && placeOf(original, originalOffset(position.offset)), details);
    },
  };
}

function placeOf(text: string, offset: number): { offset: number; line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { offset, line, column: [...before.slice(before.lastIndexOf('\n') + 1)].length + 1 };
}
