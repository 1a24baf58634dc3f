import { type CommandOf, done, type Outcome } from './command.ts';
import { type FlowState, type NamespaceRecord, withEntry, withoutEntry } from './state.ts';

type Step<T> = readonly [state: FlowState, outcome: Outcome<T>];

/** Answers whether it is new. */
export function createNamespace(
  state: FlowState,
  { namespace, properties }: CommandOf<'create-namespace'>,
): Step<boolean> {
  if (state.namespaces.has(namespace)) return [state, done(false)];
  return [withNamespace(state, namespace, { properties: new Map(properties), tables: new Map() }), done(true)];
}

/** Replaces all properties. Answers whether there is such a namespace. */
export function setNamespace(state: FlowState, { namespace, properties }: CommandOf<'set-namespace'>): Step<boolean> {
  const record = state.namespaces.get(namespace);
  if (!record) return [state, done(false)];
  return [withNamespace(state, namespace, { ...record, properties: new Map(properties) }), done(true)];
}

export function dropNamespace(
  state: FlowState,
  { namespace }: CommandOf<'drop-namespace'>,
): Step<'dropped' | 'missing' | 'not-empty'> {
  const record = state.namespaces.get(namespace);
  if (!record) return [state, done('missing')];
  if (record.tables.size > 0) return [state, done('not-empty')];
  return [{ ...state, namespaces: withoutEntry(state.namespaces, namespace) }, done('dropped')];
}

/** Compare-and-swap of tables' metadata locations, all or none. Answers whether they were swapped. */
export function swapPointers(state: FlowState, { changes }: CommandOf<'swap-pointers'>): Step<boolean> {
  let next = state;
  for (const { namespace, table, expected, next: location } of changes) {
    const record = next.namespaces.get(namespace);
    if (!record || (record.tables.get(table) ?? null) !== expected) return [state, done(false)];
    const tables = location === null ? withoutEntry(record.tables, table) : withEntry(record.tables, table, location);
    next = withNamespace(next, namespace, { ...record, tables });
  }
  return [next, done(true)];
}

function withNamespace(state: FlowState, namespace: string, record: NamespaceRecord): FlowState {
  return { ...state, namespaces: withEntry(state.namespaces, namespace, record) };
}
