/** A table that a statement names. */
export interface NamedTable {
  readonly catalog: string;
  readonly schema: string;
  readonly name: string;
  /** Where it stands: an offset in bytes of UTF-8. */
  readonly offset: number;
}

/** What a syntax tree refers to. */
export interface References {
  readonly tables: NamedTable[];
  /** Names that WITH gives. */
  readonly withNames: Set<string>;
  readonly tableFunctions: { readonly name: string; readonly offset: number }[];
  readonly functions: { readonly name: string; readonly offset: number }[];
  /** Asks for the list of tables. */
  showsTables: boolean;
}

/** What is read of a node of the tree. */
interface Node {
  readonly query_location?: number;
  readonly type?: string;
  readonly catalog_name?: string;
  readonly schema_name?: string;
  readonly table_name?: string;
  readonly function_name?: string;
  readonly function?: { readonly function_name?: string };
  readonly query?: unknown;
  readonly cte_map?: { readonly map?: readonly { readonly key?: string }[] };
}

/** Gathers what DuckDB's serialized syntax tree refers to. */
export function referencesOf(tree: unknown): References {
  const found: References = { tables: [], withNames: new Set(), tableFunctions: [], functions: [], showsTables: false };
  const waiting: unknown[] = [tree];
  while (waiting.length > 0) {
    const node = waiting.pop();
    if (typeof node !== 'object' || node === null) continue;
    if (!Array.isArray(node)) note(node, found);
    waiting.push(...Object.values(node));
  }
  found.tables.sort((a, b) => a.offset - b.offset);
  return found;
}

function note(node: Node, found: References): void {
  const offset = Number(node.query_location ?? 0);
  if (node.type === 'BASE_TABLE') {
    const { catalog_name: catalog = '', schema_name: schema = '', table_name: name = '' } = node;
    found.tables.push({ catalog, schema, name, offset });
  } else if (node.type === 'TABLE_FUNCTION') {
    found.tableFunctions.push({ name: String(node.function?.function_name), offset });
  } else if (node.type === 'SHOW_REF' && !node.query) {
    found.showsTables = true;
  } else if (typeof node.function_name === 'string') {
    found.functions.push({ name: node.function_name, offset });
  }
  for (const { key } of node.cte_map?.map ?? []) if (key !== undefined) found.withNames.add(key.toLowerCase());
}
