import { scalarFunctionOf } from './builtins/builtins.ts';
import type { FunctionFacts } from './constants.ts';
import type { CheckedStatement } from './statement.ts';
import { isNode, nodesOf, type TreeNode } from './syntax-tree.ts';

/** The classes of expressions whose value depends on their own row alone, their functions aside. */
const classes = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'FUNCTION',
  'OPERATOR',
  'PARAMETER',
  'STAR',
]);

/**
 * The table of a statement whose rows can be computed in parts, of some of the table's files each: one SELECT of projections and filters
 * over one table. undefined for all others, and where it isn't certain.
 */
export function splitTableOf(statement: CheckedStatement, facts: FunctionFacts): string | undefined {
  const { tree, isExplain, references, meanings } = statement;
  const from = tree.from_table;
  if (isExplain || tree.type !== 'SELECT_NODE' || !isNode(from) || from.type !== 'BASE_TABLE') return undefined;
  if (references.tables.length !== 1 || references.withNames.size > 0 || references.tableFunctions.length > 0)
    return undefined;
  const meaning = meanings.get(from);
  if (meaning?.kind !== 'table') return undefined;
  if (!isPlainSelect(tree) || isNode(from.sample) || isNode(from.at_clause)) return undefined;
  const expressions = [tree.select_list, tree.where_clause];
  for (const node of nodesOf(expressions)) if (!isOfOneRow(node, facts)) return undefined;
  return meaning.name;
}

/** Whether all rows are wanted: then it is known how many there are. */
export const isUnfiltered = ({ tree }: CheckedStatement): boolean => !isNode(tree.where_clause);

function isPlainSelect(tree: TreeNode): boolean {
  const isEmpty = (value: unknown): boolean => !Array.isArray(value) || value.length === 0;
  return (
    isEmpty(tree.modifiers) &&
    isEmpty(tree.group_expressions) &&
    isEmpty(tree.group_sets) &&
    tree.aggregate_handling === 'STANDARD_HANDLING' &&
    !isNode(tree.having) &&
    !isNode(tree.sample) &&
    !isNode(tree.qualify)
  );
}

function isOfOneRow(node: TreeNode, facts: FunctionFacts): boolean {
  if (node.class === undefined) return true;
  if (!classes.has(node.class)) return false;
  if (node.class !== 'FUNCTION') return true;
  const name = String(node.function_name).toLowerCase();
  const own = scalarFunctionOf(name);
  return own === undefined ? facts.consistent.has(name) : own.isOfNow !== true;
}
