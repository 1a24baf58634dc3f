/** What is read of a node of DuckDB's serialized syntax tree. Which fields there are depends on `type` and `class`. */
export interface TreeNode {
  readonly class?: string;
  readonly type?: string;
  readonly alias?: string;
  /** An offset in bytes of UTF-8; a number beyond any text where the node has no place. */
  readonly query_location?: number;
  readonly catalog_name?: string;
  readonly schema_name?: string;
  readonly table_name?: string;
  readonly column_name_alias?: readonly unknown[];
  readonly column_names?: readonly string[];
  readonly function_name?: string;
  readonly function?: TreeNode;
  readonly children?: readonly TreeNode[];
  readonly cte_map?: { readonly map?: readonly { readonly key?: string }[] };
  readonly [field: string]: unknown;
}

export function isNode(value: unknown): value is TreeNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** All nodes of a tree, and objects in it that aren't nodes, each before those inside it. */
export function* nodesOf(tree: unknown): Generator<TreeNode> {
  // A stack of its own: statements may be nested deeper than calls may.
  const waiting: unknown[] = [tree];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (!Array.isArray(next)) yield next as TreeNode;
    const inside = Object.values(next);
    for (let i = inside.length - 1; i >= 0; i--) waiting.push(inside[i]);
  }
}

/** Where a node stands: an offset in bytes of UTF-8; undefined where it has no place. */
export function offsetOf({ query_location: offset }: TreeNode): number | undefined {
  return offset !== undefined && offset < Number.MAX_SAFE_INTEGER ? offset : undefined;
}
