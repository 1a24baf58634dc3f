import { GrpcError, Status } from '@signaldb/grpc';
import type { Command, Outcome } from './state/command.ts';
import type { FlowState } from './state/state.ts';

/**
 * The state and the one way to change it. Embedded and durable on one node; a replicated one looks the same.
 */
export interface Machine {
  readonly state: FlowState;
  /** Makes the command durable, applies it, and answers what it came to. @throws GrpcError UNAVAILABLE where it couldn't be made durable */
  propose(command: Command): Promise<Outcome>;
  /** Calls back after every change. Returns the way to stop that. */
  onChange(listener: (state: FlowState) => void): () => void;
}

/** What a command answers, or its refusal as an error. */
export async function proposeOrThrow<T>(machine: Machine, command: Command): Promise<T> {
  const outcome = await machine.propose(command);
  if (outcome.ok) return outcome.value as T;
  throw new GrpcError(Status[outcome.code], outcome.message);
}
