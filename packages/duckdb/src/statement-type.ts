/** DuckDB's own classes of statements, by the number that its C interface gives them. */
const names = [
  'INVALID', 'SELECT', 'INSERT', 'UPDATE', 'EXPLAIN', 'DELETE', 'PREPARE', 'CREATE', 'EXECUTE', 'ALTER', 'TRANSACTION', 'COPY', 'ANALYZE',
  'VARIABLE_SET', 'CREATE_FUNC', 'DROP', 'EXPORT', 'PRAGMA', 'VACUUM', 'CALL', 'SET', 'LOAD', 'RELATION', 'EXTENSION', 'LOGICAL_PLAN',
  'ATTACH', 'DETACH', 'MULTI', 'COPY_DATABASE', 'UPDATE_EXTENSIONS', 'MERGE_INTO',
] as const; // biome-ignore format: a table

/** A class of statements. DESCRIBE, SHOW and SUMMARIZE are `SELECT` (or `EXPLAIN`) by DuckDB's reckoning. */
export type StatementType = (typeof names)[number] | 'OTHER';

/** The class of a `duckdb_statement_type`. */
export function statementTypeOf(code: number): StatementType {
  return names[code] ?? 'OTHER';
}
