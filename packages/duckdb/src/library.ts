import koffi, { type TypeObject } from 'koffi';
import { findLibrary } from './library-path.ts';

/** An address in C's memory. */
export type Pointer = bigint;

/** A C function; `async` runs it on a thread of libuv's pool. Arguments are what its prototype in `library.ts` says. */
export interface NativeFunction {
  // biome-ignore lint/suspicious/noExplicitAny: the prototype decides what comes back
  (...args: readonly unknown[]): any;
  async(...args: readonly unknown[]): void;
}

type Signature = readonly [result: string | TypeObject, parameters: readonly (string | TypeObject)[]];

/** `duckdb_result`: six words. Some functions take it by value, most by address. */
export const resultStruct = koffi.struct({
  a: 'uint64',
  b: 'uint64',
  c: 'uint64',
  d: 'void *',
  e: 'void *',
  f: 'void *',
});
/** Bytes of a `duckdb_result`. */
export const resultBytes = 48;
const hugeint = koffi.struct({ lower: 'uint64', upper: 'int64' });
const decimal = koffi.struct({ width: 'uint8', scale: 'uint8', value: hugeint });
const interval = koffi.struct({ months: 'int32', days: 'int32', micros: 'int64' });

const p = 'void *';
const n = 'uint64';

// Text goes in as NUL-terminated buffers (`cString`), so that length and lifetime are ours; it comes out as 'str', copied.
const signatures = {
  open_ext: ['int', [p, p, p, p]],
  close: ['void', [p]],
  connect: ['int', [p, p]],
  disconnect: ['void', [p]],
  interrupt: ['void', [p]],
  free: ['void', [p]],
  library_version: ['str', []],
  create_config: ['int', [p]],
  set_config: ['int', [p, p, p]],
  destroy_config: ['void', [p]],
  query: ['int', [p, p, p]],
  extract_statements: [n, [p, p, p]],
  extract_statements_error: ['str', [p]],
  destroy_extracted: ['void', [p]],
  prepare_extracted_statement: ['int', [p, p, n, p]],
  prepare_error: ['str', [p]],
  destroy_prepare: ['void', [p]],
  nparams: [n, [p]],
  parameter_name: [p, [p, n]],
  param_logical_type: [p, [p, n]],
  bind_parameter_index: ['int', [p, p, p]],
  bind_value: ['int', [p, n, p]],
  prepared_statement_type: ['int', [p]],
  prepared_statement_column_count: [n, [p]],
  prepared_statement_column_name: [p, [p, n]],
  prepared_statement_column_logical_type: [p, [p, n]],
  pending_prepared: ['int', [p, p]],
  pending_prepared_streaming: ['int', [p, p]],
  pending_error: ['str', [p]],
  pending_execute_task: ['int', [p]],
  execute_pending: ['int', [p, p]],
  destroy_pending: ['void', [p]],
  result_error: ['str', [p]],
  rows_changed: [n, [p]],
  fetch_chunk: [p, [resultStruct]],
  destroy_result: ['void', [p]],
  column_count: [n, [p]],
  column_name: ['str', [p, n]],
  column_logical_type: [p, [p, n]],
  get_type_id: ['int', [p]],
  create_logical_type: [p, ['int']],
  list_type_child_type: [p, [p]],
  array_type_child_type: [p, [p]],
  map_type_key_type: [p, [p]],
  map_type_value_type: [p, [p]],
  struct_type_child_count: [n, [p]],
  struct_type_child_type: [p, [p, n]],
  union_type_member_count: [n, [p]],
  union_type_member_type: [p, [p, n]],
  destroy_logical_type: ['void', [p]],
  data_chunk_get_size: [n, [p]],
  data_chunk_get_column_count: [n, [p]],
  destroy_data_chunk: ['void', [p]],
  connection_get_arrow_options: ['void', [p, p]],
  result_get_arrow_options: [p, [p]],
  destroy_arrow_options: ['void', [p]],
  to_arrow_schema: [p, [p, p, p, n, p]],
  data_chunk_to_arrow: [p, [p, p, p]],
  arrow_array_scan: ['int', [p, p, p, p, p]],
  destroy_arrow_stream: ['void', [p]],
  error_data_has_error: ['bool', [p]],
  error_data_message: ['str', [p]],
  destroy_error_data: ['void', [p]],
  get_table_names: [p, [p, p, 'bool']],
  get_list_size: [n, [p]],
  get_list_child: [p, [p, n]],
  get_varchar: [p, [p]],
  create_null_value: [p, []],
  create_bool: [p, ['bool']],
  create_int64: [p, ['int64']],
  create_uint64: [p, ['uint64']],
  create_hugeint: [p, [hugeint]],
  create_double: [p, ['double']],
  create_decimal: [p, [decimal]],
  create_interval: [p, [interval]],
  create_varchar_length: [p, [p, n]],
  create_blob: [p, [p, n]],
  create_date: [p, ['int32']],
  create_time: [p, ['int64']],
  create_timestamp: [p, ['int64']],
  create_timestamp_tz: [p, ['int64']],
  create_timestamp_ns: [p, ['int64']],
  create_list_value: [p, [p, p, n]],
  create_struct_value: [p, [p, p]],
  create_map_value: [p, [p, p, p, n]],
  create_struct_type: [p, [p, p, n]],
  create_map_type: [p, [p, p]],
  get_value_type: [p, [p]],
  destroy_value: ['void', [p]],
} as const satisfies Record<string, Signature>;

/** The C library's functions, named as in `duckdb.h` without `duckdb_`, and the address of one that does nothing. */
export type Library = { readonly [name in keyof typeof signatures]: NativeFunction } & {
  /** A function that may be called with any argument and changes nothing: stands for Arrow's release callbacks where we own the memory. */
  readonly noOperation: Pointer;
};

let loaded: Library | undefined;

/** Loads the library at the first call. DuckDB's calls run on stacks of their own, which have to hold deep query plans. */
export function library(): Library {
  loaded ??= load();
  return loaded;
}

/** The stack of a call into the library, in bytes: as large as a thread's usually is, touched only as far as it is used. */
const stackBytes = 8 << 20;

function load(): Library {
  // Settings are the process's: where another copy of this module (a test file's) has loaded the library, they are made already.
  if (koffi.config().async_stack_size !== stackBytes) {
    koffi.config({ sync_stack_size: stackBytes, async_stack_size: stackBytes });
  }
  const shared = koffi.load(findLibrary());
  const functions: Record<string, unknown> = { noOperation: shared.symbol('duckdb_vector_size') };
  for (const [name, [result, parameters]] of Object.entries(signatures)) {
    functions[name] = shared.func(`duckdb_${name}`, result, [...parameters]);
  }
  return functions as Library;
}
