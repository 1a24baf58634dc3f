// What a statement that writes says about itself: what it does, to which table, and where the query in it is. The rest is DuckDB's to read.
import { invalidAt } from './sql-errors.ts';
import { isWord, type Token, tokensOf } from './write-tokens.ts';

/** Offsets in UTF-16 units. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** The table that is written, as the statement names it. */
export interface WrittenTable extends TextRange {
  readonly catalog: string;
  readonly schema: string;
  readonly name: string;
}

interface Common {
  readonly sql: string;
  readonly table: WrittenTable;
}

export interface CreateStatement extends Common {
  readonly kind: 'CREATE_TABLE';
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  /** Where TEMP may stand. */
  readonly tempAt: number;
}

export interface CreateAsStatement extends Omit<CreateStatement, 'kind'> {
  readonly kind: 'CREATE_TABLE_AS';
  /** The pieces that make its query. */
  readonly query: readonly TextRange[];
}

export interface DropStatement extends Common {
  readonly kind: 'DROP_TABLE';
  readonly ifExists: boolean;
}

export interface InsertStatement extends Common {
  readonly kind: 'INSERT';
  /** The pieces that make its query; none for DEFAULT VALUES. */
  readonly query: readonly TextRange[];
  /** The one row of VALUES, where the query is that alone and its parameters are all `?`: such rows can be put together. */
  readonly row?: TextRange;
}

export type WriteStatement = CreateStatement | CreateAsStatement | DropStatement | InsertStatement;

/**
 * Reads a statement as far as is needed to run it on a table of the session's own; undefined where it is none that writes.
 * @throws GrpcError INVALID_ARGUMENT, with the place, for writes that are not served
 */
export function parseWrite(sql: string): WriteStatement | undefined {
  const tokens = tokensOf(sql);
  const [first] = tokens;
  if (isWord(first, 'CREATE')) return new Reader(sql, tokens).create();
  if (isWord(first, 'DROP')) return new Reader(sql, tokens).drop();
  if (isWord(first, 'INSERT')) return new Reader(sql, tokens).insert(0);
  if (!isWord(first, 'WITH')) return undefined;
  const insert = tokens.findIndex((token) => token.depth === 0 && isWord(token, 'INSERT'));
  return insert < 0 ? undefined : new Reader(sql, tokens).insert(insert);
}

const otherObjects =
  'tables are what can be created and dropped: CREATE TABLE, CREATE TABLE … AS, DROP TABLE; use WITH for views, and the caller’s tenant is the schema';

