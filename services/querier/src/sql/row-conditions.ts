import { signalTableOf } from '../tables/table-columns.ts';
import { tableFunctionOf } from './builtins/builtins.ts';
import type { CheckedStatement, TableMeaning } from './statement.ts';
import { isNode, nodesOf, type TreeNode } from './syntax-tree.ts';

/** What an expression of constants is compared with: the table's own nanoseconds, those as a TIMESTAMP, or a trace's id. */
export type Comparand = 'ns' | 'timestamp' | 'trace';

/** A condition that all rows fulfil that a statement can use of a table. */
export type RowCondition =
  | { readonly kind: 'min' | 'max'; readonly as: 'ns' | 'timestamp'; readonly value: TreeNode }
  /** The trace's id is one of these. */
  | { readonly kind: 'trace'; readonly values: readonly TreeNode[]; readonly isFolded: boolean };

/** For each table that a statement reads, the conditions of each place where it does. */
export type RowConditions = ReadonlyMap<string, readonly (readonly RowCondition[])[]>;

/**
 * What a statement's own WHERE says about the rows that it can use: conditions at the top level that compare a table's own time or trace
 * id with expressions without columns. Nothing is said of a table that is read in a place that isn't understood.
 */
export function rowConditionsOf(statement: CheckedStatement): RowConditions {
  const places = new Map<string, (readonly RowCondition[])[]>();
  const add = (table: string, conditions: readonly RowCondition[]): void => {
    const known = places.get(table);
    if (known === undefined) places.set(table, [conditions]);
    else known.push(conditions);
  };
  const filtered = conditionsByPlace(statement);
  for (const [node, meaning] of statement.meanings) {
    const table = tableOf(meaning);
    if (table !== undefined) add(table, filtered.get(node) ?? []);
  }
  for (const { name, node } of statement.references.tableFunctions) {
    const found = tableFunctionOf(name);
    if (found !== undefined) add(found.reads, conditionsOfCall(node));
  }
  return places;
}

function tableOf(meaning: TableMeaning): string | undefined {
  if (meaning.kind === 'table') return meaning.name;
  return meaning.kind === 'view' ? meaning.view.reads : undefined;
}

/** The conditions of each name in FROM, by its node. */
function conditionsByPlace(statement: CheckedStatement): Map<TreeNode, RowCondition[]> {
  const found = new Map<TreeNode, RowCondition[]>();
  for (const select of nodesOf(statement.tree)) {
    // A sample is taken before rows are filtered: with fewer rows it would be another one.
    if (select.type !== 'SELECT_NODE' || !isNode(select.where_clause) || isNode(select.sample)) continue;
    const from = select.from_table as TreeNode | undefined;
    const places = namesIn(from).filter((node) => isKnown(node, statement));
    const isOnly = from?.type === 'BASE_TABLE';
    for (const condition of conjuncts(select.where_clause)) {
      for (const node of places) {
        const about = conditionsAbout(condition, (column) => comparand(column, node, isOnly, statement));
        if (about.length > 0) found.set(node, [...(found.get(node) ?? []), ...about]);
      }
    }
  }
  return found;
}

/** A name that WITH gives may stand for other rows. */
function isKnown(node: TreeNode, { meanings, references }: CheckedStatement): boolean {
  return meanings.has(node) && !references.withNames.has(String(node.table_name).toLowerCase());
}

/** Joins whose rows that WHERE keeps don't depend on rows of either side that it drops. */
const joins = new Set(['INNER', 'LEFT', 'RIGHT', 'OUTER', 'FULL']);
const joinKinds = new Set(['REGULAR', 'CROSS', 'NATURAL']);

function namesIn(from: TreeNode | undefined): TreeNode[] {
  if (from?.type === 'BASE_TABLE') {
    const isPlain = !isNode(from.sample) && !isNode(from.at_clause) && (from.column_name_alias ?? []).length === 0;
    return isPlain ? [from] : [];
  }
  if (from?.type !== 'JOIN' || isNode(from.sample)) return [];
  if (!joins.has(String(from.join_type)) || !joinKinds.has(String(from.ref_type))) return [];
  return [...namesIn(from.left as TreeNode), ...namesIn(from.right as TreeNode)];
}

