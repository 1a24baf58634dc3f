import type { PointerStore } from '@signaldb/iceberg';
import { type Machine, proposeOrThrow } from './machine.ts';

/** The Iceberg catalog's pointers, kept in the state machine. */
export function createPointerStore(machine: Machine): PointerStore {
  const namespace = (name: string) => machine.state.namespaces.get(name);
  const swapAll: PointerStore['compareAndSwapAll'] = (changes) =>
    proposeOrThrow(machine, { type: 'swap-pointers', changes });
  return {
    listNamespaces: async () => [...machine.state.namespaces.keys()].sort(),
    namespaceProperties: async (name) => {
      const record = namespace(name);
      return record && Object.fromEntries(record.properties);
    },
    createNamespace: (name, properties) =>
      proposeOrThrow(machine, { type: 'create-namespace', namespace: name, properties: Object.entries(properties) }),
    setNamespaceProperties: (name, properties) =>
      proposeOrThrow(machine, { type: 'set-namespace', namespace: name, properties: Object.entries(properties) }),
    dropNamespace: (name) => proposeOrThrow(machine, { type: 'drop-namespace', namespace: name }),
    get: async (name, table) => namespace(name)?.tables.get(table) ?? null,
    list: async (name) => [...(namespace(name)?.tables.keys() ?? [])].sort(),
    compareAndSwap: (name, table, expected, next) => swapAll([{ namespace: name, table, expected, next }]),
    compareAndSwapAll: swapAll,
  };
}