class Reader {
  readonly #sql: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(sql: string, tokens: readonly Token[]) {
    this.#sql = sql;
    this.#tokens = withoutEnd(tokens);
    const end = this.#tokens.findIndex(({ text }) => text === ';');
    if (end >= 0) throw this.#refused('one statement at a time', end + 1);
  }

  create(): CreateStatement | CreateAsStatement {
    this.#at = 1;
    const orReplace = this.#words('OR', 'REPLACE');
    const tempAt = this.#tokens[this.#at - 1]!.end;
    if (isWord(this.#next, 'TEMP', 'TEMPORARY', 'LOCAL', 'GLOBAL'))
      throw this.#refused(
        'there are no temporary tables, as no session lasts: use WITH, or a table that is dropped later',
      );
    if (!this.#words('TABLE')) throw this.#refused(otherObjects);
    const ifNotExists = this.#words('IF', 'NOT', 'EXISTS');
    const table = this.#name();
    const common = { sql: this.#sql, table, orReplace, ifNotExists, tempAt };
    const as = this.#find(this.#at, 'AS');
    if (as === undefined) return { kind: 'CREATE_TABLE', ...common };
    return { kind: 'CREATE_TABLE_AS', ...common, query: [this.#queryFrom(as + 1, this.#dataClause())] };
  }

  drop(): DropStatement {
    this.#at = 1;
    if (!this.#words('TABLE')) throw this.#refused(otherObjects);
    const ifExists = this.#words('IF', 'EXISTS');
    const table = this.#name();
    if (isWord(this.#next, 'CASCADE', 'RESTRICT')) this.#at++;
    if (this.#next !== undefined) throw this.#refused('one table is dropped at a time');
    return { kind: 'DROP_TABLE', sql: this.#sql, table, ifExists };
  }

  /** @param insert the word's place: behind WITH … where there is such */
  insert(insert: number): InsertStatement {
    this.#at = insert + 1;
    if (isWord(this.#next, 'OR'))
      throw this.#refused('rows are added and never replaced: write INSERT INTO, without OR REPLACE or OR IGNORE');
    if (!this.#words('INTO')) throw this.#refused('INSERT INTO and the name of a table is expected');
    const table = this.#name();
    if (isWord(this.#next, 'AS')) throw this.#refused('the table that is written needs no other name');
    this.#refuseClauses(this.#at);
    if (this.#next?.text === '(' && !this.#isQueryAhead()) this.#skipParentheses();
    if (this.#words('BY', 'NAME') || this.#words('BY', 'POSITION')) {
      // DuckDB matches the columns.
    }
    const common = { kind: 'INSERT', sql: this.#sql, table } as const;
    if (isWord(this.#next, 'DEFAULT')) return { ...common, query: [] };
    if (this.#next === undefined) throw this.#refused('VALUES or a query is expected');
    const row = insert === 0 ? this.#valuesRow() : undefined;
    const body = this.#queryFrom(this.#at, this.#tokens.length);
    const query = insert === 0 ? [body] : [{ start: 0, end: this.#tokens[insert]!.start }, body];
    return { ...common, query, ...(row && { row }) };
  }

  get #next(): Token | undefined {
    return this.#tokens[this.#at];
  }

  /** Passes words if they stand here. */
  #words(...words: readonly string[]): boolean {
    if (!words.every((word, i) => isWord(this.#tokens[this.#at + i], word))) return false;
    this.#at += words.length;
    return true;
  }

  #name(): WrittenTable {
    const parts: string[] = [];
    const start = this.#next?.start ?? this.#sql.length;
    for (;;) {
      const token = this.#next;
      if (token?.kind !== 'word' && token?.kind !== 'quoted') throw this.#refused('the name of a table is expected');
      parts.push(token.kind === 'quoted' ? token.text.slice(1, -1).replaceAll('""', '"') : token.text);
      this.#at++;
      if (this.#next?.text !== '.' || parts.length === 3) break;
      this.#at++;
    }
    const [name = '', schema = '', catalog = ''] = parts.toReversed();
    return { catalog, schema, name, start, end: this.#tokens[this.#at - 1]!.end };
  }

  #find(from: number, word: string): number | undefined {
    const found = this.#tokens.findIndex((token, i) => i >= from && token.depth === 0 && isWord(token, word));
    return found < 0 ? undefined : found;
  }

  #refuseClauses(from: number): void {
    for (let i = from; i < this.#tokens.length; i++) {
      if (this.#tokens[i]!.depth > 0) continue;
      if (isWord(this.#tokens[i], 'RETURNING'))
        throw this.#refused('RETURNING is not served: the number of rows is answered', i);
      const isConflict = isWord(this.#tokens[i], 'ON') && isWord(this.#tokens[i + 1], 'CONFLICT');
      if (isConflict && (isWord(this.#tokens[i + 2], 'DO') || this.#tokens[i + 2]?.text === '('))
        throw this.#refused('rows are added and never replaced: ON CONFLICT has no meaning here', i);
    }
  }

  /** Whether a query in parentheses stands here, rather than a list of columns. */
  #isQueryAhead(): boolean {
    let at = this.#at;
    while (this.#tokens[at]?.text === '(') at++;
    return isWord(this.#tokens[at], 'SELECT', 'VALUES', 'WITH', 'FROM', 'TABLE');
  }

  #skipParentheses(): void {
    const { depth } = this.#next!;
    do this.#at++;
    while (this.#next !== undefined && this.#next.depth > depth);
    this.#at++;
  }

  /** WITH [NO] DATA at the end of CREATE TABLE AS is no part of its query. */
  #dataClause(): number {
    const count = this.#tokens.length;
    if (!isWord(this.#tokens[count - 1], 'DATA')) return count;
    const length = isWord(this.#tokens[count - 2], 'NO') ? 3 : 2;
    return isWord(this.#tokens[count - length], 'WITH') ? count - length : count;
  }

  #queryFrom(from: number, to: number): TextRange {
    const [first, last] = [this.#tokens[from], this.#tokens[to - 1]];
    if (first === undefined || last === undefined || from >= to)
      throw invalidAt(this.#sql, Buffer.byteLength(this.#sql), 'a query is expected');
    return { start: first.start, end: last.end };
  }

  #valuesRow(): TextRange | undefined {
    const open = this.#tokens[this.#at + 1];
    const last = this.#tokens.at(-1)!;
    const isOneRow =
      isWord(this.#next, 'VALUES') &&
      open?.text === '(' &&
      last.text === ')' &&
      this.#tokens.slice(this.#at + 2, -1).every(({ depth }) => depth > open.depth);
    if (!isOneRow) return undefined;
    const parameters = this.#tokens.filter(({ kind }) => kind === 'parameter');
    return parameters.every(({ text }) => text === '?') ? { start: open.start, end: last.end } : undefined;
  }

  #refused(message: string, at = this.#at): Error {
    const offset = this.#tokens[at]?.start ?? this.#sql.length;
    return invalidAt(this.#sql, Buffer.byteLength(this.#sql.slice(0, offset)), message);
  }
}

/** Semicolons at the end say nothing. */
function withoutEnd(tokens: readonly Token[]): readonly Token[] {
  let end = tokens.length;
  while (tokens[end - 1]?.text === ';') end--;
  return tokens.slice(0, end);
}

/** The text with everything blank but some pieces, so that places in it are places in the whole. */
export function onlyPieces(sql: string, pieces: readonly TextRange[]): string {
  let kept = '';
  for (const { start, end } of pieces)
    kept += sql.slice(kept.length, start).replace(/[^\n]/g, ' ') + sql.slice(start, end);
  return kept;
}
