import type { Machine } from '../machine.ts';
import { reduce } from '../state/reduce.ts';
import { type FlowState, initialState } from '../state/state.ts';

/** The state machine without durability. */
export function createMemoryMachine(): Machine {
  let state = initialState;
  const listeners = new Set<(state: FlowState) => void>();
  return {
    get state() {
      return state;
    },
    async propose(command) {
      const [next, outcome] = reduce(state, command);
      state = next;
      for (const listener of listeners) listener(state);
      return outcome;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
