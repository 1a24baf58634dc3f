import { nodesOf, offsetOf, type TreeNode } from './syntax-tree.ts';

/** Offsets are bytes of UTF-8. */
type Place = number;

const operators: readonly (readonly [message: RegExp, functions: readonly string[]])[] = [
  [/overflow in addition/i, ['+']],
  [/overflow in subtraction/i, ['-']],
  [/overflow in multiplication/i, ['*']],
  [/overflow in (?:integer )?division/i, ['/', '//']],
  [/overflow in negation/i, ['-']],
  [/overflow on abs/i, ['abs']],
  [/square root/i, ['sqrt']],
  [/logarithm/i, ['ln', 'log', 'log10', 'log2']],
  [/interval cannot be 0/i, ['range', 'generate_series']],
  [/malformed json/i, ['json_extract', '->', '->>', 'json', 'from_json', 'json_extract_string']],
  [/row returned by a subquery/i, []],
];

/**
 * Where in a statement an error lies that DuckDB gives no place for: at what the message quotes, at the operation that it speaks of, else
 * at the one function that is called, else at the statement's beginning.
 */
export function guessPlace(sql: string, message: string, tree: TreeNode | undefined, start: Place): Place {
  return quotedPlace(sql, message) ?? parameterPlace(sql, message) ?? (tree && operationPlace(message, tree)) ?? start;
}

/** The first of the words that the message quotes which stands in the statement. */
function quotedPlace(sql: string, message: string): Place | undefined {
  const quotes = /^column (\S+) must appear|"([^"\n]{1,200})"|'([^'\n]{1,200})'/g;
  for (const [, bare, double, single] of message.matchAll(quotes)) {
    const word = bare ?? double ?? single ?? '';
    const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const found = new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, 'iu').exec(sql);
    if (found === null) continue;
    const isQuoted = ['"', "'"].includes(sql[found.index - 1] ?? '');
    return Buffer.byteLength(sql.slice(0, found.index - (isQuoted ? 1 : 0)));
  }
  return undefined;
}

function parameterPlace(sql: string, message: string): Place | undefined {
  if (!/parameter/.test(message)) return undefined;
  const bare = sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g, (text) =>
    ' '.repeat(text.length),
  );
  const found = /\?|\$\w+/.exec(bare);
  return found === null ? undefined : Buffer.byteLength(sql.slice(0, found.index));
}

function operationPlace(message: string, tree: TreeNode): Place | undefined {
  const named = operators.find(([pattern]) => pattern.test(message));
  const calls = [...nodesOf(tree)].filter(
    (node) => typeof node.function_name === 'string' && offsetOf(node) !== undefined,
  );
  if (named !== undefined) {
    const [, functions] = named;
    if (functions.length === 0) return firstOf(tree, (node) => node.class === 'SUBQUERY');
    return firstOf(tree, (node) => functions.includes(String(node.function_name).toLowerCase()));
  }
  const [only, ...others] = calls.filter(({ is_operator }) => is_operator !== true);
  return only !== undefined && others.length === 0 ? offsetOf(only) : undefined;
}

function firstOf(tree: TreeNode, matches: (node: TreeNode) => boolean): Place | undefined {
  for (const node of nodesOf(tree)) if (matches(node) && offsetOf(node) !== undefined) return offsetOf(node);
  return undefined;
}
