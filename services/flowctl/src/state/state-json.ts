import type { FlowState, NamespaceRecord } from './state.ts';

/** Names come from users, `__proto__` among them: maps are written as lists of entries, never as objects. */
export function stateToJson(state: FlowState): string {
  return JSON.stringify({
    ...state,
    services: [...state.services],
    logs: [...state.logs],
    schemas: [...state.schemas],
    runs: [...state.runs],
    namespaces: [...state.namespaces].map(([name, { properties, tables }]) => [name, [...properties], [...tables]]),
  });
}

export function stateFromJson(text: string): FlowState {
  const json = JSON.parse(text);
  const namespaces = json.namespaces as [string, [string, string][], [string, string][]][];
  return {
    ...json,
    services: new Map(json.services),
    logs: new Map(json.logs),
    schemas: new Map(json.schemas),
    runs: new Map(json.runs),
    namespaces: new Map(
      namespaces.map(([name, properties, tables]): [string, NamespaceRecord] => [
        name,
        { properties: new Map(properties), tables: new Map(tables) },
      ]),
    ),
  };
}
