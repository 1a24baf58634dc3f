import { type CommandOf, done, type Outcome } from './command.ts';
import type { FlowState } from './state.ts';

/** Answers the key that holds from now on: the one that was there, where there was one. */
export function makeClusterKey(
  state: FlowState,
  { key }: CommandOf<'make-cluster-key'>,
): readonly [state: FlowState, outcome: Outcome<string>] {
  return state.clusterKey ? [state, done(state.clusterKey)] : [{ ...state, clusterKey: key }, done(key)];
}
