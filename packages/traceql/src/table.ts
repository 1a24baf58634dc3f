/** What an attribute column of `traces` holds; with `[]`, a list of it. */
export type ColumnType = 'string' | 'int' | 'float' | 'bool' | 'string[]' | 'int[]' | 'float[]' | 'bool[]';

/** Where attributes without a column of their own are kept: `span_overflow` and so on, lists of `{key, value}` with OTLP's JSON values. */
export type OverflowScope = 'span' | 'resource' | 'scope';

/** What the compiler needs to know of the table that it compiles for. */
export interface TraceTable {
  /** Attribute columns by their exact names, `span.http.method` and the like. The base columns are known. */
  readonly columns: ReadonlyMap<string, ColumnType>;
  /** Overflow columns that hold anything. One left out makes queries faster, but has to be empty for certain. */
  readonly overflow: ReadonlySet<OverflowScope>;
}

/**
 * Columns that a filter may ask for and that the table doesn't have, as they speak of a span's whole trace.
 * `trace` stands for `__root_name`, `__root_service`, `__trace_duration_ns`; `childCount` for `__child_count`.
 */
export type Need = 'trace' | 'childCount';
