import type { FlowState } from './state.ts';

/** Names come from users, `__proto__` among them: maps are written as lists of entries, never as objects. */
const tag = '$map';

/** The state as text, equal states as equal texts. */
export function stateToJson(state: FlowState): string {
  return JSON.stringify(state, (_key, value: unknown) => (value instanceof Map ? { [tag]: [...value] } : value));
}

export function stateFromJson(text: string): FlowState {
  return JSON.parse(text, (_key, value: unknown) =>
    value !== null && typeof value === 'object' && tag in value
      ? new Map((value as { [tag]: [unknown, unknown][] })[tag])
      : value,
  ) as FlowState;
}
