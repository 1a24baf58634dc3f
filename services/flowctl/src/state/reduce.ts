import { createNamespace, dropNamespace, setNamespace, swapPointers } from './catalog.ts';
import { makeClusterKey } from './cluster-key.ts';
import type { Command, Outcome } from './command.ts';
import { assignLog, drainLog } from './logs.ts';
import { createRun, updateRun } from './runs.ts';
import { registerSchema } from './schemas.ts';
import { register, setHealth, unregister } from './services.ts';
import type { FlowState } from './state.ts';

/** The state machine: a pure function, the same on every replica. */
export function reduce(state: FlowState, command: Command): readonly [state: FlowState, outcome: Outcome] {
  switch (command.type) {
    case 'register':
      return register(state, command);
    case 'unregister':
      return unregister(state, command);
    case 'set-health':
      return setHealth(state, command);
    case 'assign-log':
      return assignLog(state, command);
    case 'drain-log':
      return drainLog(state, command);
    case 'register-schema':
      return registerSchema(state, command);
    case 'create-namespace':
      return createNamespace(state, command);
    case 'drop-namespace':
      return dropNamespace(state, command);
    case 'set-namespace':
      return setNamespace(state, command);
    case 'swap-pointers':
      return swapPointers(state, command);
    case 'make-cluster-key':
      return makeClusterKey(state, command);
    case 'create-run':
      return createRun(state, command);
    case 'update-run':
      return updateRun(state, command);
  }
}
