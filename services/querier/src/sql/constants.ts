import { scalarFunctionOf } from './builtins/builtins.ts';
import { isNode, nodesOf, type TreeNode } from './syntax-tree.ts';

/** How DuckDB’s functions behave. */
export interface FunctionFacts {
  /** Names of scalar functions whose value depends on their arguments alone. */
  readonly consistent: ReadonlySet<string>;
  /** Names of scalar functions whose value is the same in all of one statement, such as now(). */
  readonly ofNow: ReadonlySet<string>;
}

/** SQL that answers the rows of which {@link factsOf} makes facts. */
export const functionFactsSql = `SELECT lower(function_name) AS name,
    bool_and(function_type = 'scalar' AND stability = 'CONSISTENT') AS consistent,
    bool_and(function_type = 'scalar' AND stability IN ('CONSISTENT', 'CONSISTENT_WITHIN_QUERY')) AS of_now
  FROM duckdb_functions() GROUP BY ALL`;

export function factsOf(rows: Iterable<(column: string) => unknown>): FunctionFacts {
  const consistent = new Set<string>();
  const ofNow = new Set<string>();
  for (const row of rows) {
    if (row('consistent')) consistent.add(String(row('name')));
    else if (row('of_now')) ofNow.add(String(row('name')));
  }
  return { consistent, ofNow };
}

const classes = new Set(['CONSTANT', 'CAST', 'FUNCTION', 'PARAMETER', 'OPERATOR', 'COMPARISON', 'CONJUNCTION', 'CASE']);

/** What the value of an expression depends on: nothing but itself, the moment, or more than can be told. */
export function stabilityOf(expression: TreeNode, facts: FunctionFacts): 'constant' | 'of now' | undefined {
  let isOfNow = false;
  for (const node of nodesOf(expression)) {
    if (node.class === undefined) continue;
    if (!classes.has(node.class)) return undefined;
    if (node.class !== 'FUNCTION') continue;
    const name = String(node.function_name).toLowerCase();
    const own = scalarFunctionOf(name);
    if (own?.isOfNow || (own === undefined && facts.ofNow.has(name))) isOfNow = true;
    else if (own === undefined && !facts.consistent.has(name)) return undefined;
  }
  return isOfNow ? 'of now' : 'constant';
}

const integers = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT']);

/**
 * The integer that a node is; undefined for any other node. One of more than 53 bits is off by up to 512, for the tree came as JSON.
 */
export function integerOf(node: TreeNode): bigint | undefined {
  const value = constantOf(node);
  return value !== undefined && integers.has(value.type) && typeof value.value === 'number'
    ? BigInt(value.value)
    : undefined;
}

/** The text that a node is; undefined for any other node. */
export function textOf(node: TreeNode): string | undefined {
  const value = constantOf(node);
  return value?.type === 'VARCHAR' && typeof value.value === 'string' ? value.value : undefined;
}

/** Whether all numbers in an expression came through JSON as they were. */
export function hasExactNumbers(expression: TreeNode): boolean {
  for (const { value } of nodesOf(expression)) {
    if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) return false;
  }
  return true;
}

function constantOf(node: TreeNode): { readonly type: string; readonly value: unknown } | undefined {
  if (node.class !== 'CONSTANT' || !isNode(node.value) || node.value.is_null === true) return undefined;
  const type = node.value.type as unknown as { readonly id?: string } | undefined;
  return { type: String(type?.id), value: node.value.value };
}

/** The syntax tree of a SELECT of one expression, as `json_deserialize_sql` takes it. */
export function selectOf(expression: TreeNode): string {
  const select = {
    type: 'SELECT_NODE',
    modifiers: [],
    cte_map: { map: [] },
    select_list: [{ ...expression, alias: '' }],
    from_table: { type: 'EMPTY', alias: '', sample: null, query_location: 0 },
    where_clause: null,
    group_expressions: [],
    group_sets: [],
    aggregate_handling: 'STANDARD_HANDLING',
    having: null,
    sample: null,
    qualify: null,
  };
  // Nodes without a place have the greatest number of 64 bits, which JSON.parse has made a greater one.
  return JSON.stringify({ error: false, statements: [{ node: select, named_param_map: [] }] }, (key, value) =>
    key === 'query_location' ? 0 : value,
  );
}