function conjuncts(condition: TreeNode): TreeNode[] {
  return condition.type === 'CONJUNCTION_AND' ? (condition.children ?? []).flatMap(conjuncts) : [condition];
}

/** What an expression over a column of a place is: undefined where it is none that files can be told by. */
function comparand(
  expression: TreeNode,
  place: TreeNode,
  isOnly: boolean,
  statement: CheckedStatement,
): Comparand | undefined {
  const meaning = statement.meanings.get(place)!;
  const table = tableOf(meaning);
  const signal = table === undefined ? undefined : signalTableOf(table);
  if (signal === undefined) return undefined;
  const unwrapped = unwrap(expression);
  const path = (unwrapped ?? expression).column_names;
  if (path === undefined) return undefined;
  const isOfPlace =
    path.length === 2
      ? path[0]!.toLowerCase() === (place.alias || String(place.table_name)).toLowerCase()
      : path.length === 1 && isOnly;
  if (!isOfPlace) return undefined;
  const column = path.at(-1)!.toLowerCase();
  if (column === 'trace_id') return unwrapped === undefined ? 'trace' : undefined;
  const isView = meaning.kind === 'view';
  if (column !== (isView ? meaning.view.timeColumn : signal.timeColumn)) return undefined;
  if (isView) return unwrapped === undefined ? 'timestamp' : undefined;
  return unwrapped === undefined ? 'ns' : 'timestamp';
}

const conversions = new Set(['from_ns', 'make_timestamp_ns']);

/** The column inside of a conversion to a timestamp. */
function unwrap(expression: TreeNode): TreeNode | undefined {
  const [only, ...others] = expression.children ?? [];
  const isConversion =
    expression.class === 'FUNCTION' && conversions.has(String(expression.function_name).toLowerCase());
  return isConversion && others.length === 0 ? only : undefined;
}

type ComparandOf = (expression: TreeNode) => Comparand | undefined;

const sides: Readonly<Record<string, readonly ('min' | 'max')[]>> = {
  COMPARE_EQUAL: ['min', 'max'],
  COMPARE_GREATERTHAN: ['min'],
  COMPARE_GREATERTHANOREQUALTO: ['min'],
  COMPARE_LESSTHAN: ['max'],
  COMPARE_LESSTHANOREQUALTO: ['max'],
};
const opposite = { min: 'max', max: 'min' } as const;

function conditionsAbout(node: TreeNode, comparandOf: ComparandOf): RowCondition[] {
  if (node.class === 'BETWEEN') {
    const as = comparandOf(node.input as TreeNode);
    if (as !== 'ns' && as !== 'timestamp') return [];
    return [
      { kind: 'min', as, value: node.lower as TreeNode },
      { kind: 'max', as, value: node.upper as TreeNode },
    ];
  }
  if (node.type === 'COMPARE_IN') {
    const [input, ...values] = node.children ?? [];
    return input && comparandOf(input) === 'trace' ? [{ kind: 'trace', values, isFolded: false }] : [];
  }
  if (node.class !== 'COMPARISON') return [];
  const [left, right] = [node.left as TreeNode, node.right as TreeNode];
  return [
    ...compared(comparandOf(left), String(node.type), right, false),
    ...compared(comparandOf(right), String(node.type), left, true),
  ];
}

function compared(as: Comparand | undefined, type: string, value: TreeNode, isSwapped: boolean): RowCondition[] {
  if (as === undefined) return [];
  if (as === 'trace') return type === 'COMPARE_EQUAL' ? [{ kind: 'trace', values: [value], isFolded: false }] : [];
  return (sides[type] ?? []).map((side) => ({ kind: isSwapped ? opposite[side] : side, as, value }));
}

/** What the arguments of a function of ours say. */
function conditionsOfCall(call: TreeNode): RowCondition[] {
  const found = tableFunctionOf(String(call.function?.function_name))!;
  const given = call.function?.children ?? [];
  return found.arguments.flatMap(({ position, name, meaning }): RowCondition[] => {
    const value =
      given.find(({ alias }) => alias?.toLowerCase() === name) ??
      (given[position]?.alias ? undefined : given[position]);
    if (value === undefined) return [];
    if (meaning === 'trace') return [{ kind: 'trace', values: [value], isFolded: true }];
    return [{ kind: meaning === 'since' ? 'min' : 'max', as: 'ns', value }];
  });
}
