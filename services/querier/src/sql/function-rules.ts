import { tableFunctions as builtinTableFunctions } from './builtins/table-functions.ts';

/** DuckDB's functions that may stand in FROM. */
const tableFunctions = new Set([
  'generate_series',
  'icu_calendar_names',
  'json_each',
  'json_tree',
  'pg_timezone_names',
  'range',
  'repeat',
  'repeat_row',
  'unnest',
]);

const builtins = new Set(builtinTableFunctions.map(({ name }) => name));

/**
 * Functions that reach beyond the rows: settings, the log, other SQL, waiting, internals. DuckDB's lock refuses most of what they could do;
 * this is the second belt.
 */
const refusedFunctions = new Set([
  'combine',
  'create_sort_key',
  'current_query',
  'current_setting',
  'currval',
  'finalize',
  'get_block_size',
  'getenv',
  'getvariable',
  'json_execute_serialized_sql',
  'json_serialize_plan',
  'nextval',
  'parse_duckdb_log_message',
  'pg_sleep',
  'setseed',
  'sleep_ms',
  'stats',
  'write_log',
]);

export function isTableFunctionAllowed(name: string): boolean {
  return tableFunctions.has(name.toLowerCase()) || builtins.has(name.toLowerCase());
}

export function isFunctionRefused(name: string): boolean {
  const lower = name.toLowerCase();
  return refusedFunctions.has(lower) || lower.startsWith('__internal');
}

/** Names of the functions of ours that stand in FROM. */
export const builtinTableFunctionNames: readonly string[] = [...builtins];

const files = /^(read_|parquet_|sniff_|glob$|arrow_scan|iceberg_|delta_|sqlite_|postgres_|mysql_)/;
const catalogs = /^(duckdb_|pragma_|show_|pg_|sqlite_master|which_secret|test_)/;

/** What to do instead of calling a function that may not stand in FROM. */
export function insteadOf(name: string): string {
  const lower = name.toLowerCase();
  if (files.test(lower)) return 'files can’t be read from SQL, only the tenant’s tables';
  if (catalogs.test(lower)) return 'information_schema.tables and information_schema.columns say what there is';
  return `functions in FROM are ${[...builtins, ...tableFunctions].join(', ')}`;
}
