/** Functions that may stand in FROM. */
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
  return tableFunctions.has(name.toLowerCase());
}

export function isFunctionRefused(name: string): boolean {
  const lower = name.toLowerCase();
  return refusedFunctions.has(lower) || lower.startsWith('__internal');
}
