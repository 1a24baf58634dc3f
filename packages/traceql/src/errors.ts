/** A place in a query: both count from 1, columns in characters. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What went wrong: the text can't be read, it can be read but makes no sense, or this version doesn't answer it yet. */
export type TraceQLErrorCode = 'PARSE' | 'TYPE' | 'UNSUPPORTED';

/** A query that can't be answered. `message` names the place, as in `parse error at line 1, col 2: …`. */
export class TraceQLError extends Error {
  readonly code: TraceQLErrorCode;
  readonly line: number;
  readonly column: number;

  constructor(code: TraceQLErrorCode, position: Position, reason: string) {
    const kind = { PARSE: 'parse error', TYPE: 'type error', UNSUPPORTED: 'not supported yet' }[code];
    super(`${kind} at line ${position.line}, col ${position.column}: ${reason}`);
    this.name = 'TraceQLError';
    this.code = code;
    this.line = position.line;
    this.column = position.column;
  }
}
