/**
 * What went wrong, by DuckDB's own classes (`exception_type` of its errors) and, below, this package's own:
 * `Closed` (used after close), `Busy` (the connection has an open result), `Interrupted` (aborted by its signal),
 * `Statement` (no statement, or several where one is wanted), `Parameter` (missing, unknown or of no usable type),
 * `Unsupported` (a type that Arrow can't hold here).
 */
export type DuckDbErrorKind =
  | 'Parser' | 'Binder' | 'Catalog' | 'Conversion' | 'Out of Range' | 'Invalid Input' | 'Permission' | 'IO' | 'Out of Memory'
  | 'Not implemented' | 'Constraint' | 'INTERNAL' | 'FATAL' | 'INTERRUPT' | 'Transaction' | 'Mismatch Type'
  | 'Closed' | 'Busy' | 'Interrupted' | 'Statement' | 'Parameter' | 'Unsupported'
  | (string & {}); // biome-ignore format: a table

/** A place in the SQL text: 1-based line and column (in characters), and the 0-based offset in UTF-16 units. */
export interface SqlPosition {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** The only error that this package throws on purpose. `details` are DuckDB's own (candidates, error_subtype, name, type). */
export class DuckDbError extends Error {
  override readonly name = 'DuckDbError';
  readonly kind: DuckDbErrorKind;
  readonly position?: SqlPosition;
  readonly details: Readonly<Record<string, string>>;

  constructor(
    kind: DuckDbErrorKind,
    message: string,
    position?: SqlPosition,
    details: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.kind = kind;
    if (position !== undefined) this.position = position;
    this.details = details;
  }
}

/** Turns an error text of the library (JSON where the setting `errors_as_json` is on) into an error. */
export function parseError(text: string | null | undefined, sql?: string): DuckDbError {
  if (text === null || text === undefined || text === '') return new DuckDbError('Unknown', 'DuckDB gave no reason');
  const details = detailsOf(text);
  if (details === undefined) {
    const plain = /^(?<kind>[A-Za-z ]+?) Error: (?<message>[\s\S]*)$/.exec(text)?.groups;
    return new DuckDbError(plain?.kind ?? 'Unknown', plain?.message ?? text);
  }
  const { exception_type: kind = 'Unknown', exception_message: message = text, position, ...rest } = details;
  const place = position !== undefined && sql !== undefined ? positionOf(sql, Number(position)) : undefined;
  return new DuckDbError(kind === 'INTERRUPT' ? 'Interrupted' : kind, message, place, rest);
}

function detailsOf(text: string): Record<string, string> | undefined {
  const start = text.indexOf('{"exception_type"');
  if (start < 0) return undefined;
  try {
    return JSON.parse(text.slice(start)) as Record<string, string>;
  } catch {
    return undefined;
  }
}

/** DuckDB counts bytes of UTF-8; people and editors count characters. */
function positionOf(sql: string, byteOffset: number): SqlPosition | undefined {
  if (!Number.isInteger(byteOffset) || byteOffset < 0) return undefined;
  const before = Buffer.from(sql).subarray(0, byteOffset).toString();
  const lineStart = before.lastIndexOf('\n') + 1;
  return {
    offset: before.length,
    line: before.split('\n').length,
    column: [...before.slice(lineStart)].length + 1,
  };
}
