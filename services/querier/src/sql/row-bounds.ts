import { type Parameter, quoteLiteral } from '@signaldb/duckdb';
import type { RecordBatch } from 'apache-arrow';
import { rowsOf } from '../rows.ts';
import { allTime, hull, intersection, type TimeRange, widen } from '../time-range.ts';
import { createFunctions, scalarFunctionOf } from './builtins/builtins.ts';
import { type FunctionFacts, hasExactNumbers, integerOf, selectOf, stabilityOf, textOf } from './constants.ts';
import type { RowCondition, RowConditions } from './row-conditions.ts';
import type { Sandbox } from './sandbox.ts';
import { nodesOf, type TreeNode } from './syntax-tree.ts';

/** What of a table a statement can use: files without such rows needn't be read. */
export interface RowBounds {
  readonly times: TimeRange;
  /** Absent: any. */
  readonly traceIds?: readonly string[];
}

export const allRows: RowBounds = { times: allTime };

export interface EvaluationOptions {
  readonly facts: FunctionFacts;
  readonly sandbox: Sandbox;
  readonly params: readonly Parameter[];
  readonly signal: AbortSignal;
}

/** Doubles and numbers of JSON are off by less, and TIMESTAMP counts microseconds. */
const slackNs = 2048n;
/** The statement runs a little later than its conditions are looked at. */
const nowSlackNs = 60_000_000_000n;

/** Evaluates conditions: for each table the rows that any of its places can use. What can't be evaluated bounds nothing. */
export async function rowBoundsOf(
  conditions: RowConditions,
  options: EvaluationOptions,
): Promise<ReadonlyMap<string, RowBounds>> {
  const all = [...conditions.values()].flat(2);
  if (all.length === 0) return new Map();
  const values = await evaluate(all, options);
  return new Map(
    [...conditions].map(([table, places]) => {
      const [first = allRows, ...rest] = places.map((place) => boundsOf(place, values, options.facts));
      return [table, rest.reduce(either, first)];
    }),
  );
}

function boundsOf(place: readonly RowCondition[], values: Values, facts: FunctionFacts): RowBounds {
  let times: TimeRange = allTime;
  let traceIds: readonly string[] | undefined;
  for (const condition of place) {
    if (condition.kind === 'trace') {
      const ids = condition.values.map((node) => values.get(node));
      const known = ids.filter((id) => id !== undefined).map((id) => (condition.isFolded ? folded(id) : id));
      if (known.length === ids.length && (traceIds === undefined || known.length < traceIds.length)) traceIds = known;
    } else times = intersection(times, timesOf(condition, values, facts));
  }
  return traceIds === undefined ? { times } : { times, traceIds };
}

function timesOf(
  { kind, value }: Exclude<RowCondition, { kind: 'trace' }>,
  values: Values,
  facts: FunctionFacts,
): TimeRange {
  const text = values.get(value);
  if (text === undefined || !/^-?\d+$/.test(text)) return allTime;
  const isOfNow = stabilityOf(value, facts) === 'of now';
  // What ends with today ends later when the statement runs tomorrow.
  if (isOfNow && kind === 'max') return allTime;
  return widen({ [kind]: BigInt(text) }, isOfNow ? nowSlackNs : slackNs);
}

/** Rows that are in either. */
function either(a: RowBounds, b: RowBounds): RowBounds {
  const times = hull(a.times, b.times);
  return a.traceIds === undefined || b.traceIds === undefined
    ? { times }
    : { times, traceIds: [...new Set([...a.traceIds, ...b.traceIds])] };
}

/** As functions of ours take ids. */
const folded = (id: string): string => id.toLowerCase().padStart(32, '0');

/** Values as text; absent where an expression has none that is known. */
type Values = ReadonlyMap<TreeNode, string>;

async function evaluate(conditions: readonly RowCondition[], options: EvaluationOptions): Promise<Values> {
  const values = new Map<TreeNode, string>();
  const calculated: { readonly node: TreeNode; readonly wrap: (sql: string) => string }[] = [];
  for (const condition of conditions) {
    for (const node of condition.kind === 'trace' ? condition.values : [condition.value]) {
      const known = condition.kind === 'trace' ? textOf(node) : condition.as === 'ns' ? integerOf(node) : undefined;
      if (known !== undefined) values.set(node, String(known));
      else if (stabilityOf(node, options.facts) !== undefined && hasExactNumbers(node))
        calculated.push({ node, wrap: asText(condition) });
    }
  }
  if (calculated.length === 0) return values;
  try {
    const answer = await calculate(calculated, options);
    calculated.forEach(({ node }, i) => {
      const value = answer[i];
      if (typeof value === 'string') values.set(node, value);
    });
  } catch {
    // The statement itself will tell what is wrong, in its own words and at its own place.
    options.signal.throwIfAborted();
  }
  return values;
}

function asText(condition: RowCondition): (sql: string) => string {
  if (condition.kind === 'trace') return (sql) => `CAST((${sql}) AS VARCHAR)`;
  if (condition.as === 'ns') return (sql) => `CAST(TRY_CAST((${sql}) AS HUGEINT) AS VARCHAR)`;
  return (sql) => `CAST(epoch_ns(CAST((${sql}) AS TIMESTAMP)) AS VARCHAR)`;
}

async function calculate(
  expressions: readonly { readonly node: TreeNode; readonly wrap: (sql: string) => string }[],
  { sandbox, params, signal }: EvaluationOptions,
): Promise<unknown[]> {
  const row = async (setup: readonly string[], sql: string, values: readonly Parameter[]) => {
    const batches: RecordBatch[] = [];
    for await (const batch of (await sandbox.query(setup, sql, values, signal)).batches) batches.push(batch);
    return [...rowsOf(batches)][0]!;
  };
  const trees = expressions.map(({ node }, i) => `json_deserialize_sql(${quoteLiteral(selectOf(node))}) AS c${i}`);
  const texts = await row([], `SELECT ${trees.join(', ')}`, []);
  const columns = expressions.map(({ wrap }, i) => wrap(String(texts(`c${i}`)).replace(/^SELECT /, '')));
  // A statement takes as many values as it has parameters: it names them all.
  const all = params.map((_, i) => `$${i + 1} IS NULL`);
  const functions = expressions.flatMap(({ node }) =>
    [...nodesOf(node)].flatMap(({ function_name: name }) => (name && scalarFunctionOf(name) ? [name] : [])),
  );
  const select = [...columns, ...all].map((sql, i) => `${sql} AS c${i}`).join(', ');
  const found = await row(createFunctions(functions), `SELECT ${select}`, params);
  return expressions.map((_, i) => found(`c${i}`));
}
