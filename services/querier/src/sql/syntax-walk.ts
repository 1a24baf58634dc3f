import { nodesOf, offsetOf, type TreeNode } from './syntax-tree.ts';

/** A table that a statement names. */
export interface NamedTable {
  readonly catalog: string;
  readonly schema: string;
  readonly name: string;
  readonly alias: string;
  /** Where it stands: an offset in bytes of UTF-8. */
  readonly offset: number;
  readonly node: TreeNode;
}

/** A function or column that a statement names. */
export interface Named<T> {
  readonly name: T;
  readonly offset: number;
  readonly node: TreeNode;
}

/** What a syntax tree refers to. */
export interface References {
  readonly tables: readonly NamedTable[];
  /** Names that WITH gives, in lower case. */
  readonly withNames: ReadonlySet<string>;
  readonly tableFunctions: readonly Named<string>[];
  readonly functions: readonly Named<string>[];
  readonly columns: readonly Named<readonly string[]>[];
  /** What SHOW asks for: `"tables"`, `"databases"`, `__show_tables_expanded`, … */
  readonly shows: readonly string[];
  /** What DESCRIBE and SUMMARIZE are about. */
  readonly described: readonly TreeNode[];
}

/** Gathers what a tree refers to, in the order in which it stands. */
export function referencesOf(tree: unknown): References {
  const tables: NamedTable[] = [];
  const withNames = new Set<string>();
  const tableFunctions: Named<string>[] = [];
  const functions: Named<string>[] = [];
  const columns: Named<readonly string[]>[] = [];
  const shows: string[] = [];
  const described: TreeNode[] = [];
  const callsInFrom = new Set<TreeNode>();
  for (const node of nodesOf(tree)) {
    const offset = offsetOf(node) ?? 0;
    if (node.type === 'BASE_TABLE') {
      const { catalog_name: catalog = '', schema_name: schema = '', table_name: name = '', alias = '' } = node;
      tables.push({ catalog, schema, name, alias, offset, node });
    } else if (node.type === 'TABLE_FUNCTION') {
      if (node.function) callsInFrom.add(node.function);
      tableFunctions.push({ name: String(node.function?.function_name), offset, node });
    } else if (node.type === 'SHOW_REF') {
      if (node.query) described.push(node);
      else shows.push(String(node.table_name));
    } else if (node.type === 'COLUMN_REF') {
      columns.push({ name: node.column_names ?? [], offset, node });
    } else if (typeof node.function_name === 'string' && !callsInFrom.has(node)) {
      functions.push({ name: node.function_name, offset, node });
    }
    for (const { key } of node.cte_map?.map ?? []) if (key !== undefined) withNames.add(key.toLowerCase());
  }
  tables.sort((a, b) => a.offset - b.offset);
  return { tables, withNames, tableFunctions, functions, columns, shows, described };
}
