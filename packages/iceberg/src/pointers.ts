import type { Properties } from './table-metadata.ts';

/** One table's pointer to its metadata file, and what to make of it. null: no such table. */
export interface PointerChange {
  readonly namespace: string;
  readonly table: string;
  readonly expected: string | null;
  readonly next: string | null;
}

/**
 * The catalog's only mutable state. Each call is atomic and, once answered, durable. A call that throws may have taken
 * effect.
 */
export interface PointerStore {
  listNamespaces(): Promise<string[]>;
  /** Undefined: there is none. */
  namespaceProperties(namespace: string): Promise<Properties | undefined>;
  /** False: it is there already. */
  createNamespace(namespace: string, properties: Properties): Promise<boolean>;
  /** False: there is none. */
  setNamespaceProperties(namespace: string, properties: Properties): Promise<boolean>;
  dropNamespace(namespace: string): Promise<'dropped' | 'missing' | 'not-empty'>;
  /** The table's metadata location; null: no such table. */
  get(namespace: string, table: string): Promise<string | null>;
  /** Names of tables. */
  list(namespace: string): Promise<string[]>;
  /** False, and nothing changed, when the pointer isn't `expected` or the namespace is missing. */
  compareAndSwap(namespace: string, table: string, expected: string | null, next: string | null): Promise<boolean>;
  /** The same for several pointers: all or none. */
  compareAndSwapAll(changes: readonly PointerChange[]): Promise<boolean>;
}

/** Pointers in this process's memory: for tests, and the pure core of a durable store. */
export function createMemoryPointers(): PointerStore {
  const namespaces = new Map<string, { properties: Properties; readonly tables: Map<string, string> }>();
  const matches = (change: PointerChange) => {
    const tables = namespaces.get(change.namespace)?.tables;
    return tables !== undefined && (tables.get(change.table) ?? null) === change.expected;
  };
  const apply = ({ namespace, table, next }: PointerChange) => {
    const { tables } = namespaces.get(namespace)!;
    if (next === null) tables.delete(table);
    else tables.set(table, next);
  };
  const swapAll = (changes: readonly PointerChange[]) => {
    if (!changes.every(matches)) return false;
    for (const change of changes) apply(change);
    return true;
  };
  return {
    listNamespaces: async () => [...namespaces.keys()].sort(),
    namespaceProperties: async (namespace) => namespaces.get(namespace)?.properties,
    createNamespace: async (namespace, properties) => {
      if (namespaces.has(namespace)) return false;
      namespaces.set(namespace, { properties, tables: new Map() });
      return true;
    },
    setNamespaceProperties: async (namespace, properties) => {
      const found = namespaces.get(namespace);
      if (found) found.properties = properties;
      return found !== undefined;
    },
    dropNamespace: async (namespace) => {
      const found = namespaces.get(namespace);
      if (!found) return 'missing';
      if (found.tables.size > 0) return 'not-empty';
      namespaces.delete(namespace);
      return 'dropped';
    },
    get: async (namespace, table) => namespaces.get(namespace)?.tables.get(table) ?? null,
    list: async (namespace) => [...(namespaces.get(namespace)?.tables.keys() ?? [])].sort(),
    compareAndSwap: async (namespace, table, expected, next) => swapAll([{ namespace, table, expected, next }]),
    compareAndSwapAll: async (changes) => swapAll(changes),
  };
}
